"""`BrokenPage`: what the parent answers while no child can: why the application does not run, on the same listeners."""

import os
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from ..._base.changefeed import ChangeFeed
from ...debug.refresh import refreshing
from ...http.accept import MIMEAccept, parse_accept_header
from ...seam import Exchange, Handler
from ...serve import Listener, Server, ServerOptions
from .failure import Failure

OPTIONS: Final = ServerOptions(
    # One thread, which never waits for anything but clients: its handler has the pages ready.
    runner="inline",
    keep_alive=5.0,
    head_timeout=10.0,
    body_timeout=10.0,
    write_timeout=10.0,
    max_requests_per_connection=1,  # whoever asks again does so on a new connection, which waits for the new code
    drain_timeout=2.0,
    drain_idle_grace=0.1,
)

_KINDS: Final = ("text/html", "application/json", "text/plain")

_FOR_ANYBODY: Final = "text/plain"
"""For those who take anything, as curl does: they sit at a terminal."""


class BrokenPage:
    """Of one parent. Its own thread answers; all else is for the parent's."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        *,
        access_log: bool = False,
        refreshed_at: Collection[str] | None = None,
    ) -> None:
        """Prepare. `refreshed_at`: names at which the page goes away by itself, see `refreshing`; `None`: nowhere."""
        self._listeners = list(listeners)
        self._refreshed_at = refreshed_at
        self._options = replace(OPTIONS, access_log=access_log)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    def show(self, failure: Failure) -> None:
        """Answer everything with this from now on."""
        if not self._listeners:
            return
        handler: Handler = _Handler(failure)
        if self._refreshed_at is not None:
            # No generation of a child's: whatever comes next is news.
            feed = ChangeFeed(f"{os.getpid()}.broken.{time.time_ns()}")
            handler = refreshing(handler, lambda: feed, self._refreshed_at)
        self._server = Server(handler, self._listeners, self._options)
        self._thread = threading.Thread(target=self._server.serve_forever, name="demijohn-broken", daemon=True)
        self._thread.start()

    def take_away(self) -> None:
        """Accept no more: who connects from now on waits. What was asked before is answered."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown(is_patient=False)
        self._thread.join(self._options.drain_timeout)
        self._server.shutdown_now()
        self._thread.join()
        self._server = self._thread = None


class _Handler:
    def __init__(self, failure: Failure) -> None:
        self._bodies = {
            "text/html": failure.html.encode("utf-8", "replace"),
            "text/plain": failure.text.encode("utf-8", "replace"),
            "application/json": failure.json.encode("utf-8", "replace"),
        }
        self._csp = failure.csp

    def __call__(self, exchange: Exchange) -> None:
        """Answer."""
        kind = chosen_kind(exchange.head.get(b"accept"))
        fields = [
            ("Content-Type", kind if kind == "application/json" else f"{kind}; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("Retry-After", "1"),
            ("Vary", "Accept"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if kind == "text/html":
            fields.append(("Content-Security-Policy", self._csp))
        exchange.respond("500 Internal Server Error", fields, self._bodies[kind])


def chosen_kind(accept: str | None) -> str:
    """Return what the client of a request wants to be told in."""
    wishes = parse_accept_header(accept, MIMEAccept)
    named = [kind for kind in _KINDS if any(kind == value for value, _ in wishes)]
    return wishes.best_match(named) or _FOR_ANYBODY
