"""Compiled programs that a long process no longer holds: the kernel grants a process only so many memory maps."""

from pathlib import Path

import jax

_MAPS = Path("/proc/self/maps")
_MAPS_GRANTED = Path("/proc/sys/vm/max_map_count")


def release_programs(most: int | None = None) -> bool:
    """Let JAX forget its compiled programs if this process holds more than `most` memory maps; True if it did.

    A compiled program takes tens of maps, and a process that asks for more than the kernel grants (65,530 on most
    Linux machines) dies without a word. By default `most` is half of what is granted. What is needed again comes from
    the cache on disk. Where the system does not tell its maps, nothing is done.

    Derived here: `tests/simulate/test_programs.py`.
    """
    try:
        if most is None:
            most = int(_MAPS_GRANTED.read_text()) // 2
        with _MAPS.open("rb") as maps:
            held = sum(1 for _ in maps)
    except OSError:
        return False
    if held <= most:
        return False
    jax.clear_caches()
    return True
