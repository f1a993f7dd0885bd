"""`PassedError`: an exception of the application ends serving and leaves it, as `passthrough_errors` asks, for debuggers.

With it, applications are called through WSGI. Any thread.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..message.environ import Environ
from ..message.wsgi import StartResponse, WSGIApplication
from ..seam import BodyError, ClientDisconnected

_OF_CLIENTS = (BodyError, ClientDisconnected)
"""What is raised in an application and is no fault of its."""


class PassedError:
    """The first exception, from the request that it ends to whoever serves."""

    def __init__(self) -> None:
        self.stop: Callable[[], None] = lambda: None
        """Makes the server return; set before it serves."""
        self._error: BaseException | None = None

    def watch(self, application: WSGIApplication) -> WSGIApplication:
        """Return an application whose exceptions are noticed. They go on to the server, which answers as always."""

        def watched(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            try:
                body = application(environ, start_response)
            except BaseException as error:
                self._notice(error)
                raise
            return body if type(body) is list else _WatchedBody(body, self._notice)

        return watched

    def leave(self) -> None:
        """Raise what was noticed, if anything was. When serving has ended."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _notice(self, error: BaseException) -> None:
        if self._error is None and not isinstance(error, _OF_CLIENTS):
            self._error = error
            self.stop()


class _WatchedBody:
    def __init__(self, body: Any, notice: Callable[[BaseException], None]) -> None:  # Any: an application's, unchecked
        self._body = body
        self._notice = notice

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except GeneratorExit:
            raise
        except BaseException as error:
            self._notice(error)
            raise

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            try:
                close()
            except BaseException as error:
                self._notice(error)
                raise
