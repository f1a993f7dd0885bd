"""The access log's formats: what can be said of an answer, and lines made of that.

A format is compiled once; making a line calls one function for each of its atoms. All text that a client or an application
chose is escaped here, by `quotable` in lines and by JSON's rules in JSON, so one answer is one line whatever it holds.
Pure but for the process's number; any thread.
"""

import binascii
import os
import re
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring_ascii as encode_text
from typing import Final

from .._base.logtext import quotable
from .answered import Answered

Value = str | bytes | int | float | None
"""What an atom gives: bytes are a field's value as it was sent, `None` is what there is nothing to say about."""

Atom = Callable[[Answered], Value]
Render = Callable[[Answered], str]
"""Makes a line, without its end."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_COMMON: Final = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s '

FORMATS: Final[Mapping[str, str]] = {
    "timed": _COMMON + "%(B)s %(duration_ms)sms",
    "common": _COMMON + "%(b)s",
    "combined": _COMMON + '%(b)s "%(f)s" "%(a)s"',
    "dev": '%(h)s - - %(local_time)s "%(r)s" %(s)s %(b)s',
}
"""The formats that have names, beside `json`."""

_JSON_FIELDS: Final = (
    "time", "remote", "method", "path", "query", "version", "status", "bytes", "bytes_in", "duration_ms", "queue_ms",
    "request_id", "host", "referer", "user_agent", "scheme", "connection_request", "cut", "pid",
)  # fmt: skip

_ATOM = re.compile(r"%(?:%|\(([^()]*)\)s|)")
_FIELD = re.compile(r"\{([^{}]+)\}([ioe])")


def compile_format(text: str, json_fields: Mapping[str, str] | None = None) -> Render:
    """Return the function that makes lines of a format: the name of one, or text with atoms such as `%(status)s`.

    `json_fields` adds to `json`: names, each with the atom that it says, such as `{"tenant": "{x-tenant}i"}`.

    Raises:
        ValueError: no such format, or no such atom.
    """
    if text == "json":
        return _compile_json(json_fields or {})
    if json_fields:
        raise ValueError(f"access_log_fields adds to the format 'json', and the format is {text!r}")
    if "%" not in text:
        if text not in FORMATS:
            raise ValueError(
                f"access_log_format is {text!r}; it must be one of {', '.join([*FORMATS, 'json'])}, or a format of your own"
                " such as '%(h)s %(m)s %(U)s %(s)s'"
            )
        text = FORMATS[text]
    atoms: list[Atom] = []

    def take(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%%"
        if match[1] is None:
            raise ValueError(
                f"access_log_format has a stray % at {text[match.start() :][:12]!r}; write %% for a percent sign and"
                " %(name)s for an atom"
            )
        atoms.append(find_atom(match[1]))
        return "%s"

    template = _ATOM.sub(take, text)
    if "\n" in template or "\r" in template:
        raise ValueError("access_log_format has a line break; an answer is one line")
    functions = tuple(atoms)
    return lambda answered: template % tuple([_as_text(function(answered)) for function in functions])


def _compile_json(more: Mapping[str, str]) -> Render:
    atoms = {name: name for name in _JSON_FIELDS} | dict(more)
    # PERF: names are encoded once, and each value by what C has for its type.
    names = [encode_text(name).replace("%", "%%") for name in atoms]
    template = "{" + ",".join(f"{name}:%s" for name in names) + "}"
    functions = tuple(find_atom(atom) for atom in atoms.values())
    return lambda answered: template % tuple([_as_json(function(answered)) for function in functions])


def find_atom(name: str) -> Atom:
    """Return the function of an atom, such as `status` or `{user-agent}i`.

    Raises:
        ValueError: there is none; the message lists those there are.
    """
    atom = ATOMS.get(name)
    if atom is not None:
        return atom
    match = _FIELD.fullmatch(name)
    if match is not None:
        if match[2] == "i":
            return _request_field(match[1])
        if match[2] == "o":
            return _answer_field(match[1])
        variable = match[1]
        if variable in _VARIABLES:
            return ATOMS[_VARIABLES[variable]]
        if variable.startswith("HTTP_"):
            return _request_field(variable[5:].replace("_", "-"))
    raise ValueError(
        f"the access log has no atom {name!r}. There are {', '.join(ATOMS)}, and {{field}}i of the request, {{field}}o of"
        f" the answer, {{variable}}e: HTTP_... or one of {', '.join(_VARIABLES)}"
    )


def _as_text(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, bytes):
        return quotable(value.decode("latin-1"))
    if isinstance(value, str):
        return quotable(value)
    return str(value)


def _as_json(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_text(value)
    if isinstance(value, bytes):
        # What is not UTF-8 is shown as \xHH.
        return encode_text(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value)


# ---- atoms -----------------------------------------------------------------------------------------------------------


def _request_field(name: str) -> Atom:
    key = name.lower().encode("utf-8")
    return lambda answered: None if answered.head is None else answered.head.index.get(key)


def _answer_field(name: str) -> Atom:
    key = name.lower()

    def value(answered: Answered) -> Value:
        values = [value for name, value in answered.fields if name.lower() == key]
        return ", ".join(values) if values else None

    return value


def _remote(answered: Answered) -> Value:
    remote = answered.peer.remote
    return "unix" if remote is None else remote[0]


def _remote_port(answered: Answered) -> Value:
    remote = answered.peer.remote
    return None if remote is None else remote[1]


def _local(answered: Answered) -> Value:
    local = answered.peer.local
    return local if isinstance(local, str) else local[0]


def _local_port(answered: Answered) -> Value:
    local = answered.peer.local
    return None if isinstance(local, str) else local[1]


def _user(answered: Answered) -> Value:
    """The name that the client gave with Basic authentication (RFC 7617): nobody has checked it here."""
    value = None if answered.head is None else answered.head.index.get(b"authorization")
    if value is None or value[:6].lower() != b"basic ":
        return None
    try:
        return binascii.a2b_base64(value[6:]).partition(b":")[0] or None
    except binascii.Error:
        return None


def _stamp(answered: Answered) -> Value:
    """Local time with its offset, as the common log format has it."""
    return _stamp_of(int(answered.time))


@lru_cache(maxsize=4)
def _stamp_of(second: int) -> str:
    t = time.localtime(second)
    return time.strftime(f"[%d/{_MONTHS[t.tm_mon - 1]}/%Y:%H:%M:%S %z]", t)


@lru_cache(maxsize=4)
def _local_time_of(second: int) -> str:
    """Local time as Werkzeug's log lines have it."""
    t = time.localtime(second)
    return time.strftime(f"[%d/{_MONTHS[t.tm_mon - 1]}/%Y %H:%M:%S]", t)


