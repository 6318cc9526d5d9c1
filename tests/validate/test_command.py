"""What a run leaves behind when it ends well, is interrupted, or is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import numpy as np
import pytest

CHILD = """
from dataclasses import dataclass
from validate.command import Command, Section, built_in
from pathlib import Path
from validate.options import NewFile, Real
from validate.settings import Settings, chosen, flag, setting

@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    pause: float = setting("--pause", Real(0.0), "Pause.", unit="s", default=0.0)
    kept: Path | None = setting("--kept", NewFile(), "Kept.", default=None)
    caught: bool = chosen(False, flag("--caught", True, "Catch what interrupts."))
    damaged: bool = chosen(False, flag("--damaged", True, "Find a damaged file."))

SECTIONS = (Section("one", "first"), Section("two", "second"))
COMMAND = Command("child", "A child", "Demo.", "child", (built_in(Config, SECTIONS, set_up=lambda: None),))
if __name__ == "__main__":
    COMMAND.run()
"""

FIRST = """
import numpy as np
from validate.plotting import new_figure, plot, style
from validate.tolerance import Exact

def checks(config, report, progress):
    report.check("first", predicted=1.0, measured=1.0, tolerance=Exact())
    report.quantity("draw", float(np.random.default_rng(config.seed).normal()))

def for_figures(config, results, progress):
    with progress.task("a line", total=1):
        return [0.0, 1.0]

def figures(config, results):
    with style():
        figure, axes = new_figure()
        axes.plot(results)
    return (plot("line", "A line.", figure, {"y": results}),)
"""

SECOND = """
import time
from validate.options import Refusal
from validate.tolerance import Exact

class TrainingInterrupted(KeyboardInterrupt):
    pass

def checks(config, report, progress):
    try:
        work(config, report, progress)
    except KeyboardInterrupt as stop:
        if not config.caught:
            raise TrainingInterrupted from stop
        report.interrupted = True

def work(config, report, progress):
    report.check("half of the second", predicted=1.0, measured=1.0, tolerance=Exact())
    if config.damaged:
        raise Refusal("--kept", "it is damaged,\\nat 1000", "a whole file")
    print("WORKING", flush=True)
    with progress.task("working", total=10) as advance:
        for _ in range(10):
            time.sleep(config.pause / 10)
            advance(1)
    report.check("second", predicted=1.0, measured=1.0, tolerance=Exact())

def figures(config, results):
    return ()
"""


def write_command(directory: Path) -> Path:
    """The files of a command whose second section takes as long as it is told to."""
    for name, text in (("first", FIRST), ("second", SECOND), ("child", CHILD)):
        (directory / f"{name}.py").write_text(text)
    return directory / "child.py"


def in_the_foreground(arguments: list[str], **settings: Any) -> "subprocess.Popen[str]":
    """A child that Ctrl-C reaches, also where the tests run in the background, whose children ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)
    finally:
        signal.signal(signal.SIGINT, before)


def start(tmp_path: Path, *arguments: str) -> "subprocess.Popen[str]":
    script = write_command(tmp_path)
    return in_the_foreground([sys.executable, str(script), *arguments], cwd=tmp_path)


def started_working(child: "subprocess.Popen[str]") -> None:
    assert child.stdout is not None
    while "WORKING" not in (line := child.stdout.readline()):
        assert line, "the child ended before it worked"


def whole(directory: Path) -> set[str]:
    """Names of the files in `directory`, each of which is read to its end."""
    files = {path for path in directory.iterdir() if path.name != ".lock"}  # which locks nothing once its run has ended
    for path in files:
        content = path.read_bytes()
        match path.suffix:
            case ".json":
                json.loads(content)
            case ".png":
                assert content.endswith(b"IEND\xaeB`\x82")
            case ".svg":
                assert content.rstrip().endswith(b"</svg>")
            case ".npz":
                with np.load(path, allow_pickle=False) as data:
                    assert list(data["y"]) == [0.0, 1.0]
            case other:
                pytest.fail(f"unexpected file {path.name} ({other})")
    return {path.name for path in files}


