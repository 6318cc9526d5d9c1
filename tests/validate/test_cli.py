import os
import re
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from validate import cli, command
from validate.__main__ import COMMANDS
from validate.command import Command
from validate.ghost import __main__ as ghost
from validate.ghost.settings import Config
from validate.options import Choice, InputFile, Real, Refusal
from validate.settings import Option, Settings, build, options_of, setting
from validate.usage import DIMENSIONLESS, NOTHING, Usage, help_lines


def refusal(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["ghost", *arguments])
    with pytest.raises(SystemExit) as stopped:
        ghost.COMMAND.run()
    return int(stopped.value.code or 0)


REFUSED = [
    ("--T", "abc", "is not a number", "from 1 to 1e+06"),
    ("--T", "nan", "is not finite", "from 1 to 1e+06"),
    ("--T", "inf", "is not finite", "from 1 to 1e+06"),
    ("--T", "0", "is too small", "from 1 to 1e+06"),
    ("--T", "-5", "is too small", "from 1 to 1e+06"),
    ("--T", "0.999999", "is too small", "from 1 to 1e+06"),
    ("--T", "1000001", "is too large", "from 1 to 1e+06"),
    ("--T", "", "is not a number", "from 1 to 1e+06"),
    ("--T", "1\n2", "is not a number", "from 1 to 1e+06"),
    ("--learning-rate", "0", "is too small", "nothing would ever be learned"),
    ("--learning-rate", "-1e-10", "is too small", "above 0"),
    ("--learning-rate", "inf", "is not finite", "above 0"),
    ("--learning-rate", "nan", "is not finite", "above 0"),
    ("--learning-rate", "1e300", "is too large", "to 1e+100"),
    ("--confidence", "0", "is too small", "from 0.001 to 1000"),
    ("--confidence", "1e300", "is too large", "from 0.001 to 1000"),
    ("--threshold", "inf", "is not finite", "from 0.001 to 1000"),
    ("--threshold", "1e6", "is too large", "from 0.001 to 1000"),
    ("--network-learning-rate", "-0.02", "is too small", "above 0"),
    ("--network-confidence", "ten", "is not a number", "above 0"),
    ("--neurons", "0", "is too small", "whole number from 1"),
    ("--networks", "0", "is too small", "whole number from 1"),
    ("--networks", "1.5", "is not a whole number", "whole number from 1"),
    ("--epochs", "-1", "is too small", "whole number from 1"),
    ("--seed", "-1", "is too small", "whole number from 0"),
    ("--seed", str(2**32), "is too large", "whole number from 0"),
    ("--out", "", "is no name", "a directory"),
    ("--json", "", "is no name", "a file name"),
    ("--out", "/dev/null", "cannot write into", "a directory"),
    ("--out", "/dev/null/deeper", "cannot write into", "a directory"),
    ("--json", "/dev/null", "is not an ordinary file", "a file name"),
    ("--out", "n" * 300, "File name too long", "a directory"),
    ("--json", "n" * 300, "File name too long", "a file name"),
    ("--json", "/dev", "is a directory", "a file name"),
    ("--json", "no-such-directory/x.json", "cannot write into", "a file name"),
]


@pytest.fixture
def _never_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the command ran in spite of bad input")

    monkeypatch.setattr(command, "execute", fail)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("_never_runs")
