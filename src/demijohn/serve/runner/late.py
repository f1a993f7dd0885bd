"""`LateRunner`: leader and followers with late promotion.

The *leader* polls and runs handlers itself, so a fast view costs no hand-over between threads. While it is in a handler its
leadership lies on offer; the *watcher* (the thread that called `serve`) takes it and gives it to a *follower* when the handler
overstays. The late thread finishes its handler, writes its answer, and becomes a follower.

There is one leadership token. It is in exactly one of these places, and moves by one atomic `append` or `pop`:
the leader's hands; its slot's `offer` (leader in a handler); a follower's inbox. So no lock is on a fast request's way.

With `threads` threads that may run handlers there is one thread more: when all are late, that one only polls, and what it
reads waits in `queue` for the first that comes back. Accepting, reading and refusing go on all the time.

A handler known to block (see blocking.py) is left in `queue` to the followers, and the leader goes on polling: for its kind, this
is a pool. Followers are woken one after another, each by the one before it when there is more to do: that one is awake, so it has
had the interpreter's lock. To wake one for each job would have all of them wait for that lock while the first could have done the
jobs of all. (A handler that computes holds the lock wherever it runs: a hand-over would only cost.)
"""

import contextlib
import logging
import threading
import time
from collections import deque

from ..engine import STOP_SECONDS, Engine, Job
from ..stats import HAND_OVERS, PROMOTIONS, QUEUED, THREADS_REPLACED
from .alarm import Alarm
from .blocking import SAMPLE, STREAK, Blockers
from .queue import JobQueue
from .slot import FOLLOWING, LATE, LEADING, WOKEN, Slot
from .threadclock import is_runnable, seconds_used, times_waited

logger = logging.getLogger("demijohn.error")

_IDLE_TICKS = 20
"""The watcher goes to sleep after this many ticks without a handler."""

_IDLE_PART = 0.2
"""A handler that uses the processor for less than this part of a tick waits."""

_TARDY_PART = 0.5
"""A watcher that comes later by this part of a tick was itself kept from the processor or from the interpreter's lock, and so may
the handler have been."""


