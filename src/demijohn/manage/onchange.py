"""`ReloadOnChange`: a process beside the workers that looks whether files of the application change, and who feeds it.

What it is given and what it tells goes over its lifeline, as messages. All but `_run` on the arbiter's thread.
"""

import logging
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from .board import Board
from .reloader.freshness import forget_compiled
from .reloader.pending import shown
from .supervisor.arbiter import Arbiter
from .supervisor.channel import Channel, ChannelClosed, Message
from .supervisor.companions import Companion
from .supervisor.events import FilesChanged
from .supervisor.table import WorkerTable
from .watching.appfiles import sign
from .watching.fileset import FileSet
from .watching.settling import RESTLESS, Settling
from .watching.snapshot import Snapshot

logger = logging.getLogger("demijohn.manage")

_SETTLING_SECONDS: Final = 0.1
"""Between two looks while something changes."""

_REST: Final = 19.0
"""How much longer it does nothing than it looks."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Which files make a supervisor reload, beside those that its workers have loaded."""

    files: FileSet
    """Further files, and what is left out of all."""
    interval: float = 1.0
    """Seconds between two looks."""


class ReloadOnChange:
    """The supervisor's side."""

    def __init__(self, watched: Watched, let_go: Callable[[], None]) -> None:
        """Prepare.

        Args:
            watched: which files, and how often to look at them.
            let_go: called in the process that looks: closes what it has inherited and does not need.
        """
        self._watched = watched
        self._let_go = let_go
        self._arbiter: Arbiter | None = None
        self._channel: Channel | None = None
        self._files: dict[int, dict[str, str]] = {}
        """By generation."""
        self.companion = Companion("watch", self._run, self._release, self._begin)

    def attach(self, arbiter: Arbiter) -> None:
        """Have an arbiter reload, one that runs the companion. Once it has its `on_change`."""
        self._arbiter = arbiter
        arbiter.nursery.on_files = self._take
        on_change = arbiter.on_change

        def on_any_change(before: WorkerTable, after: WorkerTable) -> None:
            if on_change is not None:
                on_change(before, after)
            self._forget(after.current.number)

        arbiter.on_change = on_any_change

    def close(self) -> None:
        """Be done."""
        self._release()

    def _release(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _take(self, generation: int, files: Mapping[str, str]) -> None:
        """Be told what a process of a generation is made of."""
        known = self._files.setdefault(generation, {})
        news = {path: signature for path, signature in files.items() if path not in known}
        if news:
            # What the first one was made of: one that was made later may have more recent code.
            known |= news
            self._tell()

    def _forget(self, current: int) -> None:
        """Have only the files that matter: of the current generation, of one that boots, and of one that has failed since."""
        kept = {current, *sorted(self._files)[-2:]}
        gone = [number for number in self._files if number not in kept or (number < current and current in self._files)]
        if gone:
            for number in gone:
                del self._files[number]
            self._tell()

    def _begin(self, lifeline: socket.socket) -> None:
        """The process has been started."""
        if self._arbiter is not None:
            self._end()
            self._channel = Channel(lifeline.dup())
            self._arbiter.watch(self._channel, self._hear)
            self._tell()

    def _end(self) -> None:
        if self._channel is not None and self._arbiter is not None:
            self._arbiter.watch(self._channel, None)
            self._release()

    def _tell(self) -> None:
        files: dict[str, str] = {}
        for number in sorted(self._files):
            files |= self._files[number]
        if self._channel is not None and files:
            try:
                self._channel.send({"files": files})
            except ChannelClosed:
                # It is gone, or stands still: told that it is to end, another one takes its place.
                self._channel.hang_up()
                self._end()

    def _hear(self) -> None:
        channel, arbiter = self._channel, self._arbiter
        if channel is None or arbiter is None:
            return
        for message in channel.receive():
            if "changed" in message:
                if message["is_restless"]:
                    logger.warning(
                        "%s changed soon after each of the last %d reloads; further ones come slower. If the application writes"
                        " that itself, leave it out with exclude_patterns.",
                        message["changed"],
                        RESTLESS,
                    )
                arbiter.feed(FilesChanged(str(message["changed"])))
        if channel.is_ended:
            self._end()

    # ------------------------------------------------------------------ in the companion

    def _run(self, board: Board, lifeline: socket.socket) -> None:
        """Look until the lifeline ends."""
        self._let_go()
        channel = Channel(lifeline)
        look = Look(self._watched.files)
        due = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(channel, selectors.EVENT_READ)
            while True:
                selector.select(max(0.0, due - time.monotonic()))
                for message in channel.receive():
                    look.expect(message["files"])
                if channel.is_ended:
                    return
                began = time.monotonic()
                if began >= due:
                    changed = look.take(began)
                    if changed:
                        forget_compiled(changed)
                        try:
                            channel.send(look.told(changed))
                        except ChannelClosed:
                            return  # the supervisor is gone
                    now = time.monotonic()
                    pause = _SETTLING_SECONDS if look.is_under_way else self._watched.interval
                    due = now + max(pause, _REST * (now - began))


class Look:
    """What the companion knows of the files. Looks when it is asked, and never waits."""

    def __init__(self, files: FileSet) -> None:
        """Begin with what is known before any process has told what it has loaded."""
        self._files = files
        self._snapshot = Snapshot(files)
        self._settling = Settling()
        self._since: set[str] = set()
        """Files that had changed before they were looked at here."""

    @property
    def is_under_way(self) -> bool:
        """Something changes at the moment."""
        return self._settling.is_under_way

    def expect(self, loaded: Mapping[str, str]) -> None:
        """Look at these files that were loaded, and at no other ones; told how they were then."""
        news = loaded.keys() - self._files.modules
        self._files = replace(self._files, modules=frozenset(loaded))
        self._snapshot.have(self._files)
        self._since |= {path for path in news & self._files.singles.keys() if sign(path) != loaded[path]}

    def told(self, changed: Sequence[str]) -> Message:
        """Return what is said of changes that were taken."""
        return {"changed": shown(changed), "is_restless": self._settling.restless == RESTLESS}

    def take(self, now: float) -> list[str]:
        """Return the paths of what has changed and come to rest."""
        changed, self._since = self._since, set()
        return self._settling.take(changed | {one.path for one in self._snapshot.glance()}, now)
