"""`DebuggedApplication`: an application whose exceptions become pages with consoles. For development only.

Call flow: `__call__` -> `Commands` for requests of the debugger's own pages, else `debug_application` -> the application;
what it raises -> `_show`: a page, text or JSON, by `Accept`. Any number of threads and processes.
SECURITY: whoever may use a console may do all that the process can. guard.py says who may.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

from ..doors.host_wsgi import wsgi_handler
from ..message.environ import Environ
from ..message.request import Request
from ..message.response import Response
from ..message.segment import find_segment
from ..message.wsgi import ClosingBlocks, StartResponse, WSGIApplication, get_path_info
from ..seam import BodyError, Exchange, Handler, HandlerTimeout
from .commands import Commands, private
from .guard import Guard
from .memory import Memory
from .pin import identity_of, make_pin
from .plain import render_json
from .render import Page, render_page
from .run import DebugRun
from .tbtools import DebugTraceback

_SERVERS_OWN = (HandlerTimeout, BodyError)
"""What the server raises in an application, and answers itself: a time limit, a client that has gone."""

_PRESERVE = "werkzeug.debug.preserve_context"


class DebuggedApplication:
    """Wraps a WSGI application.

    Args:
        app: the application.
        evalex: pages have consoles.
        request_key: variable of an environ that has the request, which the page tells about.
        console_path: path of a console that is no frame's; `None` for none.
        console_init_func: returns the variables that it begins with.
        show_hidden_frames: show frames that ask not to be shown, by `__traceback_hide__`.
        pin_security: consoles ask for the PIN. SECURITY: without, everybody who can reach the server can run code.
        pin_logging: print the PIN when a page asks for it.
        run: what several processes have in common; without, this application begins one, which processes that are forked
            from here share.
    """

    def __init__(
        self,
        app: WSGIApplication,
        evalex: bool = False,
        request_key: str = "werkzeug.request",
        console_path: str | None = "/console",
        console_init_func: Callable[[], dict[str, Any]] | None = None,
        show_hidden_frames: bool = False,
        pin_security: bool = True,
        pin_logging: bool = True,
        *,
        run: DebugRun | None = None,
    ) -> None:
        self.app = app
        self.evalex = evalex
        self.request_key = request_key
        self.console_path = console_path
        self.show_hidden_frames = show_hidden_frames
        self.run = run or DebugRun(make_pin(*identity_of(app)))
        self.guard = Guard(self.run, asks_pin=pin_security)
        self.memory = Memory()
        self._commands = Commands(
            self.guard, self.memory, console_init_func or (lambda: {"app": app}), logs_pin=pin_logging
        )

    # ------------------------------------------------------------------ Werkzeug's names

    @property
    def secret(self) -> str:
        """That requests of our pages come with."""
        return self.run.secret

    @property
    def trusted_hosts(self) -> list[str]:
        """Hosts of requests that may use consoles; may be changed."""
        return self.guard.trusted_hosts

    @trusted_hosts.setter
    def trusted_hosts(self, hosts: Iterable[str]) -> None:
        self.guard.trusted_hosts = list(hosts)

    @property
    def pin(self) -> str | None:
        """The PIN; `None` if none is asked for."""
        return self.run.pin.text if self.guard.asks_pin else None

    @property
    def pin_cookie_name(self) -> str:
        """Name of the cookie of browsers that gave it."""
        return self.run.pin.cookie_name

    def check_host_trust(self, environ: Environ) -> bool:
        """Tell whether a request is for a trusted host."""
        return self.guard.trusts_host(environ)

    def check_pin_trust(self, environ: Environ) -> bool | None:
        """Tell whether the browser of a request has given the PIN, or need not."""
        return self.guard.has_pin(environ)

    # ------------------------------------------------------------------ what a server asks

    @property
    def lifecycle(self) -> Any:  # Any: whatever the application has
        """What the application does when serving begins and ends."""
        return getattr(self.app, "lifecycle", None)

    def exchange_handler(self) -> Handler:
        """Return what serves this: through WSGI, with what the application knows of a request before it is read."""
        offer = getattr(self.app, "exchange_handler", None)
        return _Handler(wsgi_handler(self), None if offer is None else offer())

    # ------------------------------------------------------------------ answering

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        self.memory.forget_old()
        response = None
        if self.evalex:
            if "__debugger__=yes" in environ.get("QUERY_STRING", ""):
                response = self._commands.answer(Request(environ, populate_request=False))
            elif self.console_path is not None and get_path_info(environ) == self.console_path:
                response = self._commands.console_page(Request(environ, populate_request=False))
        return (
            self.debug_application(environ, start_response) if response is None else response(environ, start_response)
        )

    def debug_application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Call the application; answer with a page if it raises."""
        __traceback_hide__ = True  # noqa: F841 - frames.py looks for it
        call = _Call(self, environ, start_response)
        try:
            body = self.app(environ, call.start_response)
        except _SERVERS_OWN:
            raise
        except Exception as error:  # noqa: BLE001 - to be shown
            return call.show(error)
        if isinstance(body, list | tuple | ClosingBlocks) or find_segment(body, None) is not None:
            # Nothing of the application's runs any more. PERF: files still leave by sendfile.
            return body
        return _WatchedBody(call, body)

    def show(self, error: Exception, environ: Environ, contexts: list[Any]) -> Response:
        """Return the answer to a request that ended in an exception; its frames are remembered."""
        traceback = DebugTraceback(error, hide=not self.show_hidden_frames)
        text = traceback.render_traceback_text()
        environ["wsgi.errors"].write(text)
        request = Request(environ, populate_request=False)
        kind = _kind_wanted(request)
        if kind == "text/html":
            html, csp = self._page(traceback, request, contexts)
            response = private(Response(html, 500, mimetype=kind), csp)
        elif kind == "application/json":
            where = {"method": request.method, "path": request.path}
            response = private(Response(render_json(traceback.raised, request=where), 500, mimetype=kind))
        else:
            response = private(Response(text, 500, mimetype=kind))
        response.vary.add("Accept")
        return response

    def _page(self, traceback: DebugTraceback, request: Request, contexts: list[Any]) -> tuple[str, str]:
        environ = request.environ
        has_console, why_not = self.evalex, ""
        if has_console and not self.guard.trusts_host(environ):
            has_console = False
            why_not = (
                f"Without console and variables: this page was asked for as {environ.get('HTTP_HOST', 'nobody')!r}, which is"
                f" none of the debugger's trusted hosts: {', '.join(self.trusted_hosts)}."
            )
        if has_console:
            self.memory.remember(traceback, contexts)
            if environ.get("wsgi.multiprocess"):
                self._commands.listen()
        page = Page.new(
            facts=_facts(request, contexts, environ.get(self.request_key)),
            secret=self.secret if has_console else "",
            is_unlocked=has_console and self.guard.has_pin(environ),
            shows_variables=self.guard.may_see_variables(environ),
            why_no_console=why_not,
        )
        return render_page(traceback.raised, page), page.csp


