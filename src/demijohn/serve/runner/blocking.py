"""`Blockers`: which handlers are known to block, by their label, from how long they took. The leader and threads of the runner.

A label becomes known when a handler was promoted away from, or twice took long; that may be a hiccup of the machine, and what
blocks today may be quick tomorrow. So now and then one request of a known label is a trial: it runs where unknown ones do, and if
some in a row are quick, the label is forgotten. A label that is learnt again soon after that has its next trials after ever more
requests: one that is slow only at times must not cost a promotion each time.

Where others want the processor, too, or another thread has the interpreter's lock, a quick handler takes long now and then,
and looks as if it waited. To leave it to other threads then costs more than it saves. So a label that only took long is on
probation until its first trial: if most of its requests that ended meanwhile were quick, it was a mistake, and it is trusted for
a while.

A race between two threads here costs an estimate and nothing else, so there is no lock.
"""

from typing import Any, Final

_AGAIN = 0.25
"""A label is known when a second slow run follows within so many seconds: one alone may be a hiccup."""

_TRIALS = 3
"""Quick trials in a row after which a label is forgotten."""

_FIRST_GAP, _LONGEST_GAP = 16, 65536
_FIRST_REST, _LONGEST_REST = 0.25, 4.0
_GROWTH = 4
"""Requests of a known label, and seconds, from one trial, or row of trials, to the next: how many at first, at most, and how many
times as many each time that the label is learnt again. A page that is slow at times has some quick trials in a row, is forgotten,
and to learn it again takes a promotion, during which nobody polls: that has to be rare, also where many ask for it at once."""

_CALM = 10.0
"""A label that is learnt again after so many seconds starts with the first gap."""

_LESS = 0.4
"""A handler whose slow runs wait, on average, for less than this part of what makes a run slow, computes."""

_TRUST = 100
"""A label that was found to compute, or to be quick for the most part, is not suspected again for so many slow runs."""

STREAK: Final = 32
"""After so many requests in a row that were left to other threads, labels are not made for all of the next ones."""

SAMPLE: Final = 8
"""Then one is made for one request in so many."""

_SLOW_PART = 0.5
"""A label on probation is kept if so many of its requests are slow."""

_PROBED = 8
"""Requests that have to end before that is decided: others may be waiting for a thread yet."""

_LONGEST_PROBATION = 1024
"""Requests after which it is decided with what there is."""

_MOST_LABELS = 4096
"""Labels that are remembered; a table is emptied when it is full of others."""


class _Record:
    """What is known about a label."""

    __slots__ = ("gap", "is_sure", "learnt_at", "left", "quick", "quick_runs", "slow_runs", "tried_from", "waits")

    def __init__(self, gap: int, waits: float, now: float, *, is_sure: bool) -> None:
        self.gap = gap
        self.left = gap  # requests until the next trial, which is not made sooner than:
        self.tried_from = now + min(_LONGEST_REST, _FIRST_REST * gap / _FIRST_GAP)
        self.quick = 0  # trials in a row
        self.is_sure = is_sure  # False: on probation
        # Requests that ended on other threads since then; quick ones are counted on probation only.
        self.quick_runs = self.slow_runs = 0
        self.waits = waits  # running average of the seconds that its slow handlers waited
        self.learnt_at = now


