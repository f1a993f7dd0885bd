"""Making an environ and calling a WSGI application, each as one function."""

from collections.abc import Callable, Iterable
from typing import Any

from demijohn.http.headers import Headers
from demijohn.message.environ import Environ
from demijohn.message.runwsgi import run_application
from demijohn.message.wsgi import get_environ

from .environ_builder import EnvironBuilder


def create_environ(*args: Any, **kwargs: Any) -> Environ:  # Any: arguments of EnvironBuilder
    """Return the environ that `EnvironBuilder(*args, **kwargs)` makes."""
    builder = EnvironBuilder(*args, **kwargs)
    try:
        return builder.get_environ()
    finally:
        builder.close()


def run_wsgi_app(
    app: Callable[..., Iterable[bytes]],
    environ: Any,  # Any: an environ, or a request that carries one
    buffered: bool = False,
) -> tuple[Iterable[bytes], str, Headers]:
    """Call a WSGI application and return (body, status, headers).

    The application runs until it has called `start_response`; with `buffered` to its end, and its body is closed. Otherwise
    close the body. The environ is copied first.
    """
    return run_application(app, get_environ(environ), buffered)