def test_a_run_to_the_end_writes_everything_and_shows_no_bar(tmp_path: Path) -> None:
    child = start(tmp_path, "--out", "new/out", "--json", "r.json")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert err == ""
    assert out.splitlines()[-1] == "PASS child: 3 of 3 asserted checks pass"
    assert not list(tmp_path.rglob("*.lock"))
    assert whole(tmp_path / "new" / "out") == {"child.json", "line.png", "line.svg", "line.npz"}
    assert (tmp_path / "r.json").read_bytes() == (tmp_path / "new" / "out" / "child.json").read_bytes()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_keeps_what_was_finished(tmp_path: Path, number: signal.Signals, status: int) -> None:
    child = start(tmp_path, "--pause", "60", "--out", "out", "--json", "r.json")
    started_working(child)
    child.send_signal(number)
    out, err = child.communicate(timeout=60)
    assert child.returncode == status
    assert err == ""
    assert out.splitlines()[-1].startswith("INTERRUPTED child: 2 of 2")
    document = json.loads((tmp_path / "r.json").read_text())
    assert [check["name"] for check in document["checks"]] == ["first", "half of the second"]
    assert (document["passed"], document["interrupted"]) == (False, True)
    assert whole(tmp_path / "out") == {"child.json", "line.png", "line.svg", "line.npz"}


def test_a_refusal_after_a_section_has_ended_leaves_what_was_finished(tmp_path: Path) -> None:
    child = start(tmp_path, "--damaged", "--out", "out", "--json", "r.json")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert err == "two: --kept: it is damaged, at 1000; accepted: a whole file\n"
    assert out.splitlines()[-1] == "FAIL child: 2 of 3 asserted checks pass; failed: two: finished"
    assert "half of the second" in out
    document = json.loads((tmp_path / "r.json").read_text())
    assert [(check["name"], check["passed"]) for check in document["checks"]] == [
        ("first", True),
        ("half of the second", True),
        ("two: finished", False),
    ]
    assert document["quantities"]["two: unfinished"] == ["--kept: it is damaged, at 1000; accepted: a whole file"]
    assert whole(tmp_path / "out") == {"child.json", "line.png", "line.svg", "line.npz"}


def test_a_section_that_turns_the_interrupt_into_its_own_still_ends_with_the_signal_s_status(tmp_path: Path) -> None:
    """As training does, which keeps what it has and raises a kind of KeyboardInterrupt."""
    child = start(tmp_path, "--pause", "60", "--caught")
    started_working(child)
    child.send_signal(signal.SIGTERM)
    out, _ = child.communicate(timeout=60)
    assert child.returncode == 143
    assert out.splitlines()[-1].startswith("INTERRUPTED child: 2 of 2")


@pytest.mark.parametrize("command", ["ghost", "overlaps", "contraction"])
def test_ctrl_c_before_the_command_is_ready_leaves_no_traceback(tmp_path: Path, command: str) -> None:
    (tmp_path / "rich").mkdir()
    (tmp_path / "rich" / "__init__.py").write_text("import time\nprint('WORKING', flush=True)\ntime.sleep(60)\n")
    child = in_the_foreground(
        [sys.executable, "-m", f"validate.{command}"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()])},
    )
    started_working(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert (out, err) == ("", "")
    assert child.returncode == -signal.SIGINT  # 130 in a shell


@pytest.mark.parametrize(
    ("place", "other"),
    [
        (["--out", "out"], ["--out", "elsewhere"]),
        (["--json", "r.json"], ["--json", "other.json"]),
        (["--kept", "k.npz"], ["--kept", "other.npz"]),
    ],
)
@pytest.mark.sampled(1)
def test_a_second_run_into_one_place_is_refused_and_a_killed_one_holds_nothing(
    tmp_path: Path, place: list[str], other: list[str]
) -> None:
    child = start(tmp_path, "--pause", "60", *place)
    started_working(child)
    second = start(tmp_path, *place)
    out, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert out == ""
    assert err.count("\n") == 1
    assert f"{place[0]}: another run writes there (process {child.pid} on " in err
    assert "; accepted: a " in err
    third = start(tmp_path, *other)
    third.communicate(timeout=60)
    assert third.returncode == 0
    child.kill()
    child.communicate(timeout=60)
    fourth = start(tmp_path, *place)
    fourth.communicate(timeout=60)
    assert fourth.returncode == 0
    assert not list(tmp_path.rglob("*.lock"))


def test_a_run_that_is_refused_makes_no_directory(tmp_path: Path) -> None:
    child = start(tmp_path, "--pause", "60", "--json", "r.json")
    started_working(child)
    second = start(tmp_path, "--json", "r.json", "--out", "new")
    second.communicate(timeout=60)
    assert second.returncode == 2
    assert not (tmp_path / "new").exists()
    child.kill()
    child.communicate(timeout=60)


def test_piped_output_tells_each_section_as_it_ends(tmp_path: Path) -> None:
    child = start(tmp_path, "--pause", "60")
    assert child.stdout is not None
    assert re.fullmatch(r"one: 1 of 1 pass, \d+\.\d s\n", child.stdout.readline())
    started_working(child)  # the second section has not ended, and the line of the first is here
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=60)


