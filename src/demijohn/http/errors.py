"""The HTTP errors as exceptions: what a view raises to answer 4xx or 5xx, `abort`, and the mapping code -> exception.

An error is data: code, description, extra header fields. It renders its own page (`get_body`, `get_headers`), but makes no
`Response`: this room is below `message`, which sets `response_factory` here when it is imported. Nothing else belongs here;
`RequestRedirect` is routing's. The texts are this project's; codes and names are Werkzeug's.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from demijohn._base.clock import format_http_date

from .error_base import Environ, HTTPException, Scope, SupportsToHeader

__all__ = [
    "Aborter", "BadGateway", "BadHost", "BadRequest", "BadRequestKeyError", "ClientDisconnected", "Conflict",
    "ExpectationFailed", "FailedDependency", "Forbidden", "GatewayTimeout", "Gone", "HTTPException", "HTTPVersionNotSupported",
    "ImATeapot", "InternalServerError", "LengthRequired", "Locked", "MethodNotAllowed", "MisdirectedRequest", "NotAcceptable",
    "NotFound", "NotImplemented", "PreconditionFailed", "PreconditionRequired", "RequestEntityTooLarge",
    "RequestHeaderFieldsTooLarge", "RequestTimeout", "RequestURITooLarge", "RequestedRangeNotSatisfiable", "SecurityError",
    "ServiceUnavailable", "TooManyRequests", "Unauthorized", "UnavailableForLegalReasons", "UnprocessableEntity",
    "UnsupportedMediaType", "abort", "default_exceptions", "response_factory",
]  # fmt: skip

response_factory: Callable[[HTTPException, Environ | None], Any] | None = None
"""Makes the response of an error out of its `code`, `get_body(environ)` and `get_headers(environ)`; set by `demijohn.message`."""


def _respond(error: HTTPException, environ: Environ | None) -> Any:  # Any: see error_base
    if response_factory is None:
        raise RuntimeError("An error becomes a response by way of demijohn.message; import that first.")
    return response_factory(error, environ)


HTTPException._respond = _respond


class BadRequest(HTTPException):
    """400: the request makes no sense to the server or the application."""

    code = 400
    description = "The request is malformed, or misses something that is needed to answer it."


class BadRequestKeyError(BadRequest, KeyError):
    """400 and a `KeyError` in one: a form field or the like that was asked for with `[...]` is missing.

    With `show_exception` (a debug mode's choice) the description names the key.
    """

    show_exception = False
    _text = BadRequest.description

    def __init__(self, arg: object | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.args = () if arg is None else (arg,)

    @property
    def description(self) -> str:
        """The text, and with `show_exception` the key."""
        return f"{self._text}\nKeyError: {KeyError.__str__(self)}" if self.show_exception else self._text

    @description.setter
    def description(self, value: str) -> None:
        self._text = value


class ClientDisconnected(BadRequest):
    """400: the client went away before its body was complete. There is rarely anybody left to read the answer."""


class SecurityError(BadRequest):
    """400: the request tries something that is not safe to do, such as a host that is not trusted."""


class BadHost(BadRequest):
    """400: the host that was asked for is badly formed."""


class Unauthorized(HTTPException):
    """401: who are you? `www_authenticate`: one value or several, each a `WWW-Authenticate` field of its own."""

    code = 401
    description = "Access needs valid credentials, and the request came without them or with wrong ones."

    def __init__(
        self,
        description: str | None = None,
        response: Any = None,
        www_authenticate: SupportsToHeader | Iterable[SupportsToHeader] | None = None,
    ) -> None:
        super().__init__(description, response)
        # Told apart by its method, since a challenge has item access and would pass for an endless iterable.
        is_single = hasattr(type(www_authenticate), "to_header")
        self.www_authenticate: Any = (www_authenticate,) if is_single else www_authenticate

    def get_headers(self, environ: Environ | None = None, scope: Scope | None = None) -> list[tuple[str, str]]:
        """Return the fields, one `WWW-Authenticate` for each challenge."""
        challenges = [("WWW-Authenticate", str(value)) for value in self.www_authenticate or ()]
        return super().get_headers(environ, scope) + challenges


class Forbidden(HTTPException):
    """403: whoever you are, you may not."""

    code = 403
    description = "You are not permitted to use this resource in this way."


class NotFound(HTTPException):
    """404: there is nothing at this URL."""

    code = 404
    description = "There is nothing at this URL on this server. If it was typed by hand, look for a typing mistake."


class MethodNotAllowed(HTTPException):
    """405: not with this method. `valid_methods` become the `Allow` field, which RFC 9110 §15.5.6 requires."""

    code = 405
    description = "The method is not allowed for this URL."

    def __init__(
        self, valid_methods: Iterable[str] | None = None, description: str | None = None, response: Any = None
    ) -> None:
        super().__init__(description, response)
        self.valid_methods = valid_methods

    def get_headers(self, environ: Environ | None = None, scope: Scope | None = None) -> list[tuple[str, str]]:
        """Return the fields, with `Allow` if there are valid methods."""
        fields = super().get_headers(environ, scope)
        return [*fields, ("Allow", ", ".join(self.valid_methods))] if self.valid_methods else fields


class NotAcceptable(HTTPException):
    """406: nothing here satisfies the `Accept` fields."""

    code = 406
    description = "No representation of this resource satisfies the accept fields of the request."


class RequestTimeout(HTTPException):
    """408: the request did not arrive in time."""

    code = 408
    description = "The request took too long to arrive, and the server stopped waiting for the rest of it."


class Conflict(HTTPException):
    """409: the request does not go together with the state of the resource."""

    code = 409
    description = "The request conflicts with the state of the resource, which may have changed in the meantime."


class Gone(HTTPException):
    """410: it was here once, and will not come back."""

    code = 410
    description = "This resource was removed for good and has no new address."


class LengthRequired(HTTPException):
    """411: not without a `Content-Length`."""

    code = 411
    description = "The request needs a valid Content-Length header field."


class PreconditionFailed(HTTPException):
    """412: `If-Match`, `If-Unmodified-Since` or their like did not hold."""

    code = 412
    description = "A precondition that the request set for this resource does not hold."


class RequestEntityTooLarge(HTTPException):
    """413: the body, or a part of it, is above a limit."""

    code = 413
    description = "The request carries more data than is accepted here."


class RequestURITooLarge(HTTPException):
    """414: the URL is above a limit."""

    code = 414
    description = "The URL of the request is longer than is accepted here."


class UnsupportedMediaType(HTTPException):
    """415: not in this format."""

    code = 415
    description = "The media type of the request's content is not supported here."


class RequestedRangeNotSatisfiable(HTTPException):
    """416: the range lies outside. With `length`, of `units`, the answer says how long the resource is."""

    code = 416
    description = "The requested range lies outside of this resource."

    def __init__(
        self, length: int | None = None, units: str = "bytes", description: str | None = None, response: Any = None
    ) -> None:
        super().__init__(description, response)
        self.length = length
        self.units = units

    def get_headers(self, environ: Environ | None = None, scope: Scope | None = None) -> list[tuple[str, str]]:
        """Return the fields, with `Content-Range` if the length is known (RFC 9110 §14.4)."""
        fields = super().get_headers(environ, scope)
        return fields if self.length is None else [*fields, ("Content-Range", f"{self.units} */{self.length}")]


class ExpectationFailed(HTTPException):
    """417: the server cannot do what `Expect` asks for."""

    code = 417
    description = "What the Expect header field asks for cannot be done here."


class ImATeapot(HTTPException):
    """418: no coffee (RFC 2324)."""

    code = 418
    description = "This is a teapot. It brews no coffee."


class MisdirectedRequest(HTTPException):
    """421: this server is not the one to ask."""

    code = 421
    description = "This server is not set up to answer for the requested host and scheme."


class UnprocessableEntity(HTTPException):
    """422: well formed, but what it says cannot be done."""

    code = 422
    description = "The content of the request is well formed, but its meaning could not be processed."


class Locked(HTTPException):
    """423: the resource is locked."""

    code = 423
    description = "This resource is locked."


class FailedDependency(HTTPException):
    """424: something this request builds upon failed."""

    code = 424
    description = "The request depends on another action, and that one failed."


class PreconditionRequired(HTTPException):
    """428: not without a precondition, so that no update is lost."""

    code = 428
    description = 'Send this request with a precondition, such as "If-Match" or "If-Unmodified-Since".'


class _RetryAfter(HTTPException):
    """An error that may pass: `retry_after` is seconds, or a time (UTC if it has no zone)."""

    def __init__(
        self, description: str | None = None, response: Any = None, retry_after: datetime | int | None = None
    ) -> None:
        super().__init__(description, response)
        self.retry_after = retry_after

    def get_headers(self, environ: Environ | None = None, scope: Scope | None = None) -> list[tuple[str, str]]:
        """Return the fields, with `Retry-After` if it is known."""
        headers = super().get_headers(environ, scope)
        after: datetime | int | str | None = self.retry_after
        if isinstance(after, datetime):
            from calendar import timegm

            after = format_http_date(timegm(after.utctimetuple()))
        if after:
            headers.append(("Retry-After", str(after)))
        return headers


class TooManyRequests(_RetryAfter):
    """429: this client asks too often."""

    code = 429
    description = "Too many requests came from this client in a short time. Wait before the next one."


class RequestHeaderFieldsTooLarge(HTTPException):
    """431: the header fields, or one of them, are above a limit."""

    code = 431
    description = "The header fields of the request are larger than is accepted here."


class UnavailableForLegalReasons(HTTPException):
    """451: the law does not let us."""

    code = 451
    description = "This resource is withheld for legal reasons."


class InternalServerError(HTTPException):
    """500: the server failed; `original_exception` is what it failed with, if an exception was not handled."""

    code = 500
    description = "The server failed while it was answering the request, because of an error or too much load."

    def __init__(
        self, description: str | None = None, response: Any = None, original_exception: BaseException | None = None
    ) -> None:
        super().__init__(description, response)
        self.original_exception = original_exception


class NotImplemented(HTTPException):  # COMPAT: Werkzeug's name
    """501: the server cannot do this for any resource."""

    code = 501
    description = "The server does not know how to do what the request asks for."


class BadGateway(HTTPException):
    """502: the server behind answered nonsense."""

    code = 502
    description = "A server that this one relies on gave an invalid answer."


class ServiceUnavailable(_RetryAfter):
    """503: not now."""

    code = 503
    description = "The service is down for maintenance, or overloaded. Try again later."


class GatewayTimeout(HTTPException):
    """504: the server behind did not answer in time."""

    code = 504
    description = "A server that this one relies on did not answer in time."


class HTTPVersionNotSupported(HTTPException):
    """505: not in this version of HTTP."""

    code = 505
    description = "The HTTP version of the request is not supported."


default_exceptions: Final[dict[int, type[HTTPException]]] = {}
"""The most general exception of each code."""

for _class in (*HTTPException.__subclasses__(), *_RetryAfter.__subclasses__()):
    if _class.code is not None:
        default_exceptions[_class.code] = _class


class Aborter:
    """Raises the exception of a code: of `mapping` (by default all of this module's), with `extra` over it."""

    def __init__(
        self,
        mapping: Mapping[int, type[HTTPException]] | None = None,
        extra: Mapping[int, type[HTTPException]] | None = None,
    ) -> None:
        self.mapping = {**(default_exceptions if mapping is None else mapping), **(extra or {})}

    def __call__(self, code: Any, *args: Any, **kwargs: Any) -> NoReturn:
        """Raise the exception of `code`, made with the other arguments; or answer with `code` if it is a response.

        Raises:
            HTTPException: always, unless
            LookupError: the mapping has no such code.
        """
        if hasattr(code, "status_code"):
            raise HTTPException(response=code)
        make = self.mapping.get(code)
        if make is None:
            raise LookupError(f"No error has the code {code!r}.")
        raise make(*args, **kwargs)


_aborter: Final = Aborter()


def abort(status: Any, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise the `HTTPException` of a status code, or one that answers with a given response: `abort(404)`, `abort(response)`."""
    _aborter(status, *args, **kwargs)
