"""Control of a supervisor and its workers: answered in the arbiter's loop; what only a worker knows is asked of it.

The arbiter's table says who there is, the board (`manage/board.py`) what each of them counts, even of one that stands still,
and the channels carry questions. The arbiter comes round once a second at least: then whoever has not answered in time counts as
silent. All of it on the arbiter's thread.
"""

import signal
import time
from collections.abc import Callable
from typing import Final

from ..supervisor.arbiter import Arbiter
from ..supervisor.events import ScaleAsked, SignalReceived
from ..supervisor.rows import State, Worker
from ..supervisor.table import WorkerTable
from .answers import set_log_level
from .commands import Answers, Commands
from .place import ControlListener
from .protocol import ControlError, Message
from .rows import facts, worker_row
from .server import ControlServer, Reply

ANSWER_SECONDS: Final = 1.0
"""How long a worker may take to answer. Seen by the arbiter when it comes round next, up to a second later."""

STACKS_SECONDS: Final = 3.0
"""How long a worker that does not answer may take to be made to say where its threads are."""

_NANO: Final = 1e9


class _Round:
    """A question to several workers."""

    def __init__(self, due: float, done: Callable[[Answers], None]) -> None:
        self.due = due
        self.answers: Answers = {}
        self.waiting: set[int] = set()
        self._done: Callable[[Answers], None] | None = done

    def finish(self) -> None:
        """Be done with those answers that there are."""
        done, self._done = self._done, None
        if done is not None:
            done(self.answers | dict.fromkeys(self.waiting))


class _Dump:
    """The stacks of a worker that does not answer."""

    def __init__(self, due: float, done: Callable[[str], None]) -> None:
        self.due = due
        self.text = ""
        self.done = done