def test_a_killed_run_leaves_no_half_file(tmp_path: Path) -> None:
    child = start(tmp_path, "--pause", "60", "--out", "out", "--json", "r.json")
    started_working(child)
    child.kill()
    child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL
    assert whole(tmp_path / "out") == {"line.png", "line.svg", "line.npz"}
    assert not (tmp_path / "r.json").exists()


def test_the_same_seed_gives_the_same_document(tmp_path: Path) -> None:
    documents = []
    for name, seed in (("a.json", "3"), ("b.json", "3"), ("c.json", "4")):
        child = start(tmp_path, "--json", name, "--seed", seed)
        child.communicate(timeout=60)
        document = json.loads((tmp_path / name).read_text())
        document.pop("provenance")
        documents.append(document)
    assert documents[0] == documents[1]
    assert documents[0]["quantities"] != documents[2]["quantities"]


def on_a_terminal(tmp_path: Path, columns: int, *arguments: str) -> tuple[int, str]:
    """The exit status of the command on a terminal so wide, and all that it was sent."""
    script = write_command(tmp_path)
    master, slave = os.openpty()
    termios.tcsetwinsize(slave, (40, columns))
    child = subprocess.Popen(
        [sys.executable, str(script), *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "COLUMNS"} | {"TERM": "xterm"},
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(master)
    return child.wait(timeout=60), shown.decode()


def lines_that_stay(shown: str) -> list[str]:
    """Without bars, which are erased, and without colours."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", re.sub(r"[^\n\r]*\x1b\[2K", "", shown))
    return [line.rpartition("\r")[2] for line in plain.replace("\r\n", "\n").splitlines()]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal to look at")
def test_a_terminal_is_shown_a_bar_and_each_section_s_rows_when_it_ends(tmp_path: Path) -> None:
    status, shown = on_a_terminal(tmp_path, 80, "--pause", "0.5")
    assert status == 0
    told = ("one: 1 of 1 pass", "2 of 2: two", "working", "two: 2 of 2 pass")
    places = [shown.index(words) for words in told]
    assert places == sorted(places)
    lines = lines_that_stay(shown)
    assert lines[-1] == "PASS child: 3 of 3 asserted checks pass"
    assert [line.split()[-1] for line in lines if line.startswith("pass  ")] == ["first", "second", "second"]


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal to look at")
def test_a_terminal_is_shown_failures_again_before_the_verdict(tmp_path: Path) -> None:
    status, shown = on_a_terminal(tmp_path, 60, "--damaged")
    assert status == 1
    failed = [k for k, line in enumerate(lines_that_stay(shown)) if line.startswith("FAIL  two: finished")]
    lines = lines_that_stay(shown)
    assert len(failed) == 2
    assert failed[0] < lines.index("Failed:") < failed[1] < len(lines) - 1
    assert lines[-1].startswith("FAIL child: 2 of 3")
