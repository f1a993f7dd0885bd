"""`Commands`: from a question that came through the control socket to its answer, whatever runs behind it.

What runs is a `Target`: a supervisor with workers (supervised.py), or a process that serves alone (alone.py). Checks what the
question says; knows no sockets. The control server's thread.
"""

import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from .answers import level_number
from .protocol import Code, ControlError, Message
from .server import Reply

MOST_WORKERS: Final = 1024

Answers = dict[int, Message | None]
"""By process: `{"result": ...}`, `{"error": ...}`, or `None` if it did not answer in time."""


class Target(Protocol):
    """What can be controlled. All methods return at once."""

    def status(self) -> Message:
        """Return what there is to say about the whole."""

    def workers(self) -> list[Message]:
        """Return what is known of each worker without asking it; `pid` at least."""

    def reload(self, reply: Reply) -> None:
        """Begin to reload, and answer when it is done."""

    def stop(self, *, is_quick: bool) -> Message:
        """Begin to stop."""

    def scale(self, wanted: int) -> Message:
        """Want so many workers from now on."""

    def ask(self, pids: list[int], question: Message, done: Callable[[Answers], None]) -> None:
        """Ask workers; `done` is called once, soon, with whatever they answered by then."""

    def set_log_level(self, name: str, level: int) -> str:
        """Set the level of a logger in this process, and in all that are made from now on; return what it was set to before.

        Those that are there already are asked.
        """

    def raw_stacks(self, pid: int, done: Callable[[str], None]) -> bool:
        """Have a worker that does not answer tell where its threads are, as text; False if that is not possible."""


class Commands:
    """Answers questions about one target. For `ControlServer`."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._commands: dict[str, Callable[[Message, Reply], None]] = {
            "status": self._status,
            "workers": self._workers,
            "reload": self._reload,
            "stop": self._stop,
            "scale": self._scale,
            "top": self._top,
            "stacks": self._stacks,
            "log-level": self._log_level,
        }

    def __call__(self, message: Message, reply: Reply) -> None:
        """Answer, now or later.

        Raises:
            ControlError: the question makes no sense.
        """
        command = message.get("command")
        answer = self._commands.get(command) if isinstance(command, str) else None
        if answer is None:
            raise ControlError(
                f"{command!r} is no command; there are {', '.join(sorted(self._commands))}.", Code.BAD_QUESTION
            )
        answer(message, reply)

    def _status(self, message: Message, reply: Reply) -> None:
        reply.give(self._target.status())

    def _workers(self, message: Message, reply: Reply) -> None:
        reply.give(self._target.workers())

    def _reload(self, message: Message, reply: Reply) -> None:
        self._target.reload(reply)

    def _stop(self, message: Message, reply: Reply) -> None:
        reply.give(self._target.stop(is_quick=message.get("is_quick") is True))

    def _scale(self, message: Message, reply: Reply) -> None:
        wanted = _integer(message, "workers", 1, MOST_WORKERS)
        reply.give(self._target.scale(wanted))

    def _top(self, message: Message, reply: Reply) -> None:
        question: Message = {"ask": "requests", "most": _integer(message, "most", 0, 1 << 20, 500)}
        stacks_of = message.get("stacks_of", [])
        if stacks_of is not None:
            if not isinstance(stacks_of, list):
                raise ControlError("stacks_of must be a list of ids of requests, or null for all.", Code.BAD_QUESTION)
            stacks_of = [str(one) for one in stacks_of]
        question["stacks_of"] = stacks_of
        pids = [worker["pid"] for worker in self._target.workers() if worker.get("is_serving", True)]

        def finish(answers: Answers) -> None:
            workers = self._target.workers()  # as it is by now
            requests: list[Message] = []
            for worker in workers:
                _take_requests(worker, answers.get(worker["pid"]), requests, was_asked=worker["pid"] in answers)
            requests.sort(key=lambda request: -request["age"])
            reply.give({"time": time.time(), **self._target.status(), "workers": workers, "requests": requests})

        self._target.ask(pids, question, finish)

    def _stacks(self, message: Message, reply: Reply) -> None:
        pid = _integer(message, "pid", 1, 1 << 31)
        if pid not in [worker["pid"] for worker in self._target.workers()]:
            pids = ", ".join(str(worker["pid"]) for worker in self._target.workers()) or "none"
            raise ControlError(f"Process {pid} is no worker of this server; there are: {pids}.")

        def finish(answers: Answers) -> None:
            answer = answers.get(pid)
            if answer is None:
                if not self._target.raw_stacks(pid, lambda text: _give_raw(reply, pid, text)):
                    reply.fail(f"Worker {pid} does not answer.", Code.UNRESPONSIVE)
            elif "error" in answer:
                reply.fail(f"Worker {pid}: {answer['error']}")
            else:
                reply.give({"pid": pid, "threads": answer["result"]})

        self._target.ask([pid], {"ask": "stacks"}, finish)

    def _log_level(self, message: Message, reply: Reply) -> None:
        name = str(message.get("name") or "demijohn")
        level = level_number(str(message.get("level", "")))
        before = self._target.set_log_level(name, level)
        pids = [worker["pid"] for worker in self._target.workers()]

        def finish(answers: Answers) -> None:
            silent = sorted(pid for pid, answer in answers.items() if answer is None or "error" in answer)
            reply.give({"name": name, "level": level, "before": before, "unresponsive": silent})

        self._target.ask(pids, {"ask": "log-level", "name": name, "level": level}, finish)


def _give_raw(reply: Reply, pid: int, text: str) -> None:
    if text:
        reply.give({"pid": pid, "threads": [], "text": text})
    else:
        reply.fail(f"Worker {pid} does not answer.", Code.UNRESPONSIVE)


def _take_requests(worker: Message, answer: Message | None, requests: list[Message], *, was_asked: bool) -> None:
    """Add to a worker what it answered, and its requests to those of all."""
    worker["is_responsive"] = not was_asked or answer is not None
    if answer is None:
        return
    if "error" in answer:
        worker["error"] = answer["error"]
        return
    found = dict(answer["result"])
    requests += [{"pid": worker["pid"], **request} for request in found.pop("requests")]
    worker |= found


def _integer(message: Message, name: str, least: int, most: int, default: int | None = None) -> int:
    value: Any = message.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise ControlError(f"{name} must be a whole number from {least} to {most}, not {value!r}.", Code.BAD_QUESTION)
    return value