def rfc3339(seconds: float) -> str:
    """Render seconds since the epoch as UTC with milliseconds, RFC 3339."""
    whole, milliseconds = divmod(int(seconds * 1000), 1000)
    return f"{_second_of(whole)}.{milliseconds:03d}Z"


@lru_cache(maxsize=4)  # PERF: many answers share a second
def _second_of(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _path(answered: Answered) -> Value:
    head = answered.head
    if head is None:
        return None
    target = head.target
    return target.partition("?")[0] if target[:1] == "/" else head.path


def _query(answered: Answered) -> Value:
    head = answered.head
    if head is None:
        return None
    target = head.target
    return target.partition("?")[2] if target[:1] == "/" else head.query


def _request_line(answered: Answered) -> Value:
    head = answered.head
    if head is None:
        return None
    major, minor = head.version
    return f"{head.method} {head.target} HTTP/{major}.{minor}"


def _version(answered: Answered) -> Value:
    if answered.head is None:
        return None
    major, minor = answered.head.version
    return f"HTTP/{major}.{minor}"


ATOMS: Final[Mapping[str, Atom]] = {
    # Those that gunicorn has.
    "h": _remote,
    "l": lambda _: None,
    "u": _user,
    "t": _stamp,
    "r": _request_line,
    "m": lambda answered: None if answered.head is None else answered.head.method,
    "U": _path,
    "q": _query,
    "H": _version,
    "s": lambda answered: int(answered.status),
    "b": lambda answered: answered.body_bytes or None,
    "B": lambda answered: answered.body_bytes,
    "f": _request_field("referer"),
    "a": _request_field("user-agent"),
    "T": lambda answered: int(answered.seconds),
    "D": lambda answered: int(answered.seconds * 1_000_000),
    "M": lambda answered: int(answered.seconds * 1000),
    "L": lambda answered: f"{answered.seconds:.6f}",
    "p": lambda _: os.getpid(),
    # Ours; JSON's fields have the same names.
    "time": lambda answered: rfc3339(answered.time),
    "local_time": lambda answered: _local_time_of(int(answered.time)),
    "remote": _remote,
    "remote_port": _remote_port,
    "local": _local,
    "local_port": _local_port,
    "scheme": lambda answered: answered.peer.scheme,
    "host": _request_field("host"),
    "method": lambda answered: None if answered.head is None else answered.head.method,
    "target": lambda answered: None if answered.head is None else answered.head.target,
    "path": _path,
    "query": _query,
    "version": _version,
    "status": lambda answered: int(answered.status),
    "bytes": lambda answered: answered.body_bytes,
    "bytes_in": lambda answered: answered.bytes_in,
    "duration_ms": lambda answered: round(answered.seconds * 1000, 3),
    "queue_ms": lambda answered: round(answered.queue_seconds * 1000, 3),
    "request_id": lambda answered: answered.refusal_id if answered.exchange is None else answered.exchange.request_id,
    "endpoint": lambda answered: (None if answered.exchange is None else answered.line.label) or None,
    "connection_request": lambda answered: answered.number or None,
    "cut": lambda answered: answered.is_cut,
    "referer": _request_field("referer"),
    "user_agent": _request_field("user-agent"),
    "user": _user,
    "pid": lambda _: os.getpid(),
}
"""Name -> function. `endpoint` asks the application which route a request leads to, which takes a moment."""

_VARIABLES: Final = {
    "REMOTE_ADDR": "remote",
    "REMOTE_PORT": "remote_port",
    "SERVER_ADDR": "local",
    "SERVER_PORT": "local_port",
    "REQUEST_METHOD": "method",
    "REQUEST_URI": "target",
    "QUERY_STRING": "query",
    "SERVER_PROTOCOL": "version",
    "wsgi.url_scheme": "scheme",
    "demijohn.request_id": "request_id",
}
"""Variables of a WSGI environ that are known without one -> atoms."""