class _Call:
    """One call of the application."""

    def __init__(self, debugger: DebuggedApplication, environ: Environ, start_response: StartResponse) -> None:
        self._debugger = debugger
        self._environ = environ
        self._start_response = start_response
        self._contexts: list[Any] = []
        self.has_begun = False
        """Something of the answer is out."""
        self._also = environ.get(_PRESERVE)
        environ[_PRESERVE] = self._keep

    def _keep(self, context: Any) -> None:
        """Keep a context of the request, for code that is run in its frames. Called by the framework, before it is popped."""
        self._contexts.append(context)
        if self._also is not None:
            self._also(context)

    def start_response(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        """`start_response` of PEP 3333."""
        write = self._start_response(status, headers, exc_info)

        def push(data: bytes) -> object:
            self.has_begun = True
            return write(data)

        return push

    def show(self, error: Exception) -> Iterable[bytes]:
        """Answer with the exception.

        Raises:
            Exception: it is too late for that.
        """
        if self.has_begun:
            raise error
        response = self._debugger.show(error, self._environ, self._contexts)

        def start(status: str, headers: Any) -> Callable[[bytes], object]:
            # The application may have called it already.
            return self._start_response(status, headers, sys.exc_info())

        return response(self._environ, start)


class _WatchedBody:
    """A body that may raise. As long as nothing of it is out, the page of the exception takes its place."""

    def __init__(self, call: _Call, body: Iterable[bytes]) -> None:
        self._call = call
        self._body = body
        self._next: Callable[[], bytes] | None = None

    def __iter__(self) -> "_WatchedBody":
        return self

    def __next__(self) -> bytes:
        __traceback_hide__ = True  # noqa: F841 - frames.py looks for it
        try:
            if self._next is None:
                self._next = iter(self._body).__next__
            chunk = self._next()
        except (StopIteration, *_SERVERS_OWN):
            raise
        except Exception as error:  # noqa: BLE001 - to be shown
            self._next = iter(self._call.show(error)).__next__
            chunk = self._next()
        if chunk:
            self._call.has_begun = True
        return chunk

    def close(self) -> None:
        """Close the application's iterable."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class _Handler:
    """Serves through WSGI, and knows of a request before it is read what the application's own handler does."""

    def __init__(self, serve: Handler, inner: Any) -> None:  # Any: the application's handler, or None
        self._serve = serve
        for name in ("label", "streams"):
            known = getattr(inner, name, None)
            if known is not None:
                setattr(self, name, known)

    def __call__(self, exchange: Exchange) -> None:
        self._serve(exchange)


def _kind_wanted(request: Request) -> str:
    """Return what a client wants to have of an exception: a page if it says so or says nothing, JSON, or text."""
    accept = request.accept_mimetypes
    if not accept:
        return "text/html"
    wanted = {"text/html": 0.0, "application/json": 0.0, "text/plain": 0.0}
    for value, quality in accept:
        media_type = value.partition(";")[0].strip().lower()
        kind = "text/html" if media_type == "application/xhtml+xml" else media_type
        kind = "application/json" if kind.endswith("+json") else kind
        if kind in wanted:
            wanted[kind] = max(wanted[kind], quality)
    best = max(wanted, key=lambda kind: wanted[kind])  # of several, the first
    return best if wanted[best] else "text/plain"


def _facts(request: Request, contexts: list[Any], known: Any) -> tuple[tuple[str, str], ...]:
    """Return what the page says of the request."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    facts = [("Request", f"{request.method} {request.root_path}{request.path}{query}"[:2000])]
    seen = getattr(contexts[-1], "request", None) if contexts else known
    rule = getattr(seen, "url_rule", None)
    if rule is not None:
        facts.append(("Rule", str(rule)))
        facts.append(("Endpoint", str(rule.endpoint)))
        values = getattr(seen, "view_args", None)
        if values:
            facts.append(("Arguments", ", ".join(f"{name}={value!r}" for name, value in values.items())[:500]))
    return tuple(facts)
