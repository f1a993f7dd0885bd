"""Responses of HTTP errors: puts the maker of them where `demijohn.http.errors` looks for it, when this is imported."""

from demijohn.http import errors
from demijohn.http.error_base import HTTPException

from .environ import Environ
from .response import Response


def error_response(error: HTTPException, environ: Environ | None = None) -> Response:
    """Return the response of an error: its page, code and header fields. An error without a code gives 500."""
    return Response(error.get_body(environ), error.code or 500, error.get_headers(environ))


errors.response_factory = error_response
