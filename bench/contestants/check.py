"""Whether a contestant answers what it should: before anything is measured, the same answers are seen to be the same."""

import http.client
import json
import ssl
from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..asking import Answer, Client
from .contestant import Contestant, Setting

_HTML = "text/html", "utf-8"
_PAGE_BYTES = range(5_000, 8_000)
_STREAM_BYTES = 10 << 20
_UPLOAD_BYTES = 1 << 20
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def problems(contestant: Contestant, setting: Setting) -> dict[str, str]:
    """Ask a running contestant for all that it can do; return what is wrong, by workload."""
    tls = None
    if setting.certificate is not None:
        tls = ssl.create_default_context(cafile=str(setting.certificate[0]))
        tls.check_hostname = False
    client = Client(setting.port, tls)
    found = {}
    for key in sorted(contestant.workloads):
        try:
            problem = _CHECKS[key](client, setting)
        except (OSError, http.client.HTTPException) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            found[key] = problem
    return found


def _text(answer: Answer, expected: bytes) -> str:
    if answer.status != 200:
        return f"status {answer.status}: {answer.body[:80]!r}"
    if problem := _kind(answer):
        return problem
    return "" if answer.body == expected else f"{answer.body[:80]!r}, not {expected!r}"


def _kind(answer: Answer) -> str:
    is_html = (answer.headers.get_content_type(), answer.headers.get_content_charset()) == _HTML
    return "" if is_html else f"content type {answer.headers.get('Content-Type')}"


def _get(path: str, expected: bytes, client: Client, setting: Setting) -> str:
    return _text(client.ask(path), expected)


def _json(client: Client, setting: Setting) -> str:
    answer = client.ask("/json/17?q=abc")
    if answer.headers.get_content_type() != "application/json":
        return f"content type {answer.headers.get_content_type()}"
    try:
        found = json.loads(answer.body)
    except ValueError as error:
        return f"{answer.body[:80]!r}: {error}"
    return "" if found == {"number": 17, "q": "abc"} else f"{found!r}"


def _session(client: Client, setting: Setting) -> str:
    first = client.ask("/session")
    if problem := _text(first, b"1"):
        return problem
    cookie = first.headers.get("Set-Cookie")
    if cookie is None:
        return "no cookie is set"
    return _text(client.ask("/session", headers={"Cookie": cookie.partition(";")[0]}), b"2")


def _page(client: Client, setting: Setting) -> str:
    answer = client.ask("/page")
    if problem := _text(answer, answer.body):
        return problem
    if len(answer.body) not in _PAGE_BYTES:
        return f"{len(answer.body)} bytes"
    is_whole = answer.body.count(b"Visitor &lt;") == 30 and b"&amp; done" in answer.body
    return "" if is_whole else "values are missing, or not escaped"


def _form(client: Client, setting: Setting) -> str:
    return _text(client.ask("/form", method="POST", headers=_FORM, body=b"a=1&b=2"), b"1")


def _upload(client: Client, setting: Setting) -> str:
    body = bytes(_UPLOAD_BYTES)
    return _text(client.ask("/upload", method="POST", body=body), str(len(body)).encode())


def _file(name: str, client: Client, setting: Setting) -> str:
    answer = client.ask(f"/static/{name}")
    if answer.status != 200:
        return f"status {answer.status}"
    return (
        "" if answer.body == Path(setting.files, name).read_bytes() else f"{len(answer.body)} bytes of something else"
    )


def _not_modified(client: Client, setting: Setting) -> str:
    headers = client.ask("/static/10k.bin").headers
    condition = {}
    if tag := headers.get("ETag"):
        condition["If-None-Match"] = tag
    elif date := headers.get("Last-Modified"):
        condition["If-Modified-Since"] = date
    else:
        return "no validator"
    answer = client.ask("/static/10k.bin", headers=condition)
    return "" if answer.status == 304 and not answer.body else f"status {answer.status}"


def _stream(client: Client, setting: Setting) -> str:
    answer = client.ask("/stream")
    if answer.status != 200:
        return f"status {answer.status}"
    if problem := _kind(answer):
        return problem
    return "" if answer.body == b"x" * _STREAM_BYTES else f"{len(answer.body)} bytes"


def _mixed(client: Client, setting: Setting) -> str:
    return _text(client.ask("/mixed/7"), b"fast") or _text(client.ask("/mixed/50"), b"slow")


_CHECKS: dict[str, Callable[[Client, Setting], str]] = {
    "hello": partial(_get, "/", b"Hello, World!"),
    "json": _json,
    "session": _session,
    "page": _page,
    "form": _form,
    "upload": _upload,
    "static10k": partial(_file, "10k.bin"),
    "static1m": partial(_file, "1m.bin"),
    "static304": _not_modified,
    "stream": _stream,
    "sleep": partial(_get, "/sleep", b"slept"),
    "mixed": _mixed,
}