class Blockers:
    """See the file's description."""

    __slots__ = ("_former", "_slow_after", "_suspects", "_trusted", "doubts_until", "is_probing", "known", "streak")

    doubts_until: float
    """Until then it is worth asking the system whether a handler that takes long waits. Read by the leader for each request."""

    is_probing: bool
    """Whether some label is on probation, so that quick runs on other threads are to be noted, too."""

    streak: int
    """Requests in a row that were left to other threads. The leader's."""

    def __init__(self, slow_after: float) -> None:
        self._slow_after = slow_after
        self.doubts_until = 0.0
        self.is_probing = False
        self.streak = 0
        self.known: dict[str, _Record] = {}
        self._former: dict[str, _Record] = {}  # that were forgotten
        self._suspects: dict[str, float] = {}  # label -> when it was slow last
        self._trusted: dict[str, int] = {}  # label -> slow runs for which it is still not suspected

    def is_due(self, label: str, now: float) -> bool:
        """Tell whether this request of a known label is a trial. The leader, once for each request that it makes a label for."""
        record = self.known.get(label)
        if record is None:
            return True
        record.left -= 1 if self.streak < STREAK else SAMPLE
        if record.left > 0:
            return False
        return now >= record.tried_from if record.is_sure else self._is_decided(label, record)

    def _is_decided(self, label: str, record: _Record) -> bool:
        """End a label's probation, unless too few of its requests have ended."""
        ended = record.quick_runs + record.slow_runs
        if ended < _PROBED and record.left > -_LONGEST_PROBATION:
            return False
        record.is_sure = True
        if record.slow_runs < _SLOW_PART * ended:
            self.known.pop(label, None)
            self._trust(label)
        self._look_for_probations()
        return True

    def _look_for_probations(self) -> None:
        self.is_probing = any(not one.is_sure for one in list(self.known.values()))

    def end_trial(self, label: str) -> None:
        """Take note that a request which ran where unknown ones do was quick, though its label is known."""
        record = self.known.get(label)
        if record is not None:
            record.quick += 1
            if record.quick >= _TRIALS:
                self._forget(label)

    def suspect(self, label: str, now: float) -> None:
        """Take note that a handler took long: not long enough for a promotion, or it waited and may have been held up, too."""
        trust = self._trusted.get(label, 0)
        if trust:
            self._trusted[label] = trust - 1
        elif now - self._suspects.get(label, -1.0) < _AGAIN:
            self.learn(label, now, is_sure=False)
        else:
            _make_room(self._suspects)
            self._suspects[label] = now
            self.doubt(now)

    def doubt(self, now: float) -> None:
        """Take note that a handler took long, and that nobody knows whether it waited or was held up by others."""
        self.doubts_until = now + _AGAIN

    def promote(self, label: str, now: float, does_wait: bool | None) -> None:
        """Take note that a handler was promoted away from, and whether it waited then; `None`: that cannot be told."""
        if does_wait:
            # It is a page that computes at times and waits at others: what waits has to go.
            self._trusted.pop(label, None)
        elif does_wait is False or self._trusted.get(label):
            return
        self.learn(label, now, is_sure=True)

    def learn(self, label: str, now: float, *, is_sure: bool) -> None:
        """From now on the label is known to block; if that is not sure, on probation."""
        before = self.known.get(label)
        if before is None:
            before = self._former.pop(label, None)
        else:
            is_sure = is_sure or before.is_sure
        self.streak = 0
        gap = _FIRST_GAP
        if before is not None and now - before.learnt_at < _CALM:
            gap = min(_LONGEST_GAP, before.gap * _GROWTH)
        _make_room(self.known)
        self.known[label] = _Record(gap, 2 * self._slow_after, now, is_sure=is_sure)
        self._look_for_probations()

    def note_quick(self, label: str) -> None:
        """Take note that a handler was quick on another thread, while some label is on probation."""
        record = self.known.get(label)
        if record is not None:
            record.quick_runs += 1

    def note_run(self, label: str, wall: float, waited: float | None) -> None:
        """Take note how long a handler that is known took and how long of that it waited, if that can be told.

        One that computes is forgotten.
        """
        record = self.known.get(label)
        # One that was quick says nothing: trials tell, and not after a few of a page that is slow at times.
        if record is None or wall <= self._slow_after:
            return
        record.slow_runs += 1
        if waited is None:
            return
        record.waits = 0.8 * record.waits + 0.2 * waited
        if record.waits <= _LESS * self._slow_after:
            self._forget(label)
            self._trust(label)

    def _trust(self, label: str) -> None:
        _make_room(self._trusted)
        self._trusted[label] = _TRUST

    def _forget(self, label: str) -> None:
        record = self.known.pop(label, None)
        if record is not None:
            _make_room(self._former)
            self._former[label] = record
            self._look_for_probations()


def _make_room(table: dict[str, Any]) -> None:  # Any: whatever it has for each label
    if len(table) >= _MOST_LABELS:
        table.clear()
