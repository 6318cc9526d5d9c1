"""Text files of numbers as programs and spreadsheets write them, and what is refused, by line."""

import numpy as np
import pytest

from validate.arrays import BadArray, read_matrix

MATRIX = [[1.0, -0.25], [0.2, 30.0]]
ROWS = [[1.0, -0.25], [0.2, 30.0], [4.0, 5.0]]


@pytest.mark.parametrize(
    "text",
    [
        "1,-0.25\n.2,3e1\n",
        "1, -2.5e-1\r\n\r\n# a comment\r\n0.2, 30 # and one\r\n",
        "1;-0.25\n0.2;30\n",
        "1;-0,25\n,2;30,0\n",
        "1,0\t-0,25\n0,2\t30\n",
        "1\t-0.25\n0.2\t30\n",
        "1 -0.25\n 0.2   30\n",
        "m,u\n1,-0.25\n0.2,30\n",
        "m;u\n1;-0,25\n0,2;30\n",
        '"m","u"\n"1","-0.25"\n"0.2","30"\n',
        "1,-0.25,\n0.2,30,\n",
        "m,u,\n1,-0.25,\n0.2,30,\n",
        ",m,u\nm,1,-0.25\nu,0.2,30\n",
        ",0,1\n0,1,-0.25\n1,0.2,30\n",
        '"","V1","V2"\n"1",1,-0.25\n"2",0.2,30\n',
        "V1 V2\n1 1 -0.25\n2 0.2 30\n",
        "m,1,-0.25\nu,0.2,30\n",
        "# m,u\n1,-0.25\n0.2,30",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_every_way_to_write_one_matrix(text, encoding, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode(encoding))
    assert read_matrix(path).tolist() == MATRIX


def test_a_long_matrix_and_names_with_accents(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(["é;ü", *(";".join(f"{x:g}" for x in row) for row in ROWS)]).encode("latin-1"))
    assert read_matrix(path).tolist() == ROWS
    large = np.random.default_rng(0).standard_normal((60, 60))
    np.savetxt(path, large, delimiter="\t", fmt="%.17g")
    np.testing.assert_array_equal(read_matrix(path), large)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("# nothing\n\n", "it is empty"),
        ("a,b\n", "it has names, a, b, and no numbers below them"),
        ("1,2\n3\n", "line 2 has 1 columns, line 1 has 2"),
        ("1,2\n\n3,4,5\n", "line 3 has 3 columns, line 1 has 2"),
        ("1+2j,0\n0,1\n", "line 1, column 1 holds '1+2j', which is no number"),
        ("1,2\n3,NA\n", "line 2, column 2 holds 'NA', which is no number"),
        ("1,\n,1\n", "line 1, column 2 is empty"),
        ("1,2\n3,\n", "line 2, column 2 is empty"),
        ("1,2,\n3,4\n", "line 2 has 2 columns, line 1 has 3"),
        ("1;1.234,5\n2;3\n", "line 1, column 2 holds '1.234,5'"),
        ("1_000,2\n3,4\n", "line 1, column 1 holds '1_000'"),
        ("1,nan\nnan,1\n", "the matrix is not finite: 2 of 4 values, the first at (0, 1)"),
        ("1,inf\n1,1\n", "the matrix is not finite: 1 of 4 values"),
        ("m\nu\n", "it has names"),
    ],
)
def test_what_is_no_matrix_is_refused_by_its_place(text, problem, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(BadArray) as refused:
        read_matrix(path)
    assert problem in str(refused.value)


def test_a_binary_file_is_no_text(tmp_path):
    path = tmp_path / "a.csv"
    for content in (b"\xff\xfe\x00", b"PK\x03\x04\x00\x00\x00", np.zeros(9).tobytes()):
        path.write_bytes(content)
        with pytest.raises(BadArray, match="cannot be read"):
            read_matrix(path)
