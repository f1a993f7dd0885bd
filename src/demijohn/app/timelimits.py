"""Time limits of requests: `@app.route(..., timeout=5)`, `REQUEST_TIMEOUT`, and what a view is interrupted with.

The server enforces them, see `Exchange.limit_time`; under another server there are none. Called on the request's thread.
"""

from typing import Any

from .._base.sentinel import MISSING, Missing
from ..http.errors import GatewayTimeout
from ..seam import Exchange, HandlerTimeout, TimeLimit
from .slot import current


class RequestTimedOut(HandlerTimeout, GatewayTimeout):
    """Raised in a view, wherever it is, that did not answer within its time limit; 504 unless an error handler answers it."""

    description = "The application did not answer this request in time."


def timeout_of(app: Any, endpoint: str | None) -> float | Missing | None:  # Any: the application is above this file
    """Return an endpoint's limit in seconds: its own, else `REQUEST_TIMEOUT`; `None` for none, `MISSING` for the server's."""
    timeout: float | Missing | None = app.view_timeouts.get(endpoint, app.config.get("REQUEST_TIMEOUT", MISSING))
    return timeout


def check_timeout(timeout: Any) -> float | None:
    """Return a limit that was given to a route.

    Raises:
        TypeError: it is no number.
        ValueError: it is not more than 0.
    """
    if timeout is None:
        return None
    if not isinstance(timeout, int | float) or isinstance(timeout, bool):
        raise TypeError(f"A route's timeout is a number of seconds, or None; not {timeout!r}.")
    if not timeout > 0:
        raise ValueError(f"A route's timeout must be more than 0 seconds, or None for no limit; it is {timeout!r}.")
    return timeout


def begin_limit(exchange: Exchange, timeout: float | Missing | None) -> None:
    """Put the view under its limit."""
    if timeout is MISSING:
        if exchange.time_limit is not None:
            exchange.time_limit.error = RequestTimedOut
    elif timeout is None:
        end_limit(exchange)
    else:
        exchange.limit_time(timeout, RequestTimedOut)


def end_limit(exchange: Exchange) -> None:
    """Lift the limit: the answer is made, and teardown must not be interrupted."""
    if exchange.time_limit is not None:
        lift_limit(exchange.time_limit)


def lift_limit(limit: TimeLimit) -> None:
    """Let nothing be raised from here on; an interruption that is on its way is taken for one that came too late."""
    try:
        limit.end()
    except limit.error:
        limit.end()  # it comes once


def current_limit() -> TimeLimit | None:
    """Return the limit that the calling thread is under, if its work is for a request."""
    ctx = current(None)
    if ctx is None or not ctx.has_request:
        return None
    exchange: Exchange | None = ctx.request._exchange
    return None if exchange is None else exchange.time_limit