class LateRunner:
    """See the file's description."""

    __slots__ = (
        "_alarm", "_blockers", "_engine", "_idle", "_is_short", "_is_waking", "_is_watcher_asleep", "_leader", "_lock",
        "_max_age", "_now", "_promote_after", "_serial", "_slots", "_slow_after", "queue",
    )  # fmt: skip

    def __init__(self, engine: Engine, threads: int, promote_after: float, slow_after: float) -> None:
        self._engine = engine
        self._promote_after = promote_after
        self._slow_after = slow_after
        self._slots = [Slot(number) for number in range(threads + 1)]
        self._serial = 0  # handlers begun under offer; written by the leader
        self._leader = self._slots[0]
        # Followers, the last to come first to go: its caches are warm. Changed under the lock.
        self._idle: deque[Slot] = deque()
        self._is_waking = False  # one was woken, and will see whether there is work for another; under the lock
        # A job waits for the leader to be out of its handler: the last follower is its successor.
        self._is_short = False
        self.queue = JobQueue(engine)
        self._max_age = engine.options.max_queue_age
        self._lock = threading.Lock()
        self._blockers = Blockers(slow_after)
        self._now = engine.clock.monotonic
        self._alarm = Alarm()  # the watcher's
        self._is_watcher_asleep = False

    def serve(self) -> None:
        """Start the threads, then watch the leader until the engine is stopped. The calling thread is the watcher."""
        self._idle.extend(self._slots[1:])
        for slot in self._slots:  # the first finds itself the leader
            self._start(slot)
        self._watch()

    def wake(self) -> None:
        """Wake the watcher, too."""
        self._alarm.ring()

    def stop(self) -> None:
        """Let the threads end. One that is in a handler which never returns is left behind (threads are daemons)."""
        for slot in self._slots:
            slot.inbox.put(False)
        self._alarm.ring()
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
        if blockers.known:
            # PERF: to make a label takes longer than all else here.
            streak = blockers.streak
            is_left = streak >= STREAK and streak % SAMPLE != 0
            if not is_left:
                label = job.label
                is_left = label in blockers.known and not blockers.is_due(label, reactor.now)
            blockers.streak = streak + 1 if is_left else 0
            if is_left:
                self._hand_over(job)
                return True
        slot = self._leader
        slot.job = job
        self._serial += 1
        slot.offer.append(job)
        if self._is_watcher_asleep:
            self._is_watcher_asleep = False
            self._alarm.ring()
        began = self._now()
        # A long time may be that of others, who had the processor. To ask is a system call, so only after one has taken long.
        waited = times_waited() if began < blockers.doubts_until else None
        job.run()
        try:
            slot.offer.pop()
        except IndexError:
            # Promoted away: another thread polls now, and this one is late.
            slot.role = LATE
            ended = self._now()
            reactor.note_long(began, ended)
            if waited is not None and times_waited() != waited:
                blockers.suspect(label or job.label, ended)
            self._finish_late(slot, job)
            return False
        slot.job = None
        if self._is_short:
            self._end_shortage()
        # Deadlines that are set from now on count from now, however long the handler took.
        ended = reactor.now = self._now()
        if ended - began > self._slow_after:
            if waited is None or times_waited() != waited:
                blockers.suspect(label or job.label, ended)
        elif label and label in blockers.known:
            blockers.end_trial(label)
        job.complete()
        if reactor.held:
            reactor.settle(began, ended)
        return True

    def _hand_over(self, job: Job) -> None:
        """Leave a job to the followers; the caller saw that there is an idle one."""
        if not self.queue.put(job, len(self._idle)):
            self.queue.refuse_new(job)
            job.complete()
            return
        self._engine.stats.cells[HAND_OVERS] += 1
        # Whoever is on its way looks into the queue after saying that it is there.
        if not self._is_waking:
            self._call_follower()

    def _call_follower(self) -> None:
        with self._lock:
            self._wake()

    def _end_shortage(self) -> None:
        """The leader is out of its handler: its successor may have what waits."""
        with self._lock:
            self._is_short = False
            if self.queue.jobs:
                self._wake()

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

    def _lead(self, slot: Slot) -> None:
        """Poll until leadership is lost, or the engine is stopped."""
        slot.role = LEADING
        slot.computed = None
        engine = self._engine
        turn = engine.reactor.turn
        while not engine.is_stopped:
            if not turn():
                return

    def _promote(self, slot: Slot) -> None:
        """Give the token, which the caller holds, to a follower that the caller took out of `_idle`."""
        self._leader = slot
        slot.inbox.put(True)

    # ------------------------------------------------------------------ late threads

    def _finish_late(self, slot: Slot, job: Job) -> None:
        """Hand the connection in, run what waits for a thread, and become a follower."""
        self._hand_in(slot, job)
        self._run_waiting(slot)

    def _run_waiting(self, slot: Slot) -> None:
        """Run what waits for a thread, then become a follower. Neither the leader nor in `_idle`."""
        while (job := self._next_job(slot)) is not None:
            began = self._now()
            if began - job.queued_at > self._max_age:
                self.queue.run(job)
            else:
                job.run()
            wall = self._now() - began
            if wall > self._slow_after:
                self._note_slow(slot, job, wall)
            else:
                # PERF: to ask after each costs a system call. After slow ones is often enough: others may follow them.
                slot.computed = None
                if self._blockers.is_probing:
                    self._blockers.note_quick(job.label)
            self._hand_in(slot, job)

    def _note_slow(self, slot: Slot, job: Job, wall: float) -> None:
        before, slot.computed = slot.computed, time.thread_time()
        waited = None if before is None else wall - (slot.computed - before)
        self._blockers.note_run(job.label, wall, waited)

    def _hand_in(self, slot: Slot, job: Job) -> None:
        """A late thread is done with a job; whatever becomes of the connection next, this slot does not run it."""
        slot.ending = job
        slot.job = None
        if not job.hand_in():
            self._engine.reactor.give_back(job)
        slot.ending = None

    def _next_job(self, slot: Slot) -> Job | None:
        """Take what has waited longest; if nothing does, the slot is that of an idle follower."""
        with self._lock:
            slot.role = LATE
            job = None if self._engine.is_stopped else self.queue.take(slot)
            if job is None:
                slot.role = FOLLOWING
                self._idle.append(slot)
            elif self.queue.jobs and self._idle and not self._is_waking:
                self._wake_next()
            return job

    def _wake_next(self) -> None:
        """There is more to do than the caller has taken. Under the lock."""
        # Said before it is looked whether the leader is in a handler: it looks the other way round.
        self._is_short = True
        if len(self._idle) > 1 or not self._leader.offer:
            self._is_short = False
            self._wake()

    def _wake(self) -> None:
        """Have a follower look for a job, if one is idle and none is on its way. Under the lock."""
        if self._idle and not self._is_waking:
            slot = self._idle.pop()
            slot.role = WOKEN
            self._is_waking = True
            slot.inbox.put(True)

    def _follow_up(self, slot: Slot) -> None:
        """The slot's thread was woken; perhaps once more than needed, after another thread died."""
        with self._lock:
            self._is_waking = False
            if self._leader is slot:
                return  # promoted since; the message for that comes next
            if slot.role is FOLLOWING:
                with contextlib.suppress(ValueError):
                    self._idle.remove(slot)
        self._run_waiting(slot)

    # ------------------------------------------------------------------ the watcher

    def _watch(self) -> None:
        engine = self._engine
        seen = -1
        idle_ticks = 0
        used: float | None = None
        while not engine.is_stopped:
            if not idle_ticks:
                self._pause()
            if self._serial != seen:
                seen = self._serial
                used = seconds_used(self._leader.thread)
            due = self._now() + self._promote_after
            self._alarm.wait(self._promote_after)  # a sleep that `wake` cuts short
            is_tardy = self._now() - due > _TARDY_PART * self._promote_after
            if self._serial != seen:
                idle_ticks = 0
            elif self._leader.offer:
                # The same handler as one tick ago is running, on the thread that should poll.
                self._take_over(used, is_tardy=is_tardy)
            else:
                idle_ticks += 1
                if idle_ticks >= _IDLE_TICKS:
                    self._sleep(seen)
                    idle_ticks = 0

    def _pause(self) -> None:
        """Let some time pass while one handler after the other is begun: there is nothing to see. Only the compiled twin does."""

    def _take_over(self, used_before: float | None, *, is_tardy: bool) -> None:
        """Let another thread poll, unless the handler has just ended.

        `used_before`: how much of the processor the leader's thread had used one tick ago; `None` if it cannot be told.
        """
        slot = self._leader
        if (job := slot.job) is not None:
            job.uncork()  # even if nobody can take over
        late = slot.thread
        used = seconds_used(late)
        # While it is on offer: afterwards it may have ended.
        is_held_up = is_tardy or is_runnable(late)
        with self._lock:
            if not self._idle:
                return  # woken just as the leader began; the first that comes back leads
            try:
                job = self._leader.offer.pop()
            except IndexError:
                return  # just finished
            self._engine.stats.cells[PROMOTIONS] += 1
            self._promote(self._idle.pop())
        # Now and not when the handler has returned: equal requests may be next in line. But when somebody polls again, and
        # without the lock, which the leader may want: a label is the application's to make.
        if used is None or used_before is None:
            self._blockers.promote(job.label, self._now(), None)
        elif used - used_before >= _IDLE_PART * self._promote_after:
            self._blockers.promote(job.label, self._now(), does_wait=False)
        elif is_held_up:
            self._blockers.doubt(self._now())  # it may have waited for the processor; the next one will tell
        else:
            self._blockers.promote(job.label, self._now(), does_wait=True)

    def _sleep(self, serial: int) -> None:
        """Wait until a handler is begun, so that an idle server costs nothing."""
        self._is_watcher_asleep = True
        if self._serial != serial or self._engine.is_stopped:
            # Begun between the last look and the flag: the leader may not have seen the flag. A stray alarm that it
            # may have raised ends the next sleep early, which does no harm.
            self._is_watcher_asleep = False
            return
        self._alarm.wait()

    # ------------------------------------------------------------------ threads

    def _start(self, slot: Slot) -> None:
        thread = threading.Thread(target=self._work, args=(slot,), name=f"demijohn-{slot.number}", daemon=True)
        thread.start()
        slot.thread = thread

    def _work(self, slot: Slot) -> None:
        """Life of one thread."""
        slot.computed = None
        try:
            self._resume(slot)
            while slot.inbox.get() and not self._engine.is_stopped:
                if self._leader is slot:
                    self._lead(slot)
                else:
                    self._follow_up(slot)
        except BaseException:  # noqa: BLE001 - it is logged, by whatever further blow
            # Raised into this thread from outside: jobs and callbacks raise nothing.
            try:
                logger.critical("A thread died, one that %s; another takes its place", slot.role.value, exc_info=True)
            finally:
                if not self._engine.is_stopped:
                    self._engine.stats.cells[THREADS_REPLACED] += 1
                    self._start(slot)

    def _resume(self, slot: Slot) -> None:
        """Go on where the slot's former thread died."""
        job = slot.job or slot.ending
        if job is not None:
            slot.job = slot.ending = None
            job.abandon()
            self._engine.reactor.give_back(job)
        with self._lock:
            # Whoever holds the token makes its follower the leader before anything else, so this decides; the token
            # itself is in this slot's hands, its inbox, or on offer.
            is_leader = self._leader is slot
            if is_leader:
                slot.offer.clear()
            else:
                slot.role = FOLLOWING
            for one in self._slots:
                # This one; or one that a thread had taken out to promote it, and then died.
                if one.role is FOLLOWING and one is not self._leader and one not in self._idle:
                    self._idle.append(one)
                elif one.role is WOKEN:
                    one.inbox.put(True)  # a second time, if the first did get through
            # It may have been on its way to a job, or about to wake the next.
            self._is_waking = False
            if self.queue.jobs:
                self._wake()
        if is_leader:
            self._lead(slot)
