"""Strict numerics for every test: double precision, no silent promotion; and programs that compile quickly, once.

Arguments and results are checked against their annotations: of each function the first calls of every test.
"""

import functools
import gc
import inspect
import os
import sys
import tempfile
import threading
import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, ClassVar

import jax
import jaxtyping
import pytest
from jax._src import compilation_cache
from jax._src.interpreters import mlir
from jax._src.lru_cache import LRUCache

_FLAGS = os.environ.get("XLA_FLAGS")
# Compiling takes most of the tests' time. The older emitters need a quarter less and code that is not optimised half of
# that; both round differently. A program in one piece, not in parts for as many cores, needs a fifth less again.
_QUICK = "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"
os.environ["XLA_FLAGS"] = f"{_FLAGS or ''} {_QUICK}".strip()
jax.config.update("jax_disable_most_optimizations", True)

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_traceback_in_locations_limit", 0)  # which line asked for an operation is no part of a program
# Equal programs of different tests are compiled once, by whichever worker needs them first: workers inherit the name.
if "PROGRAMS_OF_TESTS" not in os.environ:
    _PROGRAMS = tempfile.TemporaryDirectory(prefix="programs-")
    os.environ["PROGRAMS_OF_TESTS"] = _PROGRAMS.name
jax.config.update("jax_compilation_cache_dir", os.environ["PROGRAMS_OF_TESTS"])
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _put(cache: LRUCache, key: str, program: bytes) -> None:
    """JAX writes in place, so that another worker could read half a program."""
    part = cache.path / f"{key}-{os.getpid()}"
    part.write_bytes(program)
    part.replace(cache.path / f"{key}-cache")


LRUCache.put = _put
# Of what is kept for minutes, the last tenth of the size takes two thirds of the time.
compilation_cache.compress_executable = functools.partial(zlib.compress, level=1)
compilation_cache.decompress_executable = zlib.decompress
# An MLIR context takes longer to make than a small program to lower: one a thread serves a whole file. What is lowered
# while something else is needs one of its own.
_CONTEXTS = threading.local()
_new_context = mlir.make_ir_context


def _context() -> mlir.ir.Context:
    if mlir.ir.Context.current is not None:
        return _new_context()
    if not hasattr(_CONTEXTS, "mine"):
        _CONTEXTS.mine = _new_context()
    return _CONTEXTS.mine


mlir.make_ir_context = _context
gc.set_threshold(100_000, 20, 50)  # traces are many small objects, that live as long as the tests
jax.devices()  # the flags are read here; processes that tests start are to run as a user's would

if _FLAGS is None:
    del os.environ["XLA_FLAGS"]
else:
    os.environ["XLA_FLAGS"] = _FLAGS

_jaxtyped = jaxtyping.jaxtyped


class _Checks:
    """How many calls of a function are checked in a test, and how many there were in this one, by its code.

    What is called a thousand times takes longer to check than to run, a function within a function to prepare.
    """

    most = 16
    most_of_closures = 2
    test = 0
    calls: ClassVar = defaultdict(lambda: [-1, 0])


def _checked_at_first(function: Any = None, *, typechecker: Any) -> Any:
    """In the place of `jaxtyping.jaxtyped`: it checks the first calls of every test; with --full all of them.

    What changes with the calls is kept beside the wrapper, so that descriptions of functions (`made_of`) do not.
    """
    if function is None:
        return functools.partial(_checked_at_first, typechecker=typechecker)
    if not inspect.isfunction(function):
        return _jaxtyped(function, typechecker=typechecker)

    @functools.wraps(function)
    def sparing(*args: Any, **options: Any) -> Any:
        calls = function.calls
        if calls[0] != _Checks.test:
            calls[:] = _Checks.test, 0
        calls[1] += 1
        if calls[1] > (_Checks.most_of_closures if function.is_closure else _Checks.most):
            return function(*args, **options)
        if function.checked is None:
            function.checked = _jaxtyped(function, typechecker=typechecker)
        return function.checked(*args, **options)

    function.calls = _Checks.calls[function.__code__]
    function.is_closure = "<locals>" in function.__qualname__
    function.checked = None
    return sparing


jaxtyping.jaxtyped = _checked_at_first


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--full"):
        _Checks.most = _Checks.most_of_closures = sys.maxsize


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    _Checks.test += 1


@pytest.fixture
def optimised_programs() -> Iterator[None]:
    """Programs as a user's: for tests of chaotic orbits, or whose programs run longer than they compile."""
    for optimised in (True, False):
        jax.config.update("jax_disable_most_optimizations", not optimised)
        jax.clear_caches()  # the setting is no part of a program's key
        if optimised:
            yield


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Between files, programs go where they have come to be too many for one process, and what lowered them goes."""
    if nextitem is not None and nextitem.path != item.path:
        _CONTEXTS.__dict__.clear()
        from simulate.programs import release_programs  # imported last: what is above holds for it too

        release_programs()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="every case of tests marked `sampled`, every call checked")


@pytest.hookimpl(trylast=True)  # after -k and -m have chosen
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of a test marked `sampled(count)` keep that many cases, evenly spread over all, unless `--full` is given."""
    if config.getoption("--full"):
        return
    cases = defaultdict(list)
    for item in items:
        if item.get_closest_marker("sampled"):
            cases[item.nodeid.partition("[")[0]].append(item)
    left_out = set()
    for group in cases.values():
        (count,) = group[0].get_closest_marker("sampled").args
        kept = {len(group) - 1 - k * (len(group) - 1) // max(count - 1, 1) for k in range(count)}
        left_out |= {item for number, item in enumerate(group) if number not in kept}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]
