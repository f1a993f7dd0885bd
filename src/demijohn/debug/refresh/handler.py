"""`refreshing`: a handler around the application's: its pages load themselves anew when something has changed.

Here: which requests are ours, and which ask for a page. On whatever thread the server's runner chose.
"""

import logging
import os
import threading
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache, partial
from html import escape
from typing import Final
from urllib.parse import parse_qs, quote

from ..._base.changefeed import ChangeFeed
from ..._base.logtext import one_line
from ...seam import Exchange, Handler, RequestHead
from .access import Access
from .injecting import InjectingExchange
from .policy import nonce_for
from .tabs import Tabs

logger = logging.getLogger("demijohn.debug")

SCRIPT_PATH: Final = "/__demijohn__/refresh.js"
EVENTS_PATH: Final = "/__demijohn__/refresh"

_COMMON: Final = [
    ("Cache-Control", "no-store"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
]
_TEXT: Final = [("Content-Type", "text/plain; charset=utf-8"), *_COMMON]
_SCRIPT: Final = [("Content-Type", "text/javascript; charset=utf-8"), *_COMMON]
# The last one is for nginx in front, which would collect what is to be there at once.
_EVENTS: Final = [("Content-Type", "text/event-stream"), *_COMMON, ("X-Accel-Buffering", "no")]

_PAGES: Final = {"document", "iframe", "frame"}


def refreshing(handler: Handler, feed: Callable[[], ChangeFeed], hosts: Collection[str] = ()) -> Handler:
    """Return a handler that serves the same pages, and has them load themselves anew when `feed` tells of a change.

    Args:
        handler: serves them.
        feed: returns what tells of changes, of a generation that all processes have which serve the same; called in the process
            that answers, when a page is.
        hosts: names that pages may be at; see `Access`.
    """
    return _RefreshHandler(handler, feed, hosts)


class _RefreshHandler:
    """See `refreshing`."""

    def __init__(self, handler: Handler, feed: Callable[[], ChangeFeed], hosts: Collection[str]) -> None:
        self._handler = handler
        self._feed = feed
        self._made_tabs: Tabs | None = None  # under the lock
        self._access = Access(hosts)
        self._lock = threading.Lock()
        self._hinted: set[str] = set()  # under the lock
        # See `seam.Handler`: what the other one does not have, this one has not, either.
        for name in ("label", "streams"):
            if hasattr(handler, name):
                setattr(self, name, getattr(handler, name))

    def __call__(self, exchange: Exchange) -> None:
        head = exchange.head
        path = head.path
        if path in {SCRIPT_PATH, EVENTS_PATH}:
            self._answer(exchange, path)
        elif not _asks_for_page(head):
            self._handler(exchange)
        elif not self._access.is_known(head.authority):
            self._hint(
                f"Pages at {one_line(str(head.authority))} do not refresh themselves: it is not known to be this machine."
                " If it is, name it in the setting debugger_hosts."
            )
            self._handler(exchange)
        else:
            self._handler(InjectingExchange(exchange, partial(self._make_tag, exchange)))

    @property
    def _tabs(self) -> Tabs:
        with self._lock:
            if self._made_tabs is None:
                self._made_tabs = Tabs(self._feed())
            return self._made_tabs

    # ------------------------------------------------------------------ pages

    def _make_tag(self, exchange: Exchange, policies: Sequence[str]) -> str:
        head, peer = exchange.head, exchange.peer
        nonce = nonce_for(policies, f"{peer.scheme}://{head.authority}")
        if nonce is None:
            self._hint(
                "Pages whose Content-Security-Policy forbids it do not refresh themselves."
                " If they should, let script-src and connect-src have 'self' while debugging."
            )
            return ""
        return script_tag(self._tabs.now, root_path=peer.root_path, nonce=nonce, method=head.method)

    def _hint(self, text: str) -> None:
        """Say something once, and not very many different things."""
        with self._lock:
            if text in self._hinted or len(self._hinted) >= 10:
                return
            self._hinted.add(text)
        logger.info("%s", text)

    # ------------------------------------------------------------------ our own

    def _answer(self, exchange: Exchange, path: str) -> None:
        head = exchange.head
        if head.method not in {"GET", "HEAD"}:
            exchange.respond("405 Method Not Allowed", [*_TEXT, ("Allow", "GET, HEAD")], b"Method Not Allowed\n")
        elif (reason := self._access.reason_against(head)) is not None:
            exchange.respond("403 Forbidden", _TEXT, f"Forbidden: {reason}\n".encode())
        elif path == SCRIPT_PATH:
            exchange.respond("200 OK", _SCRIPT, _script())
        else:
            heard = head.get(b"last-event-id") or parse_qs(head.query).get("since", [""])[0]
            stream = self._tabs.open(heard)
            if stream is None:
                exchange.respond(
                    "503 Service Unavailable", [*_TEXT, ("Retry-After", "10")], b"Too many pages are open.\n"
                )
            else:
                exchange.stream("200 OK", _EVENTS, stream)


def script_tag(now: str, *, root_path: str = "", nonce: str = "", method: str = "GET") -> str:
    """Return the element that has a page load itself anew.

    Args:
        now: what the page knows of, see `Tabs.now`.
        root_path: what a proxy has cut off in front of paths.
        nonce: of the page's Content-Security-Policy.
        method: that the page is an answer to; it is not sent again unasked, unless it is GET.
    """
    source = escape(quote(root_path) + SCRIPT_PATH)
    attributes = f'src="{source}" data-since="{escape(now)}" async'
    if method != "GET":
        attributes += f' data-method="{escape(method)}"'
    if nonce:
        attributes += f' nonce="{escape(nonce)}"'
    return f"<script {attributes}></script>"


def _asks_for_page(head: RequestHead) -> bool:
    """Tell whether a browser asks for a whole page to show, and not a script for a part of one."""
    if head.method == "HEAD":
        return False
    destination = head.get(b"sec-fetch-dest")
    if destination is not None:
        return destination in _PAGES
    # Browsers say it to sites that they trust in: https, and localhost. Scripts rarely ask for HTML by its name.
    if head.get(b"x-requested-with") is not None or head.get(b"hx-request") is not None:
        return False
    return "text/html" in (head.get(b"accept") or "")


@lru_cache(maxsize=1)
def _script() -> bytes:
    with open(os.path.join(os.path.dirname(__file__), "assets", "refresh.js"), "rb") as file:
        return file.read()
