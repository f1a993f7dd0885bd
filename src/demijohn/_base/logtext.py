"""Text of strangers in a log: no byte of theirs begins a line, ends a quotation, or reaches a terminal. Pure; any thread."""

import re

_UNSAFE = re.compile(r"[^ !#-\[\]-~]").search
_UNSAFE_EACH = re.compile(r"[^ !#-\[\]-~]").sub
_CONTROL_EACH = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").sub


def quotable(text: str) -> str:
    r"""Return text that can stand between double quotes: `"`, `\` and what is not visible ASCII or a space become `\xHH`.

    Characters up to U+00FF stand for one byte each, as in field values; others become those of their UTF-8.
    """
    return text if _UNSAFE(text) is None else _UNSAFE_EACH(_escape, text)


def one_line(text: str) -> str:
    r"""Return text that stays on its line: control characters, line separators and lone surrogates become `\xHH` or `\uHHHH`.

    Letters of all scripts stay; for messages that people read.
    """
    return text if text.isprintable() else _CONTROL_EACH(_escape_control, text)


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02X}"
    return "".join(f"\\x{byte:02X}" for byte in character.encode("utf-8", "surrogatepass"))


def _escape_control(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02X}" if number <= 0xFF else f"\\u{number:04X}"
