"""The door of a command: what is refused there."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from validate import command
from validate.command import Command


@dataclass(frozen=True)
class Answer:
    """What a command says to some arguments: its exit status, and what stands on its two outputs."""

    program: str
    status: int
    out: str
    err: str

    def refuses(self, option: str, problem: str, accepted: str = "") -> None:
        """Assert status 2 and a last line that names the option, what is wrong and what is accepted."""
        assert self.status == 2
        line = self.err.splitlines()[-1]
        assert line.startswith(f"{self.program}: {option}: "), line
        assert problem in line, line
        assert "; accepted: " in line
        assert accepted in line.partition("; accepted: ")[2], line


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Give a command arguments, in a directory of its own. It ends in a refusal or another exit."""
    monkeypatch.chdir(tmp_path)

    def answer(asked: Command, *arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", [asked.name, *arguments])
        with pytest.raises(SystemExit) as stopped:
            asked.run()
        assert isinstance(stopped.value.code, int)
        return Answer(asked.program, stopped.value.code, *capsys.readouterr())

    return answer


@pytest.fixture
def knock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ask: Callable[..., Answer]) -> Callable[..., Answer]:
    """Give a command arguments that it must refuse before it runs: one line, and nothing written."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the command ran in spite of bad input")

    monkeypatch.setattr(command, "execute", fail)

    def answer(asked: Command, *arguments: str) -> Answer:
        before = sorted(os.listdir(tmp_path))
        found = ask(asked, *arguments)
        assert (found.out, found.err.count("\n")) == ("", 1)
        assert sorted(os.listdir(tmp_path)) == before
        return found

    return answer
