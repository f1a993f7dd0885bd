"""A WSGI environ from a request head, and a request head from a WSGI environ (PEP 3333).

Both directions are pure: they read no socket and consume no body. What an environ cannot say (order and case of fields,
trailers, the raw target where a server does not pass it on) is lost on the way through one.
"""

import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO, cast
from urllib.parse import quote, unquote_to_bytes

from demijohn.http.stream import get_content_length
from demijohn.seam import EMPTY_BODY, BodySource, ClientDisconnected, Peer, RequestHead

Environ = dict[str, Any]
"""A WSGI environ; Any because PEP 3333 lets servers put any object into it."""

REQUEST_ID_KEY = "demijohn.request_id"
"""Variable of an environ: what names the request in logs. This package's server sets it."""

EXCHANGE_KEY = "demijohn.exchange"
"""Variable of an environ: the `seam.Exchange` that the request came by. This package's server sets it."""

_PROTOCOLS = {(1, 1): "HTTP/1.1", (1, 0): "HTTP/1.0", (2, 0): "HTTP/2.0"}
_VERSIONS = {text: version for version, text in _PROTOCOLS.items()}
_BLOCK_BYTES = 65536
_CUT_SHORT = "The body ended before its Content-Length."
_NEVER_ALIASED = frozenset(("HTTP_HOST", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE", "HTTP_TRANSFER_ENCODING"))
_PATH_SAFE = "/:@!$&'()*+,;=~-._"


@lru_cache(maxsize=512)
def _variable(name: bytes) -> str:
    """Return the environ variable of a field name, `""` for a field that must not reach the environ.

    PERF: a C-level, bounded cache; clients send a handful of names, an attacker only evicts.
    """
    lower = name.lower()
    if lower == b"content-type":
        return "CONTENT_TYPE"
    if lower == b"content-length":
        return "CONTENT_LENGTH"
    # SECURITY: `Proxy` would become HTTP_PROXY, which programs started with this environ take for a setting (httpoxy).
    if lower == b"proxy":
        return ""
    return "HTTP_" + lower.decode("latin-1").upper().replace("-", "_")


def environ_from_head(head: RequestHead, body: BodySource, peer: Peer, *, root_path: str = "") -> Environ:
    """Build the environ of a request, as a WSGI server hands it to an application.

    `root_path` is the decoded prefix the application is mounted under, below that of `peer`; it is cut off the path where the
    path starts with it.
    `wsgi.input` is `body` itself, which ends where the body ends (`wsgi.input_terminated`).
    """
    target = head.target
    if target[:1] == "/":
        path, _, query = target.partition("?")
    else:
        path, query = head.path, head.query
    if "%" in path:
        path = unquote_to_bytes(path).decode("latin-1")
    script_name = ""
    if root_path:
        script_name, path = _split_root(root_path, path)
    if peer.root_path:
        # Cut off in front already, by a proxy.
        script_name = _split_root(peer.root_path, "")[0] + script_name
    remote, local = peer.remote, peer.local
    environ: Environ = {
        "REQUEST_METHOD": head.method,
        "SCRIPT_NAME": script_name,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_URI": target,
        "RAW_URI": target,
        "SERVER_PROTOCOL": _PROTOCOLS.get(head.version, "HTTP/1.1"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": peer.scheme,
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": peer.is_multithread,
        "wsgi.multiprocess": peer.is_multiprocess,
        "wsgi.run_once": False,
    }
    if isinstance(local, str):
        # PEP 3333 wants both variables non-empty; a Unix socket has neither.
        environ["SERVER_NAME"] = "localhost"
        environ["SERVER_PORT"] = "443" if peer.scheme == "https" else "80"
    else:
        environ["SERVER_NAME"] = local[0]
        environ["SERVER_PORT"] = str(local[1])
    if remote is None:
        environ["REMOTE_ADDR"] = ""
    else:
        environ["REMOTE_ADDR"] = remote[0]
        if remote[1]:
            environ["REMOTE_PORT"] = str(remote[1])
    if peer.tls is not None:
        environ.update(peer.tls)
    _add_fields(environ, head)
    if "HTTP_TRANSFER_ENCODING" in environ:
        _settle_length(environ, body)
    if target[:1] != "/" and (authority := head.authority):
        # RFC 9112 §3.2.2: the authority of an absolute target replaces what Host says.
        environ["HTTP_HOST"] = authority
    return environ


def _add_fields(environ: Environ, head: RequestHead) -> None:
    repeated: dict[str, bytes] = {}
    for name, value in head.fields:
        key = _variable(name)
        if key:
            if b"_" in name:
                # SECURITY: `X_Real_IP` has the variable of `X-Real-IP`, which only the proxy in front may set. Our server drops
                # such names unless it is told to keep them; in no order do they come before the real ones.
                if key not in environ and key not in _NEVER_ALIASED:
                    environ[key] = head.index[name.lower()].decode("latin-1")
            elif key in environ:
                repeated[key] = name.lower()
            else:
                environ[key] = value.decode("latin-1")
    if repeated:
        # Joined once for all lines of a name: 10,000 equal names cost linear time.
        for key, name in repeated.items():
            environ[key] = head.index[name].decode("latin-1")


def _settle_length(environ: Environ, body: BodySource) -> None:
    """Give a de-chunked body whose length is known a CONTENT_LENGTH; then the coding is history and must not be shown."""
    environ.pop("CONTENT_LENGTH", None)
    remaining = body.remaining
    if remaining is not None:
        environ["CONTENT_LENGTH"] = str(remaining)
        del environ["HTTP_TRANSFER_ENCODING"]


def _split_root(root_path: str, path: str) -> tuple[str, str]:
    """(SCRIPT_NAME, PATH_INFO), both as latin-1 text of UTF-8 bytes."""
    root = root_path.rstrip("/").encode().decode("latin-1")
    if path == root or path.startswith(root + "/"):
        path = path[len(root) :]
    return root, path


class _InputBody:
    """The `wsgi.input` of a foreign server as a `BodySource`: never reads past Content-Length."""

    __slots__ = ("_input", "remaining")

    def __init__(self, stream: BinaryIO, remaining: int | None) -> None:
        self._input = stream
        self.remaining = remaining

    def read(self, size: int = -1, /) -> bytes:
        remaining = self.remaining
        if remaining is None:
            return self._input.read(size)
        if remaining == 0 or size == 0:
            return b""
        if size < 0:
            return self._read_all(remaining)
        wanted = min(size, remaining)
        data = self._input.read(wanted)
        if not data:
            raise ClientDisconnected(_CUT_SHORT)
        self.remaining = remaining - len(data)
        return data

    def _read_all(self, remaining: int) -> bytes:
        # A stated length is no reason to reserve that much memory: a block at a time is asked for.
        parts = []
        while remaining:
            data = self._input.read(min(remaining, _BLOCK_BYTES))
            if not data:
                raise ClientDisconnected(_CUT_SHORT)
            parts.append(data)
            self.remaining = remaining = remaining - len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readline(self, size: int = -1, /) -> bytes:
        remaining = self.remaining
        if remaining is None:
            return self._input.readline(size)
        if remaining == 0 or size == 0:
            return b""
        line = self._input.readline(remaining if size < 0 else min(size, remaining))
        if not line:
            raise ClientDisconnected(_CUT_SHORT)
        self.remaining = remaining - len(line)
        return line

    def readlines(self, hint: int = -1, /) -> list[bytes]:
        lines: list[bytes] = []
        total = 0
        for line in self:
            lines.append(line)
            total += len(line)
            if 0 < hint <= total:
                break
        return lines

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def close(self) -> None:
        """Do nothing: the stream is the server's."""


def head_from_environ(environ: Environ) -> tuple[RequestHead, BodySource, Peer]:
    """Read a request back out of an environ. Field names come out as `Title-Case`, in the environ's order.

    The target is `REQUEST_URI` or `RAW_URI` where the server gives one that still fits `SCRIPT_NAME` and `PATH_INFO`
    (middleware may have moved those), otherwise it is quoted anew.
    """
    fields = []
    for key, value in environ.items():
        if key.startswith("HTTP_") and key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
            fields.append((_field_name(key[5:]), str(value).encode("latin-1")))
        elif key in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            fields.append((_field_name(key), str(value).encode("latin-1")))
    head = RequestHead(
        environ.get("REQUEST_METHOD", "GET"),
        _target(environ),
        _VERSIONS.get(environ.get("SERVER_PROTOCOL", ""), (1, 1)),
        fields,
    )
    return head, body_from_environ(environ), peer_from_environ(environ)


@lru_cache(maxsize=512)
def _field_name(variable: str) -> bytes:
    return variable.replace("_", "-").title().encode("latin-1")


def _target(environ: Environ) -> str:
    whole = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    raw = environ.get("REQUEST_URI") or environ.get("RAW_URI") or ""
    if raw and raw.isascii():
        given = RequestHead("", raw, (1, 1), ())
        if given.query == query and unquote_to_bytes(given.path) == whole.encode("latin-1"):
            return cast("str", raw)
    target = quote(whole.encode("latin-1"), safe=_PATH_SAFE) or "/"
    if query:
        target += "?" + quote(query.encode("latin-1"), safe=_PATH_SAFE + "?%[]")
    return target


def body_from_environ(environ: Environ) -> BodySource:
    """Return the body behind `wsgi.input`; it ends where the request says or the server sees to it, and is never read past."""
    stream = environ.get("wsgi.input")
    if stream is None:
        return EMPTY_BODY
    if environ.get("wsgi.input_terminated"):
        if hasattr(stream, "remaining"):
            return cast("BodySource", stream)  # put there by `environ_from_head`
        # The server ends the stream, where it unpacked the body not at Content-Length.
        return _InputBody(stream, None)
    # Without a length the end of the input is unknown: reading could wait forever.
    return _InputBody(stream, get_content_length(environ) or 0)


def decode_text(text: str) -> str:
    """Turn the latin-1 text of an environ, which stands for bytes, into what those bytes are as UTF-8."""
    if text.isascii():
        return text
    return text.encode("latin-1").decode("utf-8", "replace")


def server_of(environ: Environ) -> tuple[str, int | None] | None:
    """Return (SERVER_NAME, SERVER_PORT), the port `None` where it is no number; `None` without a name."""
    name = environ.get("SERVER_NAME")
    if name is None:
        return None
    try:
        return name, int(environ.get("SERVER_PORT", ""))
    except ValueError:
        return name, None


def peer_from_environ(environ: Environ) -> Peer:
    """Return the two ends of the connection, as far as the environ knows them."""
    address = environ.get("REMOTE_ADDR")
    port = environ.get("REMOTE_PORT", "")
    server = server_of(environ)
    local: tuple[str, int] | str = ("", 0)
    if server is not None:
        local = server[0] if server[1] is None else (server[0], server[1])
    return Peer(
        remote=(address, int(port) if str(port).isdecimal() else 0) if address else None,
        local=local,
        scheme=environ.get("wsgi.url_scheme", "http"),
        is_multithread=bool(environ.get("wsgi.multithread")),
        is_multiprocess=bool(environ.get("wsgi.multiprocess")),
    )
