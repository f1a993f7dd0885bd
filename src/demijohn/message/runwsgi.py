"""Running a WSGI application to get at its answer, as `Response.from_app` and test clients do."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from types import TracebackType
from typing import Any

from demijohn.http.headers import Headers

from .environ import Environ
from .wsgi import ClosingIterator

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def run_application(
    app: Callable[..., Iterable[bytes]], environ: Environ, buffered: bool = False
) -> tuple[Iterable[bytes], str, Headers]:
    """Call `app` and return (body, status, headers).

    The application is pulled until it has called `start_response`; what it wrote and yielded until then comes first in the
    body. With `buffered` it is pulled to its end and closed; otherwise closing the body closes it. The environ is copied,
    so the application's changes do not reach the caller.

    Raises:
        RuntimeError: the application ended without calling `start_response`.
    """
    answer: list[Any] = []  # Any: status and headers, as `start_response` got them
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is not None:
            try:
                if written:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None
        answer[:] = status, headers
        return written.append

    body = app(dict(environ), start_response)
    close = getattr(body, "close", None)
    if buffered:
        try:
            written.extend(body)
        finally:
            if close is not None:
                close()
        chunks: Iterable[bytes] = written
    else:
        chunks = _start(body, answer, written, close)
    if not answer:
        raise RuntimeError("The application ended without calling start_response().")
    status, headers = answer
    return chunks, status, Headers(headers)


# Any: see `run_application`
def _start(
    body: Iterable[bytes], answer: list[Any], written: list[bytes], close: Callable[[], object] | None
) -> Iterable[bytes]:
    """Pull `body` until the application has answered, and return it whole again."""
    iterator: Iterator[bytes] = iter(body)
    early: list[bytes] = []
    while not answer:
        try:
            early.append(next(iterator))
        except StopIteration:
            break
    if not early and not written and iterator is not body and isinstance(body, (list, tuple)):
        return body
    chunks = chain(written, early, iterator)
    return chunks if close is None else ClosingIterator(chunks, close)
