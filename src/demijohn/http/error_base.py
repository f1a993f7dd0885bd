"""`HTTPException`: an answer that is raised, and its page. The errors of the single codes are in `errors`; import from there."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from markupsafe import escape

from .status import HTTP_STATUS_CODES

# Any: an environ holds what the server likes; a response is of a class of the room above.
Environ = dict[str, Any]
Scope = dict[str, Any]


_MAX_KEPT_CHARACTERS = 500


@lru_cache(maxsize=256)
def _escape_kept(text: str) -> str:
    return str(escape(text))


def _escaped(
    text: Any,
) -> str:  # Any: COMPAT: a description may be a lazy text or `Markup`, which says itself what it is
    # PERF: most errors have the texts of their class; making them `Markup` would be most of the work on a 404.
    return _escape_kept(text) if type(text) is str and len(text) <= _MAX_KEPT_CHARACTERS else str(escape(text))


class HTTPException(Exception):
    """An answer that is raised. `description` is text, escaped when it is shown; `response`, if given, is answered as it is."""

    code: int | None = None
    description: str | None = None

    _respond: Callable[..., Any]
    """Makes a response of this error for an environ; put here by `errors`, which knows the hook."""

    _reads_environ: ClassVar[bool] = False
    """Its page or fields may depend on the environ: a subclass renders them itself. PERF: a native request has none yet."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._reads_environ = any(getattr(cls, name) is not getattr(HTTPException, name) for name in _RENDERING)

    def __init__(self, description: str | None = None, response: Any = None) -> None:
        super().__init__()
        if description is not None:
            self.description = description
        self.response = response

    @property
    def name(self) -> str:
        """The name of the code, as in `Not Found`."""
        return HTTP_STATUS_CODES.get(self.code or 0, "Unknown Error")

    def get_description(self, environ: Environ | None = None, scope: Scope | None = None) -> str:
        """Return the description as an HTML paragraph."""
        text = _escaped(self.description or "").replace("\n", "<br>")
        return f"<p>{text}</p>"

    def get_body(self, environ: Environ | None = None, scope: Scope | None = None) -> str:
        """Return the error page."""
        name = _escaped(self.name)
        description = self.get_description(environ)
        return f"<!doctype html>\n<html lang=en>\n<title>{self.code} {name}</title>\n<h1>{name}</h1>\n{description}\n"

    def get_headers(self, environ: Environ | None = None, scope: Scope | None = None) -> list[tuple[str, str]]:
        """Return the header fields that belong to the page and the code."""
        return [("Content-Type", "text/html; charset=utf-8")]

    def get_response(self, environ: Any = None, scope: Scope | None = None) -> Any:
        """Return the response to answer with; `environ` may be a WSGI environ or a request, `scope` is an ASGI scope.

        Raises:
            RuntimeError: `demijohn.message` was never imported, so nobody knows how to make one.
        """
        if self.response is not None:
            return self.response
        environ = getattr(environ, "environ", environ)
        return self._respond(environ) if scope is None else type(self)._respond(_Scoped(self, scope), environ)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer as a WSGI application."""
        app_iter: Iterable[bytes] = self.get_response(environ)(environ, start_response)
        return app_iter

    def __str__(self) -> str:
        return f"{'???' if self.code is None else self.code} {self.name}: {self.description}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} '{'???' if self.code is None else self.code}: {self.name}'>"


_RENDERING = ("__call__", "get_body", "get_description", "get_headers", "get_response")


class _Scoped:
    """An error as its response is made from it, where the page and the fields may depend on an ASGI scope."""

    def __init__(self, error: HTTPException, scope: Scope) -> None:
        self.code = error.code
        self._error = error
        self._scope = scope

    def get_body(self, environ: Environ | None = None) -> str:
        return self._error.get_body(environ, self._scope)

    def get_headers(self, environ: Environ | None = None) -> list[tuple[str, str]]:
        return self._error.get_headers(environ, self._scope)


class SupportsToHeader(Protocol):
    """A header value as an object, such as `WWWAuthenticate`."""

    def to_header(self) -> str:
        """Return the value as text."""
