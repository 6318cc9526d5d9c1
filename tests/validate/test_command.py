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
import sys, time
from dataclasses import dataclass
from typing import Annotated
from pathlib import Path
import numpy as np
from validate import cli
from validate.command import Command, Destination, Section, execute
from validate.options import JSON, OUT, SEED, Real, option
from validate.tolerance import Exact

@dataclass(frozen=True)
class Config:
    seed: int
    pause: float

def first(config, report, progress):
    report.check("first", predicted=1.0, measured=1.0, tolerance=Exact())
    report.quantity("draw", float(np.random.default_rng(config.seed).normal()))

def figures(config, results):
    from validate.plotting import new_figure, plot, style
    with style():
        figure, axes = new_figure()
        axes.plot([0, 1])
    return (plot("line", "A line.", figure, {"y": [0.0, 1.0]}),)

def second(config, report, progress):
    report.check("half of the second", predicted=1.0, measured=1.0, tolerance=Exact())
    print("WORKING", flush=True)
    with progress.task("working", total=10) as advance:
        for _ in range(10):
            time.sleep(config.pause / 10)
            advance(1)
    report.check("second", predicted=1.0, measured=1.0, tolerance=Exact())

def load():
    return (Section("one", first, figures), Section("two", second, lambda config, results: ()))

COMMAND = Command("child", "A child", lambda seed: Config(seed, 0.0), lambda seed: Config(seed, 0.0), load)

def main(
    pause: Annotated[float, option("--pause", Real(0.0), "Pause (s).")] = 0.0,
    seed: Annotated[int, SEED] = 0,
    json: Annotated[Path | None, JSON] = None,
    out: Annotated[Path | None, OUT] = None,
) -> int:
    run = execute(COMMAND, Config(seed, pause), Destination(json, out), draw=False)
    return run.report.exit_code

cli.run(main, "child")
"""


def start(tmp_path: Path, *arguments: str) -> "subprocess.Popen[str]":
    script = tmp_path / "child.py"
    script.write_text(CHILD)
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
    script = tmp_path / "child.py"
    script.write_text(CHILD)
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