class SupervisedTarget:
    """All workers of one arbiter. See `Target`. The arbiter's thread."""

    def __init__(self, arbiter: Arbiter, urls: list[str], now: Callable[[], float] = time.monotonic) -> None:
        """Prepare. `urls`: what a person would open."""
        self._arbiter = arbiter
        self._urls = urls
        self._now = now
        self._began = now()
        self._rounds: set[_Round] = set()
        self._silent: dict[int, float] = {}  # who has a question to answer, and since when
        self._reloads: list[
            tuple[int, float, Reply]
        ] = []  # with the youngest generation when it was asked for, and when
        self._dumps: dict[int, _Dump] = {}
        self._last_number = arbiter.table.last_number

    # ------------------------------------------------------------------ what the arbiter knows

    def status(self) -> Message:
        """See `Target`."""
        table, head = self._arbiter.table, self._arbiter.board.head
        stopping = "stopping" if table.stop_requests else "paused" if table.is_paused else ""
        return {
            **facts(self._urls),
            "is_supervised": True,
            "state": stopping or ("serving" if table.was_ready else "booting"),
            "started_at": head.started_at / _NANO,
            "uptime": self._now() - self._began,
            "wanted": table.wanted,
            "generation": table.current.number,
            "coming_generation": None if table.coming is None else table.coming.number,
            "last_failure": table.last_failure,
            "reloads": head.reloads,
            "reload_failures": head.reload_failures,
            "restarts": head.restarts,
            "recycled": head.recycled,
            "requests": self._arbiter.board.retired.requests
            + sum(slot.stats.requests for slot in self._arbiter.board.slots()),
        }

    def workers(self) -> list[Message]:
        """See `Target`."""
        slots = {slot.pid: slot for slot in self._arbiter.board.slots()}
        now = self._now()
        found = []
        for worker in self._arbiter.table.workers:
            slot = slots.get(worker.pid)
            if worker.is_loader or slot is None:
                continue
            row = worker_row(
                worker.pid,
                slot.stats,
                state=_state_of(worker),
                generation=worker.generation,
                age=max(0.0, now - slot.forked_at / _NANO),
                heartbeat_age=max(0.0, now - slot.beat_at / _NANO),
                queued=slot.queued,
                oldest_queued=max(0.0, now - slot.queued_since / _NANO) if slot.queued_since else 0.0,
            )
            row |= {"is_serving": worker.state is State.SERVING, "reason": worker.retired or worker.wants_out}
            found.append(row)
        return found

    # ------------------------------------------------------------------ what the arbiter does

    def reload(self, reply: Reply) -> None:
        """See `Target`."""
        table = self._arbiter.table
        if table.stop_requests:
            raise ControlError("The server is stopping.")
        self._reloads.append((table.last_number, self._now(), reply))
        self._arbiter.feed(SignalReceived(signal.SIGHUP))

    def stop(self, *, is_quick: bool) -> Message:
        """See `Target`."""
        self._arbiter.feed(SignalReceived(signal.SIGQUIT if is_quick else signal.SIGTERM))
        return {"is_stopping": True}

    def scale(self, wanted: int) -> Message:
        """See `Target`."""
        before = self._arbiter.table.wanted
        self._arbiter.feed(ScaleAsked(wanted))
        return {"wanted": wanted, "before": before}

    # ------------------------------------------------------------------ what only workers know

    def ask(self, pids: list[int], question: Message, done: Callable[[Answers], None]) -> None:
        """See `Target`. Who still owes an answer is not asked again, or the questions would pile up before him."""
        now = self._now()
        asked = _Round(now + ANSWER_SECONDS, done)
        asked.waiting.update(pids)
        was_asked = [
            self._ask(asked, pid, question) for pid in pids if now - self._silent.get(pid, now) < ANSWER_SECONDS
        ]
        if any(was_asked):
            self._rounds.add(asked)
        else:
            asked.finish()

    def _ask(self, asked: _Round, pid: int, question: Message) -> bool:
        def take(answer: Message | None) -> None:
            self._silent.pop(pid, None)
            if pid not in asked.waiting:
                return  # too late
            asked.waiting.discard(pid)
            asked.answers[pid] = {"error": "It has ended."} if answer is None else answer
            if not asked.waiting:
                self._rounds.discard(asked)
                asked.finish()

        if not self._arbiter.nursery.ask(pid, question, take):
            return False
        self._silent.setdefault(pid, self._now())
        return True

    def set_log_level(self, name: str, level: int) -> str:
        """See `Target`."""
        self._arbiter.nursery.standing[f"log-level {name}"] = {"ask": "log-level", "name": name, "level": level}
        return set_log_level(name, level)

    def raw_stacks(self, pid: int, done: Callable[[str], None]) -> bool:
        """See `Target`. By a signal whose handler is in C: it works whatever the interpreter does."""
        if pid in self._dumps or self._arbiter.table.worker(pid) is None:
            return False
        self._dumps[pid] = _Dump(self._now() + STACKS_SECONDS, done)
        self._arbiter.nursery.dump_stacks(pid)
        return True

    def take_text(self, pid: int, text: str) -> bool:
        """Be told what a worker wrote that is no message; True if that was wanted here."""
        dump = self._dumps.get(pid)
        if dump is None:
            return False
        dump.text += text
        # The rest of it follows at once, if there is more.
        dump.due = min(dump.due, self._now() + 0.5)
        return True

    # ------------------------------------------------------------------ time passes

    def on_change(self, table: WorkerTable) -> None:
        """Be told the table as it is now; at least once a second."""
        now = self._now()
        if table.last_number != self._last_number:
            self._last_number = table.last_number
            # The settings were read, and have set levels in this process: what was said by hand counts more.
            for question in self._arbiter.nursery.standing.values():
                set_log_level(question["name"], question["level"])
        for asked in [one for one in self._rounds if one.due <= now]:
            self._rounds.discard(asked)
            asked.finish()
        for pid, dump in [each for each in self._dumps.items() if each[1].due <= now]:
            del self._dumps[pid]
            dump.done(dump.text)
        pids = {worker.pid for worker in table.workers}
        self._silent = {pid: since for pid, since in self._silent.items() if pid in pids}
        for reload in list(self._reloads):
            if self._end_reload(table, *reload):
                self._reloads.remove(reload)

    def _end_reload(self, table: WorkerTable, number: int, began: float, reply: Reply) -> bool:
        """Answer whoever waits for a reload, if it is over."""
        if table.stop_requests:
            reply.fail("The server is stopping.")
        elif table.coming is not None or table.is_reload_asked or table.last_number <= number:
            return False
        elif table.last_failure:
            reply.fail(
                f"The reload came to nothing; what served before goes on serving.\n{table.last_failure.rstrip()}"
            )
        else:
            reply.give({"generation": table.current.number, "seconds": self._now() - began})
        return True


def control_arbiter(arbiter: Arbiter, listener: ControlListener, urls: list[str]) -> ControlServer:
    """Answer in the loop of an arbiter; to be closed when that has ended. The listener is taken over."""
    target = SupervisedTarget(arbiter, urls)
    server = ControlServer(listener, Commands(target))
    nursery = arbiter.nursery
    let_go, on_change = nursery.let_go, arbiter.on_change

    def let_go_of_all() -> None:
        let_go()
        server.let_go()

    def on_any_change(before: WorkerTable, after: WorkerTable) -> None:
        if on_change is not None:
            on_change(before, after)
        target.on_change(after)
        server.turn()  # clients whose time is over

    nursery.let_go = let_go_of_all
    nursery.on_text = target.take_text
    arbiter.on_change = on_any_change
    arbiter.watch(server, server.turn)
    return server


def _state_of(worker: Worker) -> str:
    if worker.is_leaving:
        return "stopping"
    if worker.retired and worker.state is State.SERVING:
        return "retiring"
    return worker.state.value
