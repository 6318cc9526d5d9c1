"""A setting is spelled once: what its option, its help and its checks say comes from the field."""

import ast
import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from validate.__main__ import COMMANDS
from validate.arrays import MATRIX_FILES, NAMED_FILES
from validate.command import Command, Mode, Plan, Section, built_in
from validate.contraction.matrix_file import MatrixFile
from validate.contraction.settings import ImagesConfig, MatrixConfig
from validate.options import InputFile, NewFile, Real, Refusal, Whole
from validate.overlaps.conventions import OURS
from validate.settings import Derived, Destination, Settings, build, chosen, flag, options_of, setting, written_files
from validate.sigma_file import SIGMA
from validate.task_file import TASK


@dataclass(frozen=True, kw_only=True)
class Plain(Settings):
    size: int = chosen(10, flag("--quick", 1, "Small."), flag("--full", 100, "Large."))
    twice: int = setting("--twice", Whole(0, 1000), "Twice.", default=Derived(lambda config: 2 * config.size))


@dataclass(frozen=True, kw_only=True)
class Own(Settings):
    file: Path = setting("--file", InputFile((".txt",)), "A file.", required="no file")
    kept: Path | None = setting("--kept", NewFile(), "Kept.", default=None)
    rate: float = setting("--rate", Real(0.0), "A rate.", unit="1 / s", required="no usual rate")
    steps: int = setting("--steps", Whole(1, 9), "Steps.", default=1, needs=["--kept"], excludes={"--more": "why"})
    more: int = setting("--more", Whole(1, 9), "More.", default=1)


COMMAND = Command(
    "demo", "Demo", "Demo.", "demo", (built_in(Plain, []), Mode(Own, lambda own: Plan(own, ()), chosen_by=("--file",)))
)


def config(words: str) -> Settings:
    return COMMAND.read(words.split())[0].config


def test_defaults_that_follow_from_other_settings() -> None:
    assert (Plain().twice, Plain(size=3).twice, Plain(size=3, twice=5).twice) == (20, 6, 5)
    assert config("") == Plain(size=10, twice=20, seed=0)
    assert config("--quick --seed 4") == Plain(size=1, twice=2, seed=4)
    assert config("--full --twice 0") == Plain(size=100, twice=0)


def test_the_option_that_chooses_a_kind_of_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").touch()
    assert config("--file a.txt --rate 0 --quick") == Own(file=Path("a.txt"), rate=0.0)
    assert config("--file a.txt --rate 2 --kept b --steps 3 --seed 1") == Own(
        file=Path("a.txt"), rate=2.0, kept=Path("b"), steps=3, seed=1
    )
    assert COMMAND.read(["--json", "r.json"])[1] == Destination(json=Path("r.json"))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--quick --full", "--quick: excludes --full; accepted: one of the two"),
        ("--rate 0", "--rate: given without --file; accepted: together with --file"),
        ("--steps 2", "--steps: given without --kept; accepted: together with --kept"),
        ("--file a.txt", "--rate: missing: no usual rate; accepted: a finite number from 0"),
        ("--file a.txt --rate 1 --steps 2", "--steps: given without --kept; accepted: together with --kept"),
        ("--file a.txt --rate 1 --steps 2 --kept b --more 3", "--steps: why; accepted: one of the two options"),
        (
            "--file a.txt --rate 1 --kept a.txt",
            "--kept: a.txt would be the file of --file too; accepted: a file of its",
        ),
        ("--file a.txt --rate 1 --kept b --json b", "--json: b would be the file of --kept too"),
    ],
)
def test_what_does_not_go_together_is_refused(
    words: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").touch()
    with pytest.raises(Refusal) as refused:
        config(words)
    assert str(refused.value).startswith(line)


def test_two_options_of_one_name_are_a_mistake_of_ours() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Other(Settings):
        rate: float = setting("--rate", Real(), "Another rate.", default=0.0)

    with pytest.raises(ValueError, match="Other has another option --rate"):
        options_of(Own, Other)
    with pytest.raises(Refusal, match="--file: missing"):
        build(Own, {})


def test_all_that_a_run_writes_is_known_with_its_option(tmp_path: Path) -> None:
    weights = MatrixFile("W.npy")
    proof = MatrixConfig(weights=weights, form="rate", certificate=Path("p.json"))
    assert list(written_files(proof)) == [
        ("--certificate", Path("p.json")),
        ("--certificate", Path("p.gain.json")),
        ("--certificate", Path("p.excluded.json")),
        ("--certificate", Path("p.norm.json")),
        ("--certificate", Path("p.box.json")),
    ]
    assert list(written_files(MatrixConfig(weights=weights, form="rate"))) == []
    images = ImagesConfig(data=tmp_path, checkpoint=Path("c.npz"), certificate=Path("p.json"))
    assert {option for option, _ in written_files(images)} == {"--certificate", "--checkpoint"}
    assert list(written_files(Destination(json=Path("r.json"), out=tmp_path))) == [("--json", Path("r.json"))]


def test_no_help_names_formats_of_its_own_and_refusals_name_the_same() -> None:
    """Help and refusals take the endings of files from the reader; what a sentence says besides is the same set."""
    read = [option for command in COMMANDS for option in command.options if option.kind.formats]
    assert {option.name for option in read} >= {"--weights", "--task", "--sigma", "--network"}
    for option in read:
        assert option.kind.formats in option.kind.accepted, option.name
        assert not re.search(r"npy|npz|csv|tsv|txt|\bmat\b|safetensors|PyTorch|\.pt", option.help), option.name
    formats = {option.name: set(re.findall(r"\.\w+", option.kind.formats)) for option in read}
    assert formats["--weights"] == {*MATRIX_FILES, *NAMED_FILES}
    assert formats["--task"] == formats["--network"] == set(NAMED_FILES)
    assert formats["--sigma"] == set(MATRIX_FILES)
    assert set(re.findall(r"\.\w+", TASK)) == set(re.findall(r"\.\w+", OURS.accepted)) == set(NAMED_FILES)
    assert set(re.findall(r"\.\w+", SIGMA)) == set(MATRIX_FILES)


def sections() -> list[Section]:
    return [section for command in COMMANDS for section in command.read([])[0].sections]


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.module)
def test_a_section_s_module_is_there_and_has_checks_and_figures(section: Section) -> None:
    spec = importlib.util.find_spec(section.module)
    assert spec is not None
    assert spec.origin is not None
    body = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
    functions = {node.name: len(node.args.args) for node in body if isinstance(node, ast.FunctionDef)}
    assert functions["checks"] == 3
    assert functions.get("figures", 0) == (0 if section.at_once else 2)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_has_help_a_default_and_numbers_a_unit(command: Command) -> None:
    for option in command.options:
        assert option.help.endswith("."), option.name
        assert option.is_flag or option.default, option.name
        if isinstance(option.kind, Real | Whole):
            assert option.unit, option.name
