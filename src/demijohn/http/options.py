"""Field values that are tokens, quoted strings, lists, `key=value` lists, and `value; key=value` options: parse and render.

Parsers never raise on text and take time linear in its length: what does not fit the grammar is left out.
Nothing here knows the meaning of a field.
"""

import re
from collections.abc import Iterable, Mapping
from string import ascii_letters, digits
from typing import Any, Final
from urllib.parse import unquote

_TCHAR: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]"
"""One character of a token (RFC 9110 §5.6.2)."""

# Possessive (`*+`), so that no quote without an end is tried twice.
_QUOTED: Final = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'

_are_tchars = frozenset(ascii_letters + digits + "!#$%&'*+-.^_`|~").issuperset
_unescape = re.compile(r"\\(.)", re.DOTALL).sub
_option = re.compile(rf"[ \t]*+({_TCHAR}++)=({_TCHAR}++|{_QUOTED})?", re.DOTALL).match
_list_item = re.compile(rf'(?:[^,"]++|{_QUOTED})*+', re.DOTALL).match
# RFC 8187 §3.2.1, RFC 2231 §4: charset'language'percent-encoded text.
_extended = re.compile(rf"([!#$%&+\-.^_`|~0-9A-Za-z]*)'[!#$%&*+\-.^_`|~0-9A-Za-z]*'({_TCHAR}+)").fullmatch
# RFC 2231 §3: a number behind the name; more than three digits would be no sane message.
_segment = re.compile(r"(.*)\*([0-9]{1,3})").fullmatch

_CHARSETS: Final = frozenset({"ascii", "us-ascii", "utf-8", "iso-8859-1"})
"""What RFC 2231 text may be decoded from: a client does not get to choose among Python's codecs."""


