"""A setting is spelled once: a field of a frozen dataclass, which says its option, unit, default, range and help.

    class Config(Settings):
        delay: float = setting("--T", Real(1.0, 1e6), "Delay before the switch.", unit="time", default=100.0)

`Config()` is a plain run; `Config(delay=37.0)` another. The option, its check and its line of help are made from the
field, see `validate.cli`.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from validate.options import Directory, Kind, NewFile, Refusal, Switch, Whole

RUN = "Run"
"""The group of the options that every command has."""
_OPTIONS = "options"

ConfigT = TypeVar("ConfigT")


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option of the command line.

    `unit` and `default` are shown in its line of help, in `group`. Where `needs` is given, one of these options must be
    given too; `excludes` gives, for each option that may not be given beside it, the reason ("" where there is none to
    tell). An option that is `required` in a run which it takes part in says why there.
    """

    name: str
    kind: Kind
    help: str
    unit: str = ""
    default: str = ""
    group: str = RUN
    many: bool = False
    needs: tuple[str, ...] = ()
    excludes: Mapping[str, str] = field(default_factory=dict)
    required: str = ""

    @property
    def is_flag(self) -> bool:
        """Whether the option is given without a value."""
        return isinstance(self.kind, Switch)


@dataclass(frozen=True)
class Derived:
    """The default of a field that follows from the other settings: `of` is called with them."""

    of: Callable[[Any], Any]


def setting(
    name: str,
    kind: Kind,
    help: str,
    *,
    default: object = dataclasses.MISSING,
    shown: str | None = None,
    unit: str = "",
    group: str = RUN,
    many: bool = False,
    needs: Sequence[str] = (),
    excludes: Mapping[str, str] | None = None,
    required: str = "",
) -> Any:
    """A field of a `Settings` class that an option sets.

    Args:
        name: of the option, with its dashes.
        kind: what is accepted.
        help: a sentence.
        default: the field's value where the option is not given; `Derived` where it follows from other fields.
        shown: what the help says of the default, if not its value.
        unit: in which the value is measured; `kind.unit` if empty.
        group: the heading under which the help lists the option.
        many: whether the option takes several values, separated by spaces; the field is a tuple.
        needs, excludes, required: see `Option`.
    """
    option = Option(
        name=name,
        kind=kind,
        help=help,
        unit=unit or kind.unit,
        default=str(default) if shown is None else shown,
        group=group,
        many=many,
        needs=tuple(needs),
        excludes=excludes or {},
        required=required,
    )
    if required:
        return field(metadata={_OPTIONS: (option,)})
    return field(default=default, metadata={_OPTIONS: (option,)})


def chosen(default: object, *flags: Option) -> Any:
    """A field of a `Settings` class with a value for each of some flags, at most one of which may be given."""
    return field(default=default, metadata={_OPTIONS: flags})


def flag(name: str, value: object, help: str, *, group: str = RUN, needs: Sequence[str] = ()) -> Option:
    """An option without a value, for `chosen`: giving it sets the field to `value`."""
    return Option(name=name, kind=Switch(value), help=help, group=group, needs=tuple(needs))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a run, every one of which the report records. Subclasses are frozen, with keyword arguments."""

    seed: int = setting("--seed", Whole(0, 2**32 - 1), "Seed of every random number.", unit="no unit", default=0)

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if isinstance(value, Derived):
                object.__setattr__(self, each.name, value.of(self))


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Where results go: a JSON file, a directory for everything, both or neither."""

    json: Path | None = setting("--json", NewFile(), "Write the report as JSON.", default=None, shown="not written")
    out: Path | None = setting(
        "--out", Directory(), "Write figures, the data behind them and the report.", default=None, shown="not written"
    )


def written_files(settings: object) -> Iterator[tuple[str, Path]]:
    """The files that a run with these settings writes, each with its option."""
    for each in dataclasses.fields(settings):  # type: ignore[arg-type]
        value = getattr(settings, each.name)
        for option in each.metadata.get(_OPTIONS, ()):
            if isinstance(option.kind, NewFile) and value is not None:
                yield from ((option.name, path) for path in option.kind.files(value))


def options_of(*classes: type) -> tuple[Option, ...]:
    """The options of some dataclasses in order, the inherited ones last; one that several have is named once."""
    found: dict[str, Option] = {}
    for cls in classes:
        for each in sorted(dataclasses.fields(cls), key=lambda each: each.name not in cls.__annotations__):
            for option in each.metadata.get(_OPTIONS, ()):
                if found.setdefault(option.name, option) != option:
                    raise ValueError(f"{cls.__name__} has another option {option.name}; give it another name")
    return tuple(found.values())


def build(cls: type[ConfigT], given: Mapping[str, object]) -> ConfigT:
    """The settings with the values that were given, by the names of their options.

    Raises:
        Refusal: for a flag beside another of the same field, and an option that is missing.
    """
    values: dict[str, object] = {}
    for each in dataclasses.fields(cls):  # type: ignore[arg-type]
        options = each.metadata.get(_OPTIONS, ())
        used = [option for option in options if option.name in given]
        if len(used) > 1:
            raise Refusal(used[0].name, f"excludes {used[1].name}", "one of the two")
        for option in used:
            values[each.name] = given[option.name]
        for option in options:
            if option.required and not used:
                raise Refusal(option.name, f"missing: {option.required}", option.kind.accepted)
    return cls(**values)


def require_consistent(options: Sequence[Option], given: Mapping[str, object]) -> None:
    """Refuse an option without the one that it needs, beside one that it excludes, or with the file of another.

    Raises:
        Refusal: naming the first such option.
    """
    used = [option for option in options if option.name in given]
    for option in used:
        if option.needs and not any(name in given for name in option.needs):
            needed = " or ".join(option.needs)
            raise Refusal(option.name, f"given without {needed}", f"together with {needed}")
        for name, reason in option.excludes.items():
            if name in given:
                raise Refusal(option.name, reason or f"given together with {name}", "one of the two options")
    taken: dict[Path, str] = {}
    for option in sorted(used, key=lambda option: (isinstance(option.kind, NewFile), option.group != RUN)):
        for path in _files(option, given[option.name]):
            if path.is_dir():
                raise Refusal(option.name, f"{path} is a directory, and would be written", option.kind.accepted)
            written = isinstance(option.kind, NewFile)  # two options may read one file
            if written and taken.get(path.resolve(), option.name) != option.name:
                raise Refusal(
                    option.name, f"{path} would be the file of {taken[path.resolve()]} too", "a file of its own"
                )
            taken[path.resolve()] = option.name


def _files(option: Option, value: Any) -> Iterator[Path]:
    """The files of an option; one that takes several may name one of them twice."""
    for each in value if option.many else (value,):
        yield from option.kind.files(each)
