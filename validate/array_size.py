"""How large an array out of a file may be whose file may be far smaller than it: sparse, compressed or filled in."""

from math import prod

MOST = 2**28
"""Numbers of an array beyond which it is refused unread: of doubles, 2 GB."""


class TooLarge(ValueError):
    """An array that is not read; the message gives its shape."""


def require_not_too_large(shape: tuple[int, ...]) -> None:
    """Refuse an array of more than `MOST` numbers.

    Raises:
        TooLarge: naming its shape.
    """
    if prod(shape) > MOST:
        raise TooLarge(f"an array of {' x '.join(map(str, shape))} is too large to be read whole")
