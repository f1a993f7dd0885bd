"""`DemijohnClient`: the test client of an application: it can see into the application's contexts and sessions.

`app.test_client()` makes one. The client for any WSGI application is in wsgi_client.py.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from typing import Any, Self

from demijohn._base.served import own_name
from demijohn.app.application import Demijohn
from demijohn.app.sessions import SessionMixin
from demijohn.message.environ import Environ
from demijohn.message.request import Request

from .builder import AppEnvironBuilder
from .environ_builder import EnvironBuilder
from .response import TestResponse
from .wsgi_client import Client

_PRESERVE = "werkzeug.debug.preserve_context"
"""COMPAT: the variable under which Flask's client, too, asks to be given the contexts of a request."""


class DemijohnClient(Client):
    """A test client that knows its application.

    In a `with` block the context of the last request stays: `request`, `session` and `g` can be looked at until the next
    request, or the end of the block, when teardown functions run.
    """

    application: Demijohn

    environ_base: dict[str, Any]  # Any: environs hold anything
    """Variables that each request's environ begins with; may be changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: arguments of Client
        super().__init__(*args, **kwargs)
        self.preserve_context = False
        self._contexts = ExitStack()  # of the last request, if they are kept
        self.environ_base = {"REMOTE_ADDR": "127.0.0.1", "HTTP_USER_AGENT": _user_agent()}

    @contextmanager
    def session_transaction(self, *args: Any, **kwargs: Any) -> Iterator[SessionMixin]:
        """Open the session outside of a request; changes made in the `with` block are saved at its end.

        Arguments describe the request that the session is opened for, as those of `app.test_request_context`.

        Raises:
            TypeError: the client was made without cookies.
            RuntimeError: the session interface opens no session (a `SECRET_KEY` is missing, usually).
        """
        jar = self.cookie_jar
        app = self.application
        context = app.test_request_context(*args, **kwargs)
        self._add_cookies_to_wsgi(context.request.environ)
        with context:
            session = app.session_interface.open_session(app, context.request)
        if session is None:
            raise RuntimeError("Session backend did not open a session; is SECRET_KEY set?")
        yield session
        if app.session_interface.is_null_session(session):
            return
        response = app.response_class()
        with context:
            app.session_interface.save_session(app, session, response)
        request = context.request
        jar.update(request.host.partition(":")[0], request.path, response.headers.getlist("Set-Cookie"))

    def _copy_environ(self, other: Mapping[str, Any]) -> Environ:
        """Return `other` over the client's own variables."""
        environ = {**self.environ_base, **other}
        if self.preserve_context:
            # The application calls it before it pops a context: entered once more, the context stays.
            environ[_PRESERVE] = self._contexts.enter_context
        return environ

    def _request_from_builder_args(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        # COMPAT: under this name Flask-SocketIO's client calls it, too.
        if args and isinstance(args[0], (EnvironBuilder, dict, Request)):
            request = super()._request_from_builder_args(args, kwargs)
            return EnvironBuilder.request_class(self._copy_environ(request.environ))
        environ_base = self._copy_environ(kwargs.pop("environ_base", None) or {})
        builder = AppEnvironBuilder(self.application, *args, environ_base=environ_base, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def open(
        self,
        *args: Any,  # Any: see Client.open
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,  # Any: as above
    ) -> TestResponse:
        """Make a request; arguments are those of `Client.open`, and `subdomain` and `url_scheme`.

        JSON is rendered and read by the application's provider.
        """
        request = self._request_from_builder_args(args, kwargs)
        # Teardown of the context that the request before left runs before the next request begins; so after redirects,
        # which come through here too, the context is that of the last request.
        self._contexts.close()
        response = self._follow(request, buffered, follow_redirects)
        response.json_module = self.application.json
        return response

    def __enter__(self) -> Self:
        if self.preserve_context:
            raise RuntimeError("This client is in a with block already; those do not nest.")
        self.preserve_context = True
        return self

    def __exit__(self, *error: object) -> None:
        self.preserve_context = False
        self._contexts.close()


def _user_agent() -> str:
    # COMPAT: what tests look for in logs and in what they record.
    return f"Werkzeug/{version('werkzeug')}" if own_name() == "flask" else "demijohn"
