"""The text of a rule: `/user/<int(min=1):id>/`, cut at its slashes into parts that the matcher walks along.

Only grammar and weights. Runs when a rule is bound to a map, never while a request is matched.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from .._base.record import record
from .converters import BaseConverter
from .segments import Chain

_TOKEN: Final = re.compile(
    r"(?P<slash>/)"
    r"|(?P<static>[^</]+)"
    r"|<(?:(?P<converter>[a-zA-Z_]\w*)(?:\((?P<arguments>.*?)\))?:)?(?P<variable>[a-zA-Z_]\w*)>",
    re.ASCII,
)
_ARGUMENT: Final = re.compile(
    r"\s*(?:(?P<name>\w+)\s*=\s*)?"
    r"(?:[uU]?(?P<text>\"[^\"]*\"|'[^']*')|(?P<word>-?[\w.]+))"
    r"\s*,"
)
_CONSTANTS: Final = {"None": None, "True": True, "False": False}

# Any: an argument is None, a bool, a number or a text, and goes to a converter that says what it takes.
ConverterArgs = tuple[tuple[Any, ...], dict[str, Any]]
MakeConverter = Callable[[str, str, tuple[Any, ...], dict[str, Any]], BaseConverter]
Weight = tuple[int, tuple[tuple[int, int], ...], int, tuple[int, ...]]


def parse_converter_args(argstr: str) -> ConverterArgs:
    """Parse what stands between the brackets of a converter: numbers, `True`, `False`, `None`, words and quoted texts.

    Raises:
        ValueError: something else stands there.
    """
    argstr += ","
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    at = 0
    while at < len(argstr) and argstr[at:].strip(" \t,"):
        match = _ARGUMENT.match(argstr, at)
        if match is None:
            raise ValueError(f"Cannot parse converter argument {argstr[at:-1]!r}")
        name, text, word = match.group("name", "text", "word")
        value = text[1:-1] if word is None else _constant(word)
        if name:
            kwargs[name] = value
        else:
            args.append(value)
        at = match.end()
    return tuple(args), kwargs


def _constant(word: str) -> bool | float | str | None:
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    for convert in (int, float):
        try:
            return convert(word)
        except ValueError:
            continue
    return word


@record
class Part:
    """What stands between two slashes; two rules with equal parts share a way through the trie."""

    content: str  # the text itself if static, else a regex with one group `v0`, `v1` ... for each variable
    is_static: bool
    is_final: bool  # has a variable that may run across slashes: takes all that is left of the path
    is_suffixed: bool  # final, and the rule ends with a slash: the last group of the regex is that slash
    weight: Weight  # lower is tried first
    regex: re.Pattern[str] | None = field(default=None, compare=False)  # `content`, compiled, if it is one
    chain: Chain | None = field(default=None, compare=False)  # what to use in its place


ROOT: Final = Part("", True, False, False, (0, (), 0, ()))
"""The part of a domain that is not given."""


@dataclass(slots=True)
class Pattern:
    """A parsed text: its parts, its converters by name, and the trace (is it a variable?, text or name) to build from."""

    parts: list[Part]
    converters: dict[str, BaseConverter]
    trace: list[tuple[bool, str]]


class _OpenPart:
    """The part that is being read."""

    __slots__ = ("arguments", "count", "is_final", "pieces", "statics")

    def __init__(self) -> None:
        self.pieces: list[tuple[bool, str]] = []  # (is it a regex?, content)
        self.statics: list[tuple[int, int]] = []
        self.arguments: list[int] = []
        self.is_final = False
        self.count = 0

    def add_static(self, text: str) -> None:
        self.statics.append((len(self.statics), -len(text)))
        self.pieces.append((False, text))

    def add_variable(self, converter: BaseConverter) -> None:
        self.pieces.append((True, f"(?P<v{self.count}>{converter.regex})"))
        self.count += 1
        self.arguments.append(converter.weight)
        if not converter.part_isolating:
            self.is_final = True

    def close(self, *, at_end: bool) -> Part:
        weight = (-len(self.statics), tuple(self.statics), -len(self.arguments), tuple(self.arguments))
        if not self.count:
            return Part("".join(text for _, text in self.pieces), True, False, False, weight)
        is_suffixed = at_end and self.is_final and self.pieces[-1] == (False, "/")
        pieces = self.pieces[:-1] if is_suffixed else self.pieces
        regex = "".join(text if is_regex else re.escape(text) for is_regex, text in pieces)
        if is_suffixed:
            # The slash at the end is optional for the regex, so that its absence can be answered with a redirect.
            regex += "(?<!/)(/?)"
        try:
            compiled = re.compile(regex)
        except re.error as error:
            raise ValueError(f"malformed url rule: a converter has a regex that is not valid here: {error}") from error
        chain = Chain.of(pieces, ends_with_slash=is_suffixed)
        return Part(regex, False, self.is_final, is_suffixed, weight, compiled, chain)


def parse_pattern(text: str, make_converter: MakeConverter) -> Pattern:
    """Parse the path or the domain of a rule.

    Raises:
        ValueError: malformed, a variable twice, or a converter's regex is not valid.
        LookupError: from `make_converter`, no such converter.
    """
    pattern = Pattern([], {}, [])
    part = _OpenPart()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"malformed url rule: {text!r}")
        at = token.end()
        slash, static, converter, arguments, variable = token.groups()
        if variable is not None:
            if variable in pattern.converters:
                raise ValueError(f"malformed url rule: {text!r} has the variable {variable!r} twice")
            args, kwargs = parse_converter_args(arguments or "")
            made = make_converter(variable, converter or "default", args, kwargs)
            pattern.converters[variable] = made
            pattern.trace.append((True, variable))
            part.add_variable(made)
            continue
        pattern.trace.append((False, slash or static))
        if static is not None:
            part.add_static(static)
        elif part.is_final:
            part.pieces.append((False, "/"))
        else:
            pattern.parts.append(part.close(at_end=False))
            part = _OpenPart()
    last = part.close(at_end=True)
    pattern.parts.append(last)
    if last.is_suffixed:
        pattern.parts.append(Part("", True, False, False, last.weight))
    return pattern
