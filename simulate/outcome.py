"""How a computation ended, as a number that lives in arrays and a sentence that says what to do about it."""

from enum import IntEnum


class Outcome(IntEnum):
    """Base of all outcomes: members are written `name = number, sentence`.

    A member compares with an array of outcomes element by element, inside and outside compiled programs.
    """

    sentence: str

    def __new__(cls, number: int, sentence: str) -> "Outcome":
        """The member of that number; its sentence is kept beside it."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.sentence = sentence
        return member
