"""The settings of JAX that commands and benchmarks share, made in one place.

Nothing here imports JAX until `configure` is called, and `configure` is called before anything else does: the
number of host devices is read once, when JAX starts.
"""

import atexit
import contextlib
import os
import sys
from pathlib import Path

_DEVICE_FLAG = "--xla_force_host_platform_device_count"
_VECTOR_FLAG = "--xla_cpu_prefer_vector_width"
_THREAD_FLAG = "--xla_cpu_multi_thread_eigen"
_LEVEL_FLAG = "--xla_backend_optimization_level"
_RECORD = "finished.txt"
KEEPING_FREED_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "268435456",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def available_cores() -> int:
    """Processor cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cache_directory() -> Path | None:
    """The user's cache directory of this project, made if missing; None where none can be written.

    `$XDG_CACHE_HOME/rnn-learning-theory`, or `~/.cache/rnn-learning-theory` where that variable is not set.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        directory = (Path(base) if base else Path.home() / ".cache") / "rnn-learning-theory"
        directory.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: the user has no home
        return None
    return directory if os.access(directory, os.W_OK | os.X_OK) else None


def request_host_devices(count: int) -> None:
    """Ask XLA to show the processor as `count` devices, so that networks can be shared out among cores.

    A count the user has already put into `XLA_FLAGS` is kept. Without effect once JAX has started.
    """
    _add_flag(_DEVICE_FLAG, count)


def request_wide_vectors() -> None:
    """Ask XLA for 512-bit vectors, on processors that have them, where it would be content with 256.

    Training is about a tenth quicker. A width the user has put into `XLA_FLAGS` is kept.
    """
    _add_flag(_VECTOR_FLAG, 512)


def request_one_thread() -> None:
    """Ask XLA to compute in the thread that calls it: for processes of which there is one a core."""
    _add_flag(_THREAD_FLAG, "false")


def request_quick_compilation() -> None:
    """Ask XLA for programs that are sooner compiled, and may take longer to run: for runs that mostly compile.

    Some of them round otherwise in the last bit. A level the user has put into `XLA_FLAGS` is kept.
    """
    _add_flag(_LEVEL_FLAG, 1)


def _add_flag(flag: str, value: int | str) -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    if flag not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {flag}={value}".strip()


def keep_freed_memory() -> None:
    """Let the process begin anew, once, with an allocator that keeps the memory it is given back, in large pages.

    For commands, before they import JAX. The states of a population are freed after every step of training, and glibc
    hands such buffers to the kernel, which then maps and clears every page again: training takes up to twice the time.
    glibc reads these settings when a process starts, so they are put into the environment and the same command line is
    executed again. What the user has set is kept. Returns where there is nothing to set, where the C library is
    another, and where it would be too late or is not for a library to do: JAX is there already, or a test runs.
    """
    new = {name: value for name, value in KEEPING_FREED_MEMORY.items() if name not in os.environ}
    if not new or not _has_glibc() or {"jax", "pytest"} & sys.modules.keys() or not sys.executable:
        return
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    with contextlib.suppress(OSError):
        os.execve(sys.executable, sys.orig_argv, {**os.environ, **new})


def _has_glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, ValueError, OSError):
        return False


def discard_unfinished_programs(directory: Path) -> None:
    """Remove the compiled programs that no run recorded when it ended.

    JAX does not write them atomically: a killed run can leave half a program, which JAX would keep and warn
    about in every run to come.
    """
    record = directory / _RECORD
    with contextlib.suppress(OSError):
        finished = set(record.read_text().split()) if record.exists() else set()
        for program in directory.glob("*-cache"):
            if program.name not in finished:
                program.unlink(missing_ok=True)


def record_finished_programs(directory: Path) -> None:
    """List the compiled programs in `directory`; called when a run ends, whatever its outcome."""
    with contextlib.suppress(OSError):
        temporary = directory / f"{_RECORD}.{os.getpid()}"
        temporary.write_text("\n".join(sorted(program.name for program in directory.glob("*-cache"))))
        temporary.replace(directory / _RECORD)


def configure(max_devices: int = 2) -> None:
    """Double precision, up to `max_devices` host devices, and compiled programs kept from run to run."""
    request_host_devices(min(max_devices, available_cores()))
    request_wide_vectors()
    # A program that may raise calls back into Python, and JAX keeps no such program: mark errors by NaN, which no check
    # passes, instead.
    os.environ.setdefault("EQX_ON_ERROR", "nan")
    import jax

    jax.config.update("jax_enable_x64", True)
    directory = cache_directory()
    if directory is not None:
        programs = directory / "xla"
        discard_unfinished_programs(programs)
        atexit.register(record_finished_programs, programs)
        jax.config.update("jax_compilation_cache_dir", str(programs))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
