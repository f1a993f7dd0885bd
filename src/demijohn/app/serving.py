"""`AppServing`: an application among others and in its processes: mounts, functions at the start, the end, and after an answer.

On top of dispatch: `wsgi_app` first looks whether serving has begun, and whether a mounted application is meant.
Set up by one thread.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ..message.wsgi import ClosingIterator
from .afterwards import AfterResponse
from .dispatch import AppDispatch, Environ, StartResponse
from .globals import current_request_context
from .lifecycle import Lifecycle
from .mounts import Mount, MountTable
from .registry import H
from .scaffold import setupmethod

AFTER_KEY = "demijohn.after_response"
"""Variable of an environ: `after(function)` has a function called once the answer is out. This package's server sets it."""


class AppServing(AppDispatch):
    """What an application has to do with who serves it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lifecycle = Lifecycle(self)
        """What a server calls when serving begins and ends."""
        self._mounts: MountTable | None = None
        self._mounted_as: list[Mount] = []
        self._is_handed_out = False

    # ------------------------------------------------------------------ beginning and end

    def on_startup(self, f: H) -> H:
        """Call `f()` once in the process that loads the application, before the workers are made and before any request.

        Like the three below, `f` may be async, runs in a context of the application, and the method may be used as a decorator.
        If it raises, the server does not start. Under a server of another make it runs in each process, before the first request.

        Raises:
            AssertionError: that moment is over.
        """
        self.lifecycle.add("startup", f)
        return f

    def on_worker_start(self, f: H) -> H:
        """Call `f()` in each process that will answer requests, before the first of them: for connections and threads."""
        self.lifecycle.add("worker_start", f)
        return f

    def on_worker_stop(self, f: H) -> H:
        """Call `f()` in each process that answered requests, after the last of them, when it stops in good order.

        Functions of the end are called last registered first; what they raise is logged and keeps no other from running.
        """
        self.lifecycle.add("worker_stop", f)
        return f

    def on_shutdown(self, f: H) -> H:
        """Call `f()` once in the process of `on_startup`, when all workers have stopped."""
        self.lifecycle.add("shutdown", f)
        return f

    def after_response(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> None:
        """Call `f(*args, **kwargs)` when the answer to the current request is out; the client does not wait for it.

        It runs in the request's context, whose teardown waits, on a thread that handles requests: that thread, and the next
        request on the same connection, do wait. `f` may be async. What it raises is logged (`log_exception`). An orderly stop
        lets it finish.

        Raises:
            RuntimeError: there is no request context, or one that was copied for another thread.
        """
        ctx = current_request_context()
        if not ctx._closes_request:
            raise RuntimeError(
                "after_response is for the request's own thread: in a copy of its context the answer may be out."
            )
        request = ctx.request
        if request._after_response is None:
            request._after_response = AfterResponse(ctx)
        request._after_response.add(f, args, kwargs)

    # ------------------------------------------------------------------ mounts

    @setupmethod
    def mount(self, path: str, application: Any, *, host: str | None = None, name: str | None = None) -> None:
        """Let another application answer everything below a path: a `Demijohn`, or any WSGI application.

        It has its own contexts, config, hooks and (with a secret key of its own) sessions, and sees `path` as its root. Mounts
        come before routes; of those that fit, the one with a host, then the longest path wins. A mounted `Demijohn` starts
        and ends with this one.

        Args:
            path: a prefix of whole segments, such as `/admin`; `/` for all of a host.
            application: what answers.
            host: only requests for this host, `admin.example.org`; with a port only if that matters.
            name: what `url_for` calls it, as in `url_for("name::endpoint")`; by default the host and path without slashes around.

        Raises:
            ValueError: the place or the name is taken, or not a possible one.
            AssertionError: the application is being served already.
        """
        if self._is_handed_out:
            raise AssertionError(
                f"The application {self.name!r} has a server already, which would not hear of a new mount."
            )
        prefix = path.rstrip("/")
        if path[:1] != "/" or "//" in path or not (prefix or host):
            raise ValueError(f"{path!r} is no path to mount at: write '/admin', or '/' together with a `host`.")
        if "<" in path:
            raise ValueError(f"A path to mount at has no variables: {path!r}.")
        if host is not None and (not host or "/" in host or "*" in host):
            raise ValueError(f"{host!r} is no host: write 'admin.example.org'.")
        name = name if name is not None else ((host or "") + prefix).strip("/")
        if not name or "::" in name:
            raise ValueError(f"The name of a mount is not empty and has no '::' in it: {name!r}.")
        if not callable(application):
            raise ValueError(f"{application!r} is no application: it cannot be called.")  # noqa: TRY004 - like the others
        if application is self or _contains(application, self):
            raise ValueError("An application cannot be mounted in itself.")
        mount = Mount(name, prefix, None if host is None else host.lower(), application, self)
        table = self._mounts or MountTable()
        table.add(mount)
        self._mounts = table
        if isinstance(application, AppServing):
            application._mounted_as.append(mount)
            self.lifecycle.include(application.lifecycle)

    def iter_mounts(self) -> Iterable[Mount]:
        """Return the mounts, in the order they are looked at."""
        return () if self._mounts is None else tuple(self._mounts)

    # ------------------------------------------------------------------ WSGI

    def wsgi_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application behind `__call__`. Wrap it in middleware: `app.wsgi_app = Middleware(app.wsgi_app)`."""
        if self.lifecycle.wants_start:
            self.lifecycle.start_here()
        if self._mounts is not None:
            mount = self._mounts.find_environ(environ)
            if mount is not None:
                return mount(environ, start_response)
        ctx = self.request_context(environ)
        request = ctx.request
        try:
            body: Iterable[bytes] = self.respond(
                request,
                ctx=ctx,
                wsgi=(environ, start_response),
                preserve=environ.get("werkzeug.debug.preserve_context"),
            )
        except BaseException:
            if request._after_response is not None:
                # Whoever catches this answers. Only our own server can say when.
                environ.get(AFTER_KEY, _call)(request._after_response)
            raise
        after = request._after_response
        if after is None:
            return body
        if AFTER_KEY in environ:
            environ[AFTER_KEY](after)
            return body
        return ClosingIterator(body, after)


def _call(function: Callable[[], object]) -> None:
    function()


def _contains(application: Any, wanted: AppServing) -> bool:
    mounts = application.iter_mounts() if isinstance(application, AppServing) else ()
    return any(mount.application is wanted or _contains(mount.application, wanted) for mount in mounts)
