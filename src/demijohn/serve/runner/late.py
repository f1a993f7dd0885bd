"""`LateRunner`: leader and followers with late promotion.

The *leader* polls and runs handlers itself, so a fast view costs no hand-over between threads. While it is in a handler its
leadership lies on offer; the *watcher* (the thread that called `serve`) takes it and gives it to a *follower* when the handler
overstays. The late thread finishes its handler, writes its answer, and becomes a follower.

There is one leadership token. It is in exactly one of these places, and moves by one atomic `append` or `pop`:
the leader's hands; its slot's `offer` (leader in a handler); a follower's inbox. So no lock is on a fast request's way.

With `threads` threads that may run handlers there is one thread more: when all are late, that one only polls, and what it
reads waits in `queue` for the first that comes back. Accepting, reading and refusing go on all the time.

A handler known to block (see blocking.py) is given to a follower, and the leader goes on polling: for its kind, this is a pool.
Giving leadership away instead, and running it here, would wake a thread for each request; a follower that is busy takes the next
job as it is done with one. (One that computes holds the interpreter's lock wherever it runs: a hand-over would only cost.)
"""

import contextlib
import logging
import threading
import time
from collections import deque
from enum import Enum
from queue import Empty, SimpleQueue

from ..engine import STOP_SECONDS, Engine, Job
from ..stats import HAND_OVERS, PROMOTIONS, QUEUED, THREADS_REPLACED
from .blocking import Blockers
from .queue import JobQueue

logger = logging.getLogger("demijohn.error")

_IDLE_TICKS = 20
"""The watcher goes to sleep after this many ticks without a handler."""


class Role(Enum):
    """What a thread is doing; its successor goes on from there if it dies."""

    FOLLOWING = "waits to be promoted"
    LEADING = "polls and runs handlers"
    LATE = "runs a handler after another thread took over polling"


class _Slot:
    """A place for a thread. The thread may die; the slot and its inbox stay, so that a promotion is never lost."""

    __slots__ = ("inbox", "job", "label", "number", "offer", "role", "thread")

    def __init__(self, number: int) -> None:
        self.number = number
        self.inbox: SimpleQueue[bool] = SimpleQueue()  # True: you lead, or have a job; False: stop
        self.role = Role.FOLLOWING
        # While following: given by the leader, and not begun. Otherwise: that runs.
        self.job: Job | None = None
        self.label = ""  # of a job given by the leader
        # The token while this slot's thread, as the leader, is in a handler. Each slot has its own: a thread that has become
        # late must not take what its successor offers for what it had offered itself.
        self.offer: deque[Job] = deque()
        self.thread: threading.Thread | None = None


