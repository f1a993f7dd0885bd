"""What a worker answers when it is asked what it is doing. Called on its stop watch's thread, whatever its other threads do."""

import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

from ...serve import Server
from ...serve.stacks import places_of, stack_of
from .protocol import Code, ControlError, Message

Answers = dict[str, Callable[[Message], Any]]
"""By question. Told the question, they return what JSON has."""

MOST_REQUESTS = 5000
"""Of one worker: a question cannot ask for more."""


def answers_of(server: Server) -> Answers:
    """Return what can be answered about a server of this process."""
    return {
        "requests": lambda question: requests(server, question),
        "stacks": lambda _: stacks(server),
        "log-level": lambda question: set_log_level(str(question["name"]), int(question["level"])),
    }


def requests(server: Server, question: Message) -> Message:
    """Return what is in flight. `most`: how many to describe; `stacks_of`: ids of those whose stack is wanted, `None`: of all."""
    stacks_of = question.get("stacks_of", ())
    most = min(MOST_REQUESTS, int(question.get("most", MOST_REQUESTS)))
    return server.inspect(most, stacks_of if stacks_of is None else frozenset(map(str, stacks_of))).as_json()


def stacks(server: Server) -> list[Message]:
    """Return the stack of every thread; of those that run a request, which one, and its part of the stack."""
    seen = server.inspect(MOST_REQUESTS, stacks_of=None).requests
    running = {one.thread_id: one for one in seen if one.thread_id is not None and one.stack}
    frames = sys._current_frames()
    found = []
    for thread in threading.enumerate():
        if thread.ident is None:
            continue  # about to start
        frame = frames.get(thread.ident)
        request = running.get(thread.native_id or 0)
        places = places_of(stack_of(frame)) if request is None else request.stack
        found.append(
            {
                "thread": thread.name,
                "thread_id": thread.native_id,
                "is_daemon": thread.daemon,
                "request": None if request is None else f"{request.method} {request.path}",
                "route": None if request is None else request.route,
                "stack": [{**one.as_json(), "source": one.source} for one in places],
            }
        )
    return found


def level_number(level: str) -> int:
    """Return the number of a log level that was given by name or number.

    Raises:
        ControlError: there is no such level.
    """
    if level.isdecimal():
        return int(level)
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        names = ", ".join(sorted(logging.getLevelNamesMapping(), key=logging.getLevelNamesMapping().__getitem__))
        raise ControlError(f"{level!r} is no log level; one of {names}, or a number.", Code.BAD_QUESTION)
    return number


def set_log_level(name: str, level: int) -> str:
    """Set the level of a logger in this process; `root` is the one above all. Return what it was set to before."""
    logger = logging.getLogger(None if name == "root" else name)
    before = logging.getLevelName(logger.level)
    logger.setLevel(level)
    return str(before)
