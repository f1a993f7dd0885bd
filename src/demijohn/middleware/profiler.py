"""`ProfilerMiddleware`: profiles each request; prints, saves or shows as a flame graph what took the time. For development."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable
from cProfile import Profile
from pstats import Stats
from typing import IO, Any, Final

from demijohn.message.environ import Environ
from demijohn.message.wsgi import StartResponse, WSGIApplication

from .calltree import CallTree, Statistics
from .flames import Flames

_FILENAME: Final = "{method}.{path}.{elapsed:.0f}ms.{time:.0f}.prof"

_IS_ONE_FOR_ALL: Final = sys.version_info >= (3, 12)
"""`cProfile` has one place in the process (sys.monitoring), not one in each thread."""


class ProfilerMiddleware:
    """Runs the application under a profiler, its whole body included: answers are buffered.

    The profiler is `cProfile`; where it has room for one request at a time (Python 3.12 and later), others go unprofiled
    meanwhile. With `flame_path`, all calls are watched one by one, on each thread for itself, which takes longer: compare
    shares, not milliseconds. What the application has other threads do is in neither.

    SECURITY: whoever can ask for `flame_path` sees paths of requests and names of functions and files. Not for production.

    Args:
        app: the application.
        stream: where statistics are printed after each request; `None` for nowhere.
        sort_by: columns, as of `pstats.Stats.sort_stats`.
        restrictions: as of `pstats.Stats.print_stats`.
        profile_dir: folder to save the data of each request in, for tools that read `cProfile`'s format.
        filename_format: name of such a file: a text with `{method}`, `{path}`, `{elapsed}` (ms) and `{time}` (s since the
            epoch), or a function of the environ, which has the last two in `environ["werkzeug.profiler"]`.
        flame_path: path of a page with flame graphs of the last requests, `"/__profile__"` say; `None` for none. Each process has
            its own.
        flame_requests: how many requests that page has.

    Raises:
        ValueError: `flame_path` is no path, or `flame_requests` is less than 1.
    """

    def __init__(
        self,
        app: WSGIApplication,
        stream: IO[str] | None = sys.stdout,
        sort_by: Iterable[str] = ("time", "calls"),
        restrictions: Iterable[str | float] = (),
        profile_dir: str | None = None,
        filename_format: str | Callable[[Environ], str] = _FILENAME,
        *,
        flame_path: str | None = None,
        flame_requests: int = 20,
    ) -> None:
        self._app = app
        self._stream = stream
        self._sort_by = tuple(sort_by)
        self._restrictions = tuple(restrictions)
        self._profile_dir = profile_dir
        self._filename_format = filename_format
        self._flames = None if flame_path is None else Flames(flame_path, flame_requests)
        self._output = threading.Lock()  # what is printed of one request stays together
        self._place = threading.Lock()  # of cProfile, where there is one for all
        self._here = threading.local()  # whether cProfile is at work in this thread

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        if self._flames is not None and self._flames.is_for(environ):
            return self._flames(environ, start_response)
        answer = _Answer(self._app, environ, start_response)
        begin = time.perf_counter()
        if self._flames is not None:
            tree = CallTree()
            tree.run(answer.run)
            elapsed_ms = (time.perf_counter() - begin) * 1000
            self._flames.add(tree, environ, answer.status, elapsed_ms)
            self._report(Statistics(tree), environ, elapsed_ms)
        elif self._take_place():
            profile = Profile()
            try:
                profile.runcall(answer.run)
            finally:
                self._leave_place()
            self._report(profile, environ, (time.perf_counter() - begin) * 1000)
        else:
            answer.run()
        return [b"".join(answer.body)]

    def _take_place(self) -> bool:
        """Tell whether this request is profiled by `cProfile`; not one that an application asks of itself while it is."""
        if getattr(self._here, "is_busy", False) or (_IS_ONE_FOR_ALL and not self._place.acquire(blocking=False)):
            return False
        self._here.is_busy = True
        return True

    def _leave_place(self) -> None:
        self._here.is_busy = False
        if _IS_ONE_FOR_ALL:
            self._place.release()

    def _report(self, profile: Any, environ: Environ, elapsed_ms: float) -> None:
        # Any: a Profile, or what pstats takes for one, which its types do not know.
        if self._profile_dir is not None:
            # The format is cProfile's; what it does not write by itself, pstats writes.
            dump = getattr(profile, "dump_stats", None) or Stats(profile).dump_stats
            dump(os.path.join(self._profile_dir, self._filename(environ, elapsed_ms)))
        if self._stream is not None:
            with self._output:
                self._stream.write(f"{'-' * 80}\nPATH: {environ.get('PATH_INFO', '')!r}\n")
                Stats(profile, stream=self._stream).sort_stats(*self._sort_by).print_stats(*self._restrictions)
                self._stream.write(f"{'-' * 80}\n\n")

    def _filename(self, environ: Environ, elapsed_ms: float) -> str:
        now = time.time()
        if callable(self._filename_format):
            environ["werkzeug.profiler"] = {"elapsed": elapsed_ms, "time": now}
            return self._filename_format(environ)
        return self._filename_format.format(
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"].strip("/").replace("/", ".") or "root",
            elapsed=elapsed_ms,
            time=now,
        )


class _Answer:
    """One call of the application, and all of its answer."""

    def __init__(self, app: WSGIApplication, environ: Environ, start_response: StartResponse) -> None:
        self.status = ""
        self.body: list[bytes] = []
        self._app = app
        self._environ = environ
        self._start_response = start_response

    def run(self) -> None:
        chunks = self._app(self._environ, self._start)
        try:
            self.body.extend(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()

    def _start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
        self.status = status
        self._start_response(status, headers, exc_info)
        return self.body.append