class LateRunner:
    """See the file's description."""

    def __init__(self, engine: Engine, threads: int, promote_after: float, slow_after: float) -> None:
        self._engine = engine
        self._promote_after = promote_after
        self._slow_after = slow_after
        self._slots = [_Slot(number) for number in range(threads + 1)]
        self._serial = 0  # handlers begun under offer; written by the leader
        self._leader = self._slots[0]
        # Followers, the last to come first to go: its caches are warm. Appended to under the lock, popped by whoever
        # holds the leadership token.
        self._idle: deque[_Slot] = deque()
        self.queue = JobQueue(engine)
        self._max_age = engine.options.max_queue_age
        self._lock = threading.Lock()
        self._blockers = Blockers(slow_after)
        self._now = engine.clock.monotonic
        self._alarm: SimpleQueue[None] = SimpleQueue()
        self._is_watcher_asleep = False

    def serve(self) -> None:
        """Start the threads, then watch the leader until the engine is stopped. The calling thread is the watcher."""
        self._idle.extend(self._slots[1:])
        for slot in self._slots:  # the first finds itself the leader
            self._start(slot)
        self._watch()

    def wake(self) -> None:
        """Wake the watcher, too."""
        self._alarm.put(None)

    def stop(self) -> None:
        """Let the threads end. One that is in a handler which never returns is left behind (threads are daemons)."""
        for slot in self._slots:
            slot.inbox.put(False)
        self._alarm.put(None)
        until = self._now() + STOP_SECONDS
        for slot in self._slots:
            if slot.thread is not None:
                slot.thread.join(timeout=max(0.0, until - self._now()))

    def running(self) -> dict[int, Job]:
        """See `Runner.running`."""
        found: dict[int, Job] = {}
        for slot in self._slots:
            job, thread = slot.job, slot.thread
            if job is not None and thread is not None and thread.ident is not None:
                found[thread.ident] = job
        return found

    # ------------------------------------------------------------------ the leader's thread

    def submit(self, job: Job) -> bool:
        """See `Runner.submit`."""
        if not self._idle and self._is_queued(job):
            return True
        reactor = self._engine.reactor
        if (age := reactor.now - reactor.polled_at) > self._max_age and job.can_be_refused:
            # Handlers that all are quick, but many: this one's turn in the round was late.
            self.queue.refuse_old(job, age)
            job.complete()
            return True
        label = ""
        blockers = self._blockers
        if blockers.known and (label := job.label) in blockers.known and not blockers.is_due(label):
            self._hand_over(job, label)
            return True
        slot = self._leader
        slot.job = job
        self._serial += 1
        slot.offer.append(job)
        if self._is_watcher_asleep:
            self._is_watcher_asleep = False
            self._alarm.put(None)
        began = self._now()
        job.run()
        try:
            slot.offer.pop()
        except IndexError:
            # Promoted away: another thread polls now, and this one is late.
            slot.role = Role.LATE
            self._finish_late(slot, job)
            return False
        slot.job = None
        # Deadlines that are set from now on count from now, however long the handler took.
        ended = reactor.now = self._now()
        if ended - began > self._slow_after:
            blockers.suspect(label or job.label, ended)
        elif label in blockers.known:
            blockers.end_trial(label)
        job.complete()
        return True

    def _hand_over(self, job: Job, label: str) -> None:
        """Let a follower run a job; the caller saw that there is one, and only the leader takes from them."""
        self._engine.stats.cells[HAND_OVERS] += 1
        with self._lock:
            follower = self._idle[-1]
            follower.label = label
            follower.job = job
            self._idle.pop()
            follower.inbox.put(True)

    def _is_queued(self, job: Job) -> bool:
        """Let a job wait, or refuse it, if nobody could take over polling; False if somebody can, now."""
        with self._lock:
            if self._idle:
                return False
            # Whoever finishes a handler first takes it.
            if self.queue.put(job):
                self._engine.stats.cells[QUEUED] += 1
                return True
        self.queue.refuse_new(job)
        job.complete()
        return True

    def _lead(self, slot: _Slot) -> None:
        """Poll until leadership is lost, or the engine is stopped."""
        slot.role = Role.LEADING
        engine = self._engine
        turn = engine.reactor.turn
        while not engine.is_stopped:
            if not turn():
                return

    def _promote(self, slot: _Slot) -> None:
        """Give the token, which the caller holds, to a follower that the caller took out of `_idle`."""
        self._leader = slot
        slot.inbox.put(True)

    # ------------------------------------------------------------------ late threads

    def _finish_late(self, slot: _Slot, job: Job) -> None:
        """Hand the connection in, run what waited for a thread, and become a follower."""
        while True:
            if not job.hand_in():
                self._engine.reactor.give_back(job)
            with self._lock:
                following = None if self._engine.is_stopped else self.queue.take(slot)
                if following is None:
                    slot.job = None
                    slot.role = Role.FOLLOWING
                    self._idle.append(slot)
                    return
                job = following
            self.queue.run(job)

    def _run_known(self, slot: _Slot) -> None:
        """Run the job that the leader gave to this slot's thread, and take note how long it took."""
        job = slot.job
        if job is None:
            return  # the message was for a predecessor of this thread, and its successor has followed it
        slot.role = Role.LATE
        began, computed = self._now(), time.thread_time()
        job.run()
        wall = self._now() - began
        self._blockers.note_run(slot.label, wall, wall - (time.thread_time() - computed))
        self._finish_late(slot, job)

    # ------------------------------------------------------------------ the watcher

    def _watch(self) -> None:
        engine = self._engine
        seen = -1
        idle_ticks = 0
        while not engine.is_stopped:
            with contextlib.suppress(Empty):
                self._alarm.get(timeout=self._promote_after)  # a sleep that `wake` cuts short
            serial = self._serial
            if serial != seen:
                seen = serial
                idle_ticks = 0
            elif self._leader.offer:
                # The same handler as one tick ago is running, on the thread that should poll.
                self._take_over()
            else:
                idle_ticks += 1
                if idle_ticks >= _IDLE_TICKS:
                    self._sleep(serial)
                    idle_ticks = 0

    def _take_over(self) -> None:
        with self._lock:
            try:
                job = self._leader.offer.pop()
            except IndexError:
                return  # just finished
            self._engine.stats.cells[PROMOTIONS] += 1
            # There is one: leadership is offered only while somebody is idle, and only its holder takes from `_idle`.
            self._promote(self._idle.pop())
        # Now and not when the handler has returned: equal requests may be next in line. But when somebody polls again, and
        # without the lock, which the leader may want: a label is the application's to make.
        self._blockers.learn(job.label, self._now())

    def _sleep(self, serial: int) -> None:
        """Wait until a handler is begun, so that an idle server costs nothing."""
        self._is_watcher_asleep = True
        if self._serial != serial or self._engine.is_stopped:
            # Begun between the last look and the flag: the leader may not have seen the flag. A stray alarm that it
            # may have raised ends the next sleep early, which does no harm.
            self._is_watcher_asleep = False
            return
        self._alarm.get()

    # ------------------------------------------------------------------ threads

    def _start(self, slot: _Slot) -> None:
        thread = threading.Thread(target=self._work, args=(slot,), name=f"demijohn-{slot.number}", daemon=True)
        thread.start()
        slot.thread = thread

    def _work(self, slot: _Slot) -> None:
        """Life of one thread."""
        try:
            self._resume(slot)
            while slot.inbox.get() and not self._engine.is_stopped:
                if self._leader is slot:
                    self._lead(slot)
                else:
                    self._run_known(slot)
        except BaseException:  # noqa: BLE001 - it is logged, by whatever further blow
            # Raised into this thread from outside: jobs and callbacks raise nothing.
            try:
                logger.critical("A thread died, one that %s; another takes its place", slot.role.value, exc_info=True)
            finally:
                if not self._engine.is_stopped:
                    self._engine.stats.cells[THREADS_REPLACED] += 1
                    self._start(slot)

    def _resume(self, slot: _Slot) -> None:
        """Go on where the slot's former thread died."""
        job = slot.job
        if job is not None and slot.role is Role.FOLLOWING:
            slot.inbox.put(True)  # given to the predecessor, which had not begun
        elif job is not None:
            slot.job = None
            job.abandon()
            self._engine.reactor.give_back(job)
        with self._lock:
            # Whoever holds the token makes its follower the leader before anything else, so this decides; the token
            # itself is in this slot's hands, its inbox, or on offer.
            is_leader = self._leader is slot
            if is_leader:
                slot.offer.clear()
            else:
                slot.role = Role.FOLLOWING
            for one in self._slots:
                # This one; or one that a thread had taken out to promote it, and then died.
                is_free = one.role is Role.FOLLOWING and one.job is None
                if is_free and one is not self._leader and one not in self._idle:
                    self._idle.append(one)
        if is_leader:
            self._lead(slot)
