"""Which door an application is served through. Called when a server is set up, and anew when the application has started."""

from collections.abc import Callable
from typing import Any, Literal, cast

from demijohn.seam import Handler

from .host_wsgi import wsgi_handler

Door = Literal["auto", "native", "wsgi"]


def handler_for(application: Any, door: Door = "auto") -> Handler:  # Any: checked here, that is what it is for
    """Return the handler that serves `application`.

    Args:
        application: an object whose `exchange_handler()` returns a handler (a `Demijohn`), or a WSGI callable.
        door: `auto` takes the native door where the application offers it; `native` and `wsgi` insist.

    Raises:
        TypeError: it is neither, or does not have the door asked for.
        ValueError: there is no such door.
    """
    if door not in {"auto", "native", "wsgi"}:
        raise ValueError(f"There is no door {door!r}; choose 'auto', 'native' or 'wsgi'.")
    if door != "wsgi":
        # On a class it would be an unbound function; the class itself may still be a WSGI callable.
        offer: Callable[[], Handler | None] | None = None
        if not isinstance(application, type):
            offer = getattr(application, "exchange_handler", None)
        handler = None if offer is None else offer()
        if handler is not None:
            return handler
        if door == "native":
            raise TypeError(
                f"{_describe(application)} cannot be served natively:"
                + (
                    " it has no exchange_handler()."
                    if offer is None
                    else " its wsgi_app was replaced, so requests must go through WSGI; serve it with door='auto'."
                )
            )
    if not callable(application):
        raise TypeError(
            f"{_describe(application)} cannot be served: expected a Demijohn application or a WSGI callable,"
            " application(environ, start_response)."
        )
    return wsgi_handler(cast("Any", application))


def why_wsgi(application: Any) -> str:  # Any: see handler_for
    """Return why an application that is served through WSGI is, for a person."""
    if is_foreign_flask(application):
        return "it is an application of Flask's own; with --drop-in, import flask is demijohn and it is served natively"
    reason = getattr(application, "why_wsgi", None)
    return str(reason()) if callable(reason) and not isinstance(application, type) else "it is a WSGI application"


def is_foreign_flask(application: object) -> bool:
    """Tell whether an application is made of Flask's own class."""
    return any((cls.__module__, cls.__name__) == ("flask.app", "Flask") for cls in type(application).__mro__)


def _describe(application: object) -> str:
    text = repr(application)
    if len(text) > 80:
        text = text[:77] + "..."
    return f"{text} (a {type(application).__name__})"