def quote_header_value(value: object, allow_token: bool = True) -> str:
    """Render a value as a token where it is one (and `allow_token`), else as a quoted string."""
    text = value if value.__class__ is str else str(value)
    if allow_token and text and _are_tchars(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote_header_value(value: str) -> str:
    """Return what a quoted string stands for; text that is not in quotes as it is."""
    if len(value) >= 2 and value[0] == value[-1] == '"':
        return _unescape(r"\1", value[1:-1]) if "\\" in value else value[1:-1]
    return value


def parse_list_header(value: str | None) -> list[str]:
    """Split at commas that are not in quotes; elements wholly in quotes are unquoted, empty ones left out.

    A quote that is never closed leaves no way to tell the elements apart: the list is empty.
    """
    if not value:
        return []
    if '"' not in value:
        return [stripped for part in value.split(",") if (stripped := part.strip(" \t"))]
    result = []
    at, end = 0, len(value)
    while at <= end:
        match = _list_item(value, at)
        at = match.end() if match else end
        if at < end and value[at] != ",":
            return []
        if match and (item := match.group().strip(" \t")):
            result.append(unquote_header_value(item))
        at += 1
    return result


def parse_dict_header(value: str | None) -> dict[str, str | None]:
    """Parse `key=value, key="quoted", key`; a key without `=` has `None`, the last of equal keys counts.

    A key that ends with `*` has its value decoded (RFC 8187) and loses the star.
    """
    result: dict[str, str | None] = {}
    for item in parse_list_header(value):
        key, has_value, text = item.partition("=")
        key, text = key.strip(" \t"), text.strip(" \t")
        if key and not has_value:
            result[key] = None
        if not (key and has_value):
            continue
        if key[-1] == "*":
            key = key[:-1]
            charset, text, _ = _split_extended(text)
            if charset in _CHARSETS:
                text = unquote(text, charset)
        result[key] = unquote_header_value(text)
    return result


def parse_options_header(value: str | None) -> tuple[str, dict[str, str]]:
    """Parse `value; key=value; key="quoted"` into the value and a dict of options with lower-case keys.

    RFC 2231 and RFC 8187 forms (`key*=UTF-8''%e2%82%ac`, `key*0*=...; key*1=...`) are decoded and joined; charsets are
    UTF-8, ISO-8859-1 and ASCII. An option that does not fit is left out; from a quote that is never closed on, all are.
    """
    if not value:
        return "", {}
    if ";" not in value:
        return value.strip(), {}
    value, _, rest = value.partition(";")
    value = value.strip()
    options: dict[str, str] = {}
    if not value or not rest:
        return value, options
    segments: dict[str, dict[int, tuple[bool, str]]] | None = None
    at = 0
    while True:
        match = _option(rest, at)
        if match is not None:
            text = match.group(2)
            at = match.end()
            if text:
                key = match.group(1).lower()
                if "*" in key:
                    segments = {} if segments is None else segments
                    _add_extended(key, text, options, segments)
                else:
                    options[key] = _plain(text)
                    if segments:
                        segments.pop(key, None)
            elif rest.startswith('"', at):
                break
        at = rest.find(";", at) + 1
        if not at:
            break
    if segments:
        for key, parts in segments.items():
            options[key] = _join_segments(parts)
    return value, options


def _plain(text: str) -> str:
    if text[0] != '"':
        return text
    text = unquote_header_value(text)
    # COMPAT: browsers write a quote in a file name as %22 (WHATWG multipart/form-data), and nothing else so.
    return text.replace("%22", '"') if "%22" in text else text


def _split_extended(text: str) -> tuple[str, str, bool]:
    """Split into lower-case charset, text, and whether there was a charset at all."""
    match = _extended(text)
    return (match[1].lower(), match[2], True) if match else ("", text, False)


def _add_extended(
    key: str, text: str, options: dict[str, str], segments: dict[str, dict[int, tuple[bool, str]]]
) -> None:
    """Take an option whose name has a star: a value in RFC 8187 form, or a segment of one (RFC 2231 §3)."""
    is_encoded = key[-1] == "*"
    if is_encoded:
        key = key[:-1]
    else:
        text = _plain(text)
    match = _segment(key)
    if match is not None:
        key, number = match[1], int(match[2])
        if number == 0:
            options.pop(key, None)
            segments[key] = {**segments.get(key, {}), 0: (is_encoded, text)}
        else:
            segments.setdefault(key, {})[number] = (is_encoded, text)
        return
    segments.pop(key, None)
    if is_encoded:
        charset, text, _ = _split_extended(text)
        if charset in _CHARSETS:
            text = unquote(text, charset)
    options[key] = text


def _join_segments(parts: dict[int, tuple[bool, str]]) -> str:
    """Join segments in the order of their numbers. RFC 2231 §4.1: the first has the charset of all that are encoded."""
    charset = ""
    # Encoded neighbours are joined before they are decoded: a character may be cut in two between them.
    runs: list[tuple[bool, list[str]]] = []
    for number in sorted(parts):
        is_encoded, text = parts[number]
        if is_encoded and not runs:
            charset, text, _ = _split_extended(text)
        if runs and runs[-1][0] == is_encoded:
            runs[-1][1].append(text)
        else:
            runs.append((is_encoded, [text]))
    is_known = charset in _CHARSETS
    return "".join(
        unquote("".join(texts), charset) if is_encoded and is_known else "".join(texts) for is_encoded, texts in runs
    )


def render_options_header(header: str | None, options: Mapping[str, Any]) -> str:  # Any: whatever str() takes
    """Render `header; key=value`, values quoted where needed; keys that end with `*` have theirs as they are.

    Options that are `None` are left out; without a header only the options are rendered.
    """
    parts = [] if header is None else [header]
    for key, value in options.items():
        if value is not None:
            parts.append(f"{key}={value if key[-1:] == '*' else quote_header_value(value)}")
    return "; ".join(parts)


def render_list_header(items: Iterable[object]) -> str:
    """Render elements with commas between, quoted where needed."""
    return ", ".join([quote_header_value(item) for item in items])


def render_dict_header(items: Mapping[str, Any]) -> str:  # Any: whatever str() takes
    """Render `key=value, key`, quoted where needed; `None` is a key without value, a key that ends with `*` raw."""
    parts = []
    for key, value in items.items():
        if value is None:
            parts.append(key)
        else:
            parts.append(f"{key}={value if key[-1:] == '*' else quote_header_value(value)}")
    return ", ".join(parts)


def dump_header(iterable: Mapping[str, Any] | Iterable[object]) -> str:  # Any: whatever str() takes
    """Werkzeug's name for `render_dict_header` and `render_list_header`."""
    # PERF: cheaper than the check against the abstract class.
    items: Any = iterable  # Any: narrowed by the line below, which type checkers do not see
    return render_dict_header(items) if hasattr(items, "items") else render_list_header(items)


dump_options_header = render_options_header
"""Werkzeug's name."""
