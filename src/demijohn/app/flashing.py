"""`flash`: messages that the next page shows, carried there by the session."""

from collections.abc import Iterable

from .globals import current_request_context
from .signals import message_flashed


def flash(message: str, category: str = "message") -> None:
    """Keep a message for the next `get_flashed_messages`. Categories are free; usual are message, error, info, warning.

    Raises:
        RuntimeError: there is no request context, or no secret key.
    """
    ctx = current_request_context()
    # Assigned anew: a session does not notice a change inside of the list.
    flashes = ctx.session.get("_flashes", [])
    flashes.append((category, message))
    ctx.session["_flashes"] = flashes
    if message_flashed.receivers:
        app = ctx.app
        message_flashed.send(app, _async_wrapper=app.ensure_sync, message=message, category=category)


def get_flashed_messages(
    with_categories: bool = False, category_filter: Iterable[str] = ()
) -> list[str] | list[tuple[str, str]]:
    """Take the messages out of the session; asked again in the same request, return the same.

    `category_filter` leaves out all other categories. With categories, each is a pair (category, message).

    Raises:
        RuntimeError: there is no request context.
    """
    ctx = current_request_context()
    flashes = ctx.flashes
    if flashes is None:
        flashes = ctx.session.pop("_flashes") if "_flashes" in ctx.session else []
        ctx.flashes = flashes
    wanted = frozenset(category_filter)
    if wanted:
        flashes = [pair for pair in flashes if pair[0] in wanted]
    return flashes if with_categories else [message for _, message in flashes]