@pytest.mark.parametrize(("option", "value", "problem", "accepted"), REFUSED)
def test_a_bad_value_is_refused_in_one_line(
    option: str,
    value: str,
    problem: str,
    accepted: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    good = ["--out", "results", "--json", "report.json"]
    arguments = [*good, option, value]
    assert refusal(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert printed.err.startswith(f"python -m validate.ghost: {option}: ")
    assert problem in printed.err
    assert accepted in printed.err
    assert os.listdir(tmp_path) == []


@pytest.mark.usefixtures("_never_runs")
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--T"], ["--T", "requires an argument", "from 1 to 1e+06"]),
        (["--no-such-option"], ["--no-such-option", "--learning-rate", "--help"]),
        (["100"], ["100", "unexpected", "--T"]),
        (["--quick=3"], ["--quick", "does not take a value", "the option alone"]),
        (["--quick", "--full"], ["--quick", "excludes --full", "one of the two"]),
    ],
)
def test_the_library_s_own_errors_are_one_line_too(
    arguments: list[str],
    parts: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert refusal(arguments, monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert all(part in printed.err for part in ("accepted: ", *parts))


def test_a_directory_without_permission_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere")
    for name, path in (("--out", tmp_path / "a"), ("--json", tmp_path / "a.json")):
        assert refusal([name, str(path)], monkeypatch) == 2
        assert "Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["1", "1e6", "100", "1_0", "31.4159"])
def test_every_delay_in_range_reaches_the_run(value: str) -> None:
    plan, _ = ghost.COMMAND.read(["--T", value])
    assert isinstance(plan.config, Config)
    assert plan.config.delay == float(value)


HEAVY = {"jax", "sympy", "scipy", "matplotlib", "diffrax", "cvxpy", "flint", "sklearn", "jinja2"}


def answer(*arguments: str) -> "tuple[subprocess.CompletedProcess[str], set[str]]":
    """What a command answers, and the packages that it imported on the way."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
        check=False,
    )
    timed = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return done, {line.rpartition("|")[2].strip().split(".")[0] for line in timed}


@pytest.mark.parametrize("program", ["validate", *(f"validate.{command.name}" for command in COMMANDS)])
def test_help_and_refusals_import_nothing_heavy(program: str) -> None:
    """So they answer within a second, whatever the machine is busy with."""
    for arguments, code in ((["--help"], 0), (["--seed", "zero"], 2)):
        done, imported = answer(program, *arguments)
        assert done.returncode == code
        assert "typer" in imported
        assert not imported & HEAVY


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_is_one_screen_with_every_option_its_unit_and_default_in_groups_and_one_example(command: Command) -> None:
    done, _ = answer(command.program.removeprefix("python -m "), "--help")
    lines = done.stdout.splitlines()
    assert len(lines) <= 50
    assert sum(before == "" and not after.startswith(("Example: ", " ")) for before, after in pairwise(lines)) >= 2
    (example,) = (line for line in lines if "Example: " in line)
    assert example.startswith(f"Example: {command.program} --")
    for option in command.options:
        row = re.search(rf"^  {option.name} {option.kind.metavar}.*?(?=\n  -|\n\n)", done.stdout, flags=re.M | re.S)
        assert row is not None, option.name
        said = " ".join(row[0].split())
        assert option.is_flag or option.default in (*NOTHING, "") or option.default in said, option.name
        assert option.unit in (option.kind.unit, DIMENSIONLESS) or option.unit in said, option.name


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_is_one_screen_of_eighty_columns_too(command: Command) -> None:
    usage = Usage(command.program, command.summary, command.example)
    lines = [line.plain for line in help_lines(usage, command.options, 80)]
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 80


def test_a_reader_who_leaves_ends_a_run_in_one_line() -> None:
    """As `head` does."""
    rows = "from validate import cli\ncli.leave('demo', lambda: print('row\\n' * 100_000) or 0)"
    with subprocess.Popen([sys.executable, "-c", rows], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert run.stdout.readline() == b"row\n"
        run.stdout.close()
        assert run.stderr.read() == b"demo: what reads the output has left\n"
    assert run.returncode == 141


def test_endings_of_files_are_told_once_in_a_help() -> None:
    files = tuple(
        Option(name=name, kind=InputFile((".npz",)), help="A file.", default="none") for name in ("--one", "--two")
    )
    text = "\n".join(line.plain for line in help_lines(Usage("demo", "Demo.", "demo --one a.npz"), files, 80))
    assert "--one FILE  A file. [.npz]" in text
    assert "--two FILE  A file. [a file as --one]" in text


@dataclass(frozen=True, kw_only=True)
class Lists(Settings):
    levels: tuple[str, ...] = setting("--levels", Choice(("map", "network")), "Levels.", default=(), many=True)
    rates: tuple[float, ...] = setting("--rates", Real(), "Rates.", unit="no unit", default=(), many=True)


def read(arguments: list[str]) -> Lists:
    return build(Lists, cli.read(Usage("demo", "Demo.", "demo"), options_of(Lists), arguments))


@pytest.mark.parametrize(
    "words",
    ["--levels map network --rates -1 2e0 --seed 3", "--seed 3 --rates=-1 2 --levels=map network"],
)
def test_a_list_is_separated_by_spaces(words: str) -> None:
    assert read(words.split()) == Lists(levels=("map", "network"), rates=(-1.0, 2.0), seed=3)


def test_a_bad_word_in_a_list_is_named() -> None:
    with pytest.raises(Refusal) as refused:
        read(["--levels", "map", "cell"])
    assert str(refused.value) == "--levels: 'cell' is unknown; accepted: one of map, network"


def test_arguments_without_lists_are_left_alone() -> None:
    arguments = ["--T", "5", "-x", "y", "--levels"]
    assert cli.spread_lists(arguments, ()) == arguments
    assert cli.spread_lists(arguments, ("--levels",)) == arguments


def test_an_output_that_vanishes_before_the_run_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def execute(*arguments: object, **more: object) -> object:
        (tmp_path / "results").write_text("a file where the directory was to be")
        return the_real_one(*arguments, **more)

    the_real_one = command.execute
    monkeypatch.setattr(command, "execute", execute)
    assert refusal(["--out", str(tmp_path / "results")], monkeypatch) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1
    assert "results" in printed.err
