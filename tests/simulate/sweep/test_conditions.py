"""Tables of conditions, as people and spreadsheets write them."""

from pathlib import Path

import pytest

from simulate.sweep.conditions import BadTable, read_conditions


def written(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "conditions.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_entries_have_their_kinds(separator: str, end: str, tmp_path: Path) -> None:
    rows = [
        ["task", "units", "rate", "auxiliary", "penalty"],
        ["flip-flop", "64", "1e-3", "true", ""],
        ["sine", "-2", "3.0", "FALSE", "1"],
    ]
    text = end.join(separator.join(row) for row in rows)
    assert [list(row.values()) for row in read_conditions(written(tmp_path, text))] == [
        ["flip-flop", 64, 1e-3, True, None],
        ["sine", -2, 3.0, False, 1],
    ]
    (units,) = {type(row["units"]) for row in read_conditions(written(tmp_path, text))}
    assert units is int
    assert type(read_conditions(written(tmp_path, text))[1]["rate"]) is float


def test_comments_blank_lines_quotes_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = '\ufeff# two conditions\nname, gamma\n\n"a, b", 0.5\n# not this one\nc,2\n'
    assert read_conditions(written(tmp_path, text)) == [{"name": "a, b", "gamma": 0.5}, {"name": "c", "gamma": 2}]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "no conditions"),
        ("a,b\n", "no conditions"),
        ("a,a\n1,2\n", "a name of its own"),
        ("a,\n1,2\n", "a name of its own"),
        ("# sizes\na,b\n1,2\n\n1,2,3\n", "line 5 .* has 3 entries for 2 names"),
        ('a,b\n"1,2\n3,4\n', "quotes"),
        (b"a,b\n\xff,2\n", "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(content: str | bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadTable, match=reason):
        read_conditions(written(tmp_path, content))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadTable, match="cannot be read"):
        read_conditions(tmp_path / "nothing.csv")
