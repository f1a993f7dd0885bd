"""`Demijohn`: the application. An object that knows its routes, hooks and settings, and answers requests with them.

Set up by one thread; from the first request on any number of threads may call it. Three ways in: `respond` (the native door),
`wsgi_app` (any WSGI server) and `test_client`.
"""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote

from ..doors.native import NativeHandler
from ..http.errors import HTTPException
from ..routing import RoutingException
from ..seam import Handler, RequestHead
from . import upward
from .context import AppContext, RequestContext
from .dispatch import Environ, StartResponse
from .dotenv import load_dotenv as load_dotenv_defaults
from .helpers import get_debug_flag, get_load_dotenv
from .mounts import MountHandler
from .older import OlderNames
from .serving import AppServing


class Demijohn(OlderNames, AppServing):
    """An application.

    Args:
        import_name: `__name__` of the module it is made in, or the package's; files are looked up beside that.
        static_url_path: URL prefix of the static files; by default the folder's name.
        static_folder: folder of the static files; `None` for none.
        static_host: host of the static files, with `host_matching`.
        host_matching: rules match on whole hosts.
        subdomain_matching: rules match on subdomains of SERVER_NAME.
        template_folder: folder of the templates.
        instance_path: absolute path of the instance folder; found by itself by default.
        instance_relative_config: configuration files are looked up in the instance folder.
        root_path: folder of the application, where it cannot be found by `import_name`.
    """

    test_client_class: type[Any] | None = None
    """What `test_client` makes; `demijohn.testing.client.DemijohnClient` by default."""

    test_cli_runner_class: type[Any] | None = None
    """What `test_cli_runner` makes; `demijohn.testing.clirunner.DemijohnCliRunner` by default."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application, through `wsgi_app`, which middleware may wrap."""
        return self.wsgi_app(environ, start_response)

    def exchange_handler(self) -> Handler | None:
        """Return what serves this application without WSGI; `None` if WSGI is in its way, such as middleware on `wsgi_app`."""
        self._is_handed_out = True
        if self.why_wsgi() is not None:
            return None
        handler = NativeHandler(self)
        return handler if self._mounts is None else MountHandler(handler, self._mounts)

    def why_wsgi(self) -> str | None:
        """Return why requests have to come through WSGI, for a person; `None` if they need not."""
        for name in ("wsgi_app", "request_context"):
            if name in self.__dict__:
                return f"its {name} is replaced by a {type(self.__dict__[name]).__name__}"
        cls = type(self)
        for name, plain in _WSGI_SIDE.items():
            if getattr(cls, name) is not plain:
                return f"its class {cls.__name__} has a {name} of its own"
        return None

    def endpoint_for(self, head: RequestHead, root_path: str = "") -> str:
        """Return the endpoint that a request below `root_path` would be routed to; an empty string if there is none."""
        url_map = self.url_map
        target = head.target
        # PERF: asked before many requests. Most targets are their own paths.
        path = target if target[:1] == "/" and "?" not in target and "%" not in target else unquote(head.path)
        if root_path:
            path = path[len(root_path) :] or "/"
        try:
            rule, _ = url_map.match_path(url_map.default_subdomain, path, head.method)
        except (HTTPException, RoutingException):
            return ""
        return str(rule.endpoint)

    def streams_body(self, head: RequestHead, root_path: str = "") -> bool:
        """Tell whether the body of a request is for the view to read while it arrives (`route(..., stream_body=True)`).

        So is one that is announced to be above `MAX_CONTENT_LENGTH`: it will be refused, so nobody waits for it.
        """
        limit = self.config["MAX_CONTENT_LENGTH"]
        if limit is not None and int(head.index.get(b"content-length", b"0")) > limit:
            return True
        streamed = self.streamed_endpoints
        return bool(streamed) and self.endpoint_for(head, root_path) in streamed

    def app_context(self) -> AppContext:
        """Return a context of the application without a request: `with app.app_context(): ...`."""
        return AppContext(self)

    def test_request_context(self, *args: Any, **kwargs: Any) -> RequestContext:
        """Return the context of a request made up of the arguments of `demijohn.testing`'s environ builder."""
        builder = upward.environ_builder(self, *args, **kwargs)
        try:
            return self.request_context(builder.get_environ())
        finally:
            builder.close()

    def test_client(self, use_cookies: bool = True, **kwargs: Any) -> Any:
        """Return a client that calls this application without a server; see `demijohn.testing`. Set `testing` first."""
        cls = self.test_client_class or upward.client_class()
        return cls(self, self.response_class, use_cookies=use_cookies, **kwargs)

    def test_cli_runner(self, **kwargs: Any) -> Any:
        """Return a runner of this application's commands; see `demijohn.testing`."""
        cls = self.test_cli_runner_class or upward.cli_runner_class()
        return cls(self, **kwargs)

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        debug: bool | None = None,
        load_dotenv: bool = True,
        **options: Any,
    ) -> None:
        """Serve this application until interrupted, by default on 127.0.0.1:5000 with threads.

        Host and port default to those of SERVER_NAME. `debug` sets debug mode. Further options are those of
        `demijohn.manage.devserver.run_simple`. Returns at once under `demijohn run`, which serves by itself.
        """
        if os.environ.get("DEMIJOHN_RUN_FROM_CLI") == "true" or os.environ.get("FLASK_RUN_FROM_CLI") == "true":
            return
        if get_load_dotenv(load_dotenv):
            load_dotenv_defaults()
            if "DEMIJOHN_DEBUG" in os.environ or "FLASK_DEBUG" in os.environ:
                self.debug = get_debug_flag()
        if debug is not None:
            self.debug = bool(debug)
        server_name, _, server_port = (self.config["SERVER_NAME"] or "").partition(":")
        if port is None:
            port = int(server_port) if server_port else 5000
        options.setdefault("use_reloader", self.debug)
        options.setdefault("use_debugger", self.debug)
        options.setdefault("threaded", True)
        try:
            upward.run_simple(host or server_name or "127.0.0.1", int(port), self, **options)
        finally:
            # So that a console may go on setting it up, and run it again.
            self._got_first_request = False


_WSGI_SIDE = {
    "__call__": Demijohn.__call__,
    "wsgi_app": Demijohn.wsgi_app,
    "request_context": Demijohn.request_context,
}
"""As they are made here: tracing tools replace them on the class itself."""
