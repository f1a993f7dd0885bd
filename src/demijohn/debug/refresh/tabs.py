"""`Tabs`: the open pages that hear of changes, each by a stream of server-sent events that holds no thread. Any thread.

    id: <generation>.<number of the last change>        what the page has heard of; it says so when it comes back
    event: hello | change | reload
    data: {"kind": "static", "paths": ["static/style.css"]}

A change of code is not told: the process that would tell it is about to end. Its successor has another generation, and who comes
with the old one is told to reload.
"""

import json
import os
import threading
from collections.abc import Callable
from functools import partial
from typing import Final

from ..._base.changefeed import Change, ChangeFeed
from ...seam import Feed

MOST_TABS: Final = 100
"""Streams of one process. Pages that nobody looks at let go of theirs."""

_RETRY_MS: Final = 250
"""How soon a browser comes back after a stream has ended."""

_SEGMENTS: Final = 4
"""What is told of a path: a page compares its end with the URLs it has, and the rest is nobody's business."""


class Tabs:
    """The streams of one process."""

    def __init__(self, feed: ChangeFeed, most: int = MOST_TABS) -> None:
        self._feed = feed
        self._most = most
        self._lock = threading.Lock()
        self._count = 0

    @property
    def now(self) -> str:
        """The id of the last change."""
        return f"{self._feed.generation}.{self._feed.count}"

    def open(self, heard: str) -> Feed | None:
        """Return the stream for a page that has heard of everything up to an id, `""`: of nothing. `None`: there are too many."""
        with self._lock:
            if self._count >= self._most:
                return None
            self._count += 1
        stream = Feed(is_endless=True, on_close=lambda: self._leave(unsubscribe))
        # First: a change that comes just now may be told twice, but not never.
        unsubscribe = self._feed.subscribe(partial(self._tell, stream))
        now = self.now
        missed = self._missed(heard)
        if missed is None:
            stream.send(_event("reload", now))
        else:
            for change in missed:
                self._tell(stream, change)
            # Last: with its id a page has heard of all of them.
            stream.send(f"retry: {_RETRY_MS}\n".encode() + _event("hello", now))
        return stream

    def _missed(self, heard: str) -> list[Change] | None:
        """Return what a page has missed; `None` if nobody knows."""
        if not heard:
            return []
        generation, _, number = heard.rpartition(".")
        if generation != self._feed.generation or not (number.isascii() and number.isdecimal()) or len(number) > 9:
            return None
        return self._feed.since(int(number))

    def _tell(self, stream: Feed, change: Change) -> None:
        if change.kind != "code":
            what = {"kind": change.kind, "paths": [_end_of(path) for path in change.paths]}
            stream.send(_event("change", f"{self._feed.generation}.{change.number}", what))

    def _leave(self, unsubscribe: Callable[[], None]) -> None:
        unsubscribe()
        with self._lock:
            self._count -= 1


def _event(name: str, number: str, data: object = None) -> bytes:
    return f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode()


def _end_of(path: str) -> str:
    return "/".join(path.split(os.sep)[-_SEGMENTS:])
