"""Named errors shared by the theory modules; each message says what was wrong and what to do instead."""


class RateError(ValueError):
    """A learning-rate ratio that is not a positive finite number."""


class StartError(ValueError):
    """A start value outside the range in which the map or its result is defined."""


class WindowError(ValueError):
    """A response window whose length is not a positive finite multiple of the delay."""


class WordError(ValueError):
    """A cycle word that is empty, too long, or holds letters other than L and R."""
