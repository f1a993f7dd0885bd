"""`ProfilerMiddleware`: profiles each request and prints or saves what took the time. For development."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from cProfile import Profile
from pstats import Stats
from typing import IO, Any

from demijohn.message.environ import Environ
from demijohn.message.wsgi import StartResponse, WSGIApplication

_FILENAME = "{method}.{path}.{elapsed:.0f}ms.{time:.0f}.prof"


class ProfilerMiddleware:
    """Runs the application under `cProfile`, its whole body included, one request after the other.

    Args:
        app: the application.
        stream: where statistics are printed after each request; `None` for nowhere.
        sort_by: columns, as of `pstats.Stats.sort_stats`.
        restrictions: as of `pstats.Stats.print_stats`.
        profile_dir: folder to save the data of each request in, for tools that read `cProfile`'s format.
        filename_format: name of such a file: a text with `{method}`, `{path}`, `{elapsed}` (ms) and `{time}` (s since the
            epoch), or a function of the environ, which has the last two in `environ["werkzeug.profiler"]`.
    """

    def __init__(
        self,
        app: WSGIApplication,
        stream: IO[str] | None = sys.stdout,
        sort_by: Iterable[str] = ("time", "calls"),
        restrictions: Iterable[str | float] = (),
        profile_dir: str | None = None,
        filename_format: str | Callable[[Environ], str] = _FILENAME,
    ) -> None:
        self._app = app
        self._stream = stream
        self._sort_by = tuple(sort_by)
        self._restrictions = tuple(restrictions)
        self._profile_dir = profile_dir
        self._filename_format = filename_format
        self._lock = threading.Lock()  # a process has room for one profiler

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        body: list[bytes] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            start_response(status, headers, exc_info)
            return body.append

        def run() -> None:
            chunks = self._app(environ, start)
            try:
                body.extend(chunks)
            finally:
                close = getattr(chunks, "close", None)
                if close is not None:
                    close()

        with self._lock:
            profile = Profile()
            begin = time.perf_counter()
            profile.runcall(run)
            elapsed = time.perf_counter() - begin
            self._save(profile, environ, elapsed * 1000)
            self._print(profile, environ)
        return [b"".join(body)]

    def _save(self, profile: Profile, environ: Environ, elapsed_ms: float) -> None:
        if self._profile_dir is None:
            return
        now = time.time()
        if callable(self._filename_format):
            environ["werkzeug.profiler"] = {"elapsed": elapsed_ms, "time": now}
            filename = self._filename_format(environ)
        else:
            filename = self._filename_format.format(
                method=environ["REQUEST_METHOD"],
                path=environ["PATH_INFO"].strip("/").replace("/", ".") or "root",
                elapsed=elapsed_ms,
                time=now,
            )
        profile.dump_stats(os.path.join(self._profile_dir, filename))

    def _print(self, profile: Profile, environ: Environ) -> None:
        if self._stream is None:
            return
        self._stream.write(f"{'-' * 80}\nPATH: {environ.get('PATH_INFO', '')!r}\n")
        Stats(profile, stream=self._stream).sort_stats(*self._sort_by).print_stats(*self._restrictions)
        self._stream.write(f"{'-' * 80}\n\n")
