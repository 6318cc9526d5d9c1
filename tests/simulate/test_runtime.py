import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from simulate import runtime

CHILD = """
import json, sys, warnings
warnings.simplefilter("error")
from simulate import runtime
assert "jax" not in sys.modules
runtime.configure()
import jax, jax.numpy as jnp

events = {}
def count(event, **_):
    events[event] = events.get(event, 0) + 1
jax.monitoring.register_event_listener(count)

value = jax.jit(lambda x: jnp.tanh(x) @ x)(jnp.linspace(0.0, 1.0, 8))
hits = events.get("/jax/compilation_cache/cache_hits", 0)
misses = events.get("/jax/compilation_cache/cache_misses", 0)
print(json.dumps({"value": float(value), "dtype": str(value.dtype), "devices": jax.device_count(),
                  "hits": hits, "misses": misses}))
"""


def run_child(environment: dict[str, str]) -> dict[str, object]:
    kept = {name: value for name, value in os.environ.items() if name not in ("XLA_FLAGS", "XDG_CACHE_HOME")}
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        capture_output=True,
        text=True,
        env={**kept, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_a_second_run_compiles_nothing(tmp_path: Path) -> None:
    first, second = (run_child({"XDG_CACHE_HOME": str(tmp_path)}) for _ in range(2))
    assert first["hits"] == 0
    assert first["misses"] > 0  # type: ignore[operator]
    assert second["misses"] == 0
    assert second["hits"] == first["misses"]
    assert second["value"] == first["value"]
    assert first["dtype"] == "float64"
    assert first["devices"] == min(2, runtime.available_cores())
    assert any((tmp_path / "rnn-learning-theory" / "xla").iterdir())


def test_half_a_program_left_by_a_killed_run_is_compiled_anew(tmp_path: Path) -> None:
    run_child({"XDG_CACHE_HOME": str(tmp_path)})
    programs = tmp_path / "rnn-learning-theory" / "xla"
    recorded = sorted(programs.glob("*-cache"))
    half = recorded[0]
    (programs / "finished.txt").write_text("\n".join(path.name for path in recorded[1:]))
    half.write_bytes(half.read_bytes()[:100])
    found = run_child({"XDG_CACHE_HOME": str(tmp_path)})  # which fails on any warning
    assert found["misses"] == 1
    assert found["hits"] == len(recorded) - 1
    assert run_child({"XDG_CACHE_HOME": str(tmp_path)})["misses"] == 0


def test_a_cache_that_cannot_be_written_is_gone_without() -> None:
    found = run_child({"XDG_CACHE_HOME": "/dev/null"})
    assert (found["hits"], found["misses"]) == (0, 0)


def test_the_cache_directory_follows_the_user_s_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert runtime.cache_directory() == tmp_path / "xdg" / "rnn-learning-theory"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert runtime.cache_directory() == tmp_path / "home" / ".cache" / "rnn-learning-theory"


def test_the_user_s_device_count_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_foo=1")
    runtime.request_host_devices(2)
    assert os.environ["XLA_FLAGS"] == "--xla_cpu_foo=1 --xla_force_host_platform_device_count=2"
    runtime.request_host_devices(4)
    assert os.environ["XLA_FLAGS"].endswith("count=2")


def test_the_user_s_level_of_compilation_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "")
    runtime.request_quick_compilation()
    assert os.environ["XLA_FLAGS"] == "--xla_backend_optimization_level=1"
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=2")
    runtime.request_quick_compilation()
    assert os.environ["XLA_FLAGS"].endswith("level=2")


MEMORY = """
import json, os, sys
from simulate import runtime
if "--jax" in sys.argv:
    sys.modules["jax"] = None
runtime.keep_freed_memory()
print(json.dumps({"argv": sys.argv[1:], "pid": os.getpid(), "flags": sys.flags.optimize,
                  **{name: os.environ.get(name) for name in runtime.KEEPING_FREED_MEMORY}}))
"""
GLIBC = pytest.mark.skipif(not runtime._has_glibc(), reason="only glibc reads these settings")


def memory_settings(*arguments: str, **environment: str) -> dict[str, object]:
    kept = {name: value for name, value in os.environ.items() if name not in runtime.KEEPING_FREED_MEMORY}
    command = [sys.executable, "-O", "-c", MEMORY, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**kept, **environment}, check=True)
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


@GLIBC
def test_a_command_begins_anew_with_its_arguments_and_the_allocator_s_settings() -> None:
    found = memory_settings("--T", "1 00", "")
    assert found["argv"] == ["--T", "1 00", ""]
    assert found["flags"] == 1
    assert {name: found[name] for name in runtime.KEEPING_FREED_MEMORY} == runtime.KEEPING_FREED_MEMORY


@GLIBC
def test_the_user_s_allocator_settings_are_kept() -> None:
    found = memory_settings(MALLOC_TOP_PAD_="4096", GLIBC_TUNABLES="")
    assert (found["MALLOC_TOP_PAD_"], found["GLIBC_TUNABLES"]) == ("4096", "")
    assert found["MALLOC_MMAP_THRESHOLD_"] == runtime.KEEPING_FREED_MEMORY["MALLOC_MMAP_THRESHOLD_"]


def test_where_jax_is_there_already_nothing_begins_anew() -> None:
    assert memory_settings("--jax")["MALLOC_TOP_PAD_"] is None


def test_a_test_never_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MALLOC_TOP_PAD_", raising=False)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("executed"))
    runtime.keep_freed_memory()
    assert "MALLOC_TOP_PAD_" not in os.environ
