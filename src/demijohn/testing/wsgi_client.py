"""`Client`: calls a WSGI application as a browser would: with cookies and, when asked, following redirects. No network."""

from collections.abc import Callable, Iterable
from typing import IO, Any, Self
from urllib.parse import urljoin, urlsplit

from demijohn.http.headers import Headers
from demijohn.http.urls import iri_to_uri
from demijohn.message.environ import Environ
from demijohn.message.request import Request
from demijohn.message.wsgi import get_current_url

from .cookies import Cookie, CookieJar
from .environ_builder import EnvironBuilder
from .multipart_encode import TemporaryBody
from .response import TestResponse
from .run import run_wsgi_app

_REDIRECTS = frozenset({301, 302, 303, 305, 307, 308})


class ClientRedirectError(Exception):
    """Redirects that a client follows go round in a circle."""


class Client:
    """A client of a WSGI application, for tests. Not for several threads at once.

    Args:
        application: what is called.
        response_wrapper: class of the responses; mixed with `TestResponse` if it is not one.
        use_cookies: keep cookies and send them back.
        allow_subdomain_redirects: also follow redirects to subdomains of the host.
    """

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        response_wrapper: type[Any] | None = None,  # Any: a response class, or a mixin
        use_cookies: bool = True,
        allow_subdomain_redirects: bool = False,
    ) -> None:
        self.application = application
        if response_wrapper is None or issubclass(TestResponse, response_wrapper):
            self.response_wrapper: type[TestResponse] = TestResponse
        elif issubclass(response_wrapper, TestResponse):
            self.response_wrapper = response_wrapper
        else:
            self.response_wrapper = type("WrapperTestResponse", (TestResponse, response_wrapper), {})
        self._cookies = CookieJar() if use_cookies else None
        self.allow_subdomain_redirects = allow_subdomain_redirects

    # ---- cookies -----------------------------------------------------------------------------------------------------

    @property
    def cookie_jar(self) -> CookieJar:
        """The cookies.

        Raises:
            TypeError: the client was made without cookies.
        """
        if self._cookies is None:
            raise TypeError("Cookies are disabled. Make the client with 'use_cookies=True'.")
        return self._cookies

    def get_cookie(self, key: str, domain: str = "localhost", path: str = "/") -> Cookie | None:
        """Return the cookie with this name, domain and path; `None` if there is none.

        Raises:
            TypeError: the client was made without cookies.
        """
        return self.cookie_jar.get(key, domain, path)

    def set_cookie(
        self,
        key: str,
        value: str = "",
        *,
        domain: str = "localhost",
        origin_only: bool = True,
        path: str = "/",
        **kwargs: Any,  # Any: arguments of dump_cookie
    ) -> None:
        """Set a cookie, as if a response from `domain` had. `origin_only` keeps it from subdomains.

        Raises:
            TypeError: the client was made without cookies.
        """
        self.cookie_jar.set(key, value, domain, origin_only, path, **kwargs)

    def delete_cookie(self, key: str, *, domain: str = "localhost", path: str = "/") -> None:
        """Forget a cookie, if there is one.

        Raises:
            TypeError: the client was made without cookies.
        """
        self.cookie_jar.discard(key, domain, path)

    def _add_cookies_to_wsgi(self, environ: Environ) -> None:
        """Put the cookies for a request into its environ, in the place of any it has."""
        if self._cookies is None:
            return
        header = self._cookies.render(*_host_and_path(environ))
        if header:
            environ["HTTP_COOKIE"] = header
        else:
            environ.pop("HTTP_COOKIE", None)

    def _update_cookies_from_response(self, server_name: str, path: str, headers: Iterable[str]) -> None:
        """Remember the cookies of a response."""
        if self._cookies is not None:
            self._cookies.update(server_name, path, headers)

    # ---- requests ----------------------------------------------------------------------------------------------------

    def run_wsgi_app(self, environ: Environ, buffered: bool = False) -> tuple[Iterable[bytes], str, Headers]:
        """Call the application with the client's cookies, and remember those it sets."""
        self._add_cookies_to_wsgi(environ)
        answer = run_wsgi_app(self.application, environ, buffered=buffered)
        self._update_cookies_from_response(*_host_and_path(environ), answer[2].getlist("Set-Cookie"))
        return answer

    def open(
        self,
        *args: Any,  # Any: a builder, request or environ, or arguments of EnvironBuilder
        buffered: bool = False,
        follow_redirects: bool = False,
        **kwargs: Any,
    ) -> TestResponse:
        """Make a request: of an `EnvironBuilder`, a request or an environ, else of what `EnvironBuilder` is given.

        Args:
            *args: see above.
            **kwargs: see above.
            buffered: read the whole body, and close the application's iterable.
            follow_redirects: go on until a response is no redirect; the ones before are its `history`.

        Raises:
            ClientRedirectError: the redirects go round in a circle.
            RuntimeError: a redirect leads to another host.
        """
        return self._follow(self._request_from_builder_args(args, kwargs), buffered, follow_redirects)

    def _follow(self, request: Request, buffered: bool, follow_redirects: bool) -> TestResponse:
        """Send a request, and those that its redirects ask for."""
        response = self._answer(request, buffered)
        if not follow_redirects:
            return response
        seen: set[tuple[str | None, int]] = set()
        history: list[TestResponse] = []
        while response.status_code in _REDIRECTS:
            # The rest of the body, and whatever happens after it, comes before the next request.
            response._is_followed = True
            if not buffered:
                response.make_sequence()
                response.close()
            entry = response.location, response.status_code
            if entry in seen:
                raise ClientRedirectError(
                    f"The redirects go round in a circle: a {entry[1]} to {entry[0]} came a second time."
                )
            seen.add(entry)
            response.history = tuple(history)
            history.append(response)
            response = self.resolve_redirect(response, buffered=buffered)
        response.history = tuple(history)
        return response

    def _request_from_builder_args(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        if not kwargs and len(args) == 1:
            given = args[0]
            if isinstance(given, EnvironBuilder):
                return given.get_request()
            if isinstance(given, dict):
                return EnvironBuilder.from_environ(given).get_request()
            if isinstance(given, Request):
                return given
        builder = EnvironBuilder(*args, **kwargs)
        try:
            return builder.get_request()
        finally:
            builder.close()

    def _answer(self, request: Request, buffered: bool) -> TestResponse:
        """Send one request."""
        stream = request.environ["wsgi.input"]
        start = stream.tell() if _can_seek(stream) else None
        response = self.response_wrapper(*self.run_wsgi_app(request.environ, buffered=buffered), request=request)
        response._body_start = start
        if isinstance(stream, TemporaryBody):
            # The builder made it of a form; a stream that the test has given stays the test's.
            response.call_on_close(lambda: None if response._is_followed else stream.close())
        return response

    def resolve_redirect(self, response: TestResponse, buffered: bool = False) -> TestResponse:
        """Make the request that a redirect asks for, and return its response.

        Raises:
            RuntimeError: it leads to another host, or to a subdomain where that is not allowed.
        """
        environ = response.request.environ
        target = urlsplit(iri_to_uri(urljoin(get_current_url(environ), response.location or "")))
        builder = EnvironBuilder.from_environ(environ, query_string=target.query)
        here, there = builder.server_name.split("."), (target.hostname or "").split(".")
        if there != here:
            if there[-len(here) :] != here:
                raise RuntimeError(
                    f"The redirect to {response.location} leads to another host; those are not followed."
                )
            if not self.allow_subdomain_redirects:
                raise RuntimeError(
                    f"The redirect to {response.location} leads to a subdomain;"
                    " make the client with 'allow_subdomain_redirects=True' to follow those."
                )
        builder.url_scheme = target.scheme
        builder.host = target.netloc
        root = builder.script_root
        if target.path == root or target.path.startswith(f"{root}/"):
            builder.path = target.path[len(root) :]
        else:
            builder.path = target.path
            builder.script_root = ""
        builder.request_uri = f"{target.path}?{target.query}" if target.query else target.path
        if response.status_code in {307, 308}:
            _rewind(builder.input_stream, response._body_start)
        else:
            # RFC 9110 §15.4: these turn into a GET without content; HEAD stays.
            if builder.method != "HEAD":
                builder.method = "GET"
            if isinstance(builder.input_stream, TemporaryBody):
                builder.input_stream.close()
            builder.input_stream = None
            builder.content_type = None
            builder.content_length = None
            builder.headers.pop("Transfer-Encoding", None)
        return self.open(builder, buffered=buffered)

    def get(self, *args: Any, **kw: Any) -> TestResponse:  # Any: arguments of `open`, here and below
        """Call `open` with method GET."""
        return self.open(*args, **{**kw, "method": "GET"})

    def post(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method POST."""
        return self.open(*args, **{**kw, "method": "POST"})

    def put(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method PUT."""
        return self.open(*args, **{**kw, "method": "PUT"})

    def delete(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method DELETE."""
        return self.open(*args, **{**kw, "method": "DELETE"})

    def patch(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method PATCH."""
        return self.open(*args, **{**kw, "method": "PATCH"})

    def options(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method OPTIONS."""
        return self.open(*args, **{**kw, "method": "OPTIONS"})

    def head(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method HEAD."""
        return self.open(*args, **{**kw, "method": "HEAD"})

    def trace(self, *args: Any, **kw: Any) -> TestResponse:
        """Call `open` with method TRACE."""
        return self.open(*args, **{**kw, "method": "TRACE"})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.application!r}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


def _host_and_path(environ: Environ) -> tuple[str, str]:
    """Host name and whole path of a request, as cookies compare them."""
    parts = urlsplit(get_current_url(environ))
    return parts.hostname or "localhost", parts.path


def _can_seek(stream: Any) -> bool:  # Any: whatever an environ has as wsgi.input
    seekable = getattr(stream, "seekable", None)
    return hasattr(stream, "seek") and (seekable is None or bool(seekable()))


def _rewind(stream: IO[bytes] | None, start: int | None) -> None:
    if stream is not None and start is not None:
        stream.seek(start)
