"""What a run leaves behind when it ends well, is interrupted, or is killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CHILD = """
from dataclasses import dataclass
from validate.command import Command, Section, built_in
from validate.options import Real
from validate.settings import Settings, setting

@dataclass(frozen=True, kw_only=True)
class Config(Settings):
    pause: float = setting("--pause", Real(0.0), "Pause.", unit="s", default=0.0)

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

def figures(config, results):
    with style():
        figure, axes = new_figure()
        axes.plot([0, 1])
    return (plot("line", "A line.", figure, {"y": [0.0, 1.0]}),)
"""

SECOND = """
import time
from validate.tolerance import Exact

def checks(config, report, progress):
    report.check("half of the second", predicted=1.0, measured=1.0, tolerance=Exact())
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


def start(tmp_path: Path, *arguments: str) -> "subprocess.Popen[str]":
    script = write_command(tmp_path)
    return subprocess.Popen(
        [sys.executable, str(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )


def started_working(child: "subprocess.Popen[str]") -> None:
    assert child.stdout is not None
    while "WORKING" not in (line := child.stdout.readline()):
        assert line, "the child ended before it worked"


def whole(directory: Path) -> set[str]:
    """Names of the files in `directory`, each of which is read to its end."""
    for path in directory.iterdir():
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
    return {path.name for path in directory.iterdir()}


def test_a_run_to_the_end_writes_everything_and_shows_no_bar(tmp_path: Path) -> None:
    child = start(tmp_path, "--out", "new/out", "--json", "r.json")
    out, err = child.communicate(timeout=60)
    assert child.returncode == 0, err
    assert err == ""
    assert out.splitlines()[-1] == "PASS child: 3 of 3 asserted checks pass"
    assert whole(tmp_path / "new" / "out") == {"child.json", "line.png", "line.svg", "line.npz"}
    assert (tmp_path / "r.json").read_bytes() == (tmp_path / "new" / "out" / "child.json").read_bytes()


def test_ctrl_c_keeps_what_was_finished(tmp_path: Path) -> None:
    child = start(tmp_path, "--pause", "60", "--out", "out", "--json", "r.json")
    started_working(child)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=60)
    assert child.returncode == 130
    assert err == ""
    assert out.splitlines()[-1].startswith("INTERRUPTED child: 2 of 2")
    document = json.loads((tmp_path / "r.json").read_text())
    assert [check["name"] for check in document["checks"]] == ["first", "half of the second"]
    assert (document["passed"], document["interrupted"]) == (False, True)
    assert whole(tmp_path / "out") == {"child.json", "line.png", "line.svg", "line.npz"}


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


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal to look at")
def test_a_bar_is_shown_on_a_terminal(tmp_path: Path) -> None:
    script = write_command(tmp_path)
    master, slave = os.openpty()
    child = subprocess.Popen(
        [sys.executable, str(script), "--pause", "0.5"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 4096):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(master)
    assert child.wait(timeout=60) == 0
    assert b"working" in shown
