"""Compiled twins of methods that every request takes: which there are, and whether they are in use.

A twin (src/c) does the plain case of a Python method, and calls that method for whatever is not plain: with twins the server
does the same, sooner. They are optional: where the package was built without a compiler, or with `DEMIJOHN_PURE` in the
environment, everything runs in Python. `use` and `drop` are for the thread that starts the process, while no server runs.
"""

import os
from collections.abc import Callable
from typing import Any, Final

from .._base.clock import SystemClock
from ..seam import EMPTY_BODY, RequestHead
from ..wire.h1 import H1Connection, answer, reader
from . import exchange, intake, phase, state, stats
from .bodybuffer import RECEIVE_BYTES
from .deadlines import NEVER
from .engine import Engine
from .exchange import H1Exchange
from .link import Link
from .options import ServerOptions
from .outbox import Outbox
from .poller import READ, WRITE
from .reactor import Reactor
from .runner import late
from .runner.blocking import Blockers

Method = Callable[..., Any]  # Any: of different signatures

PURE: Final = "DEMIJOHN_PURE"
"""The environment variable: with any value but an empty one, nothing compiled is used."""

_CLASSES: Final[dict[str, type]] = {
    "Slot": late._Slot,
    **{
        kind.__name__: kind
        for kind in (
            *(Blockers, Engine, H1Connection, H1Exchange, late.LateRunner, Link, Outbox, Reactor, RequestHead),
            *(ServerOptions, stats.Stats, SystemClock),
        )
    },
}

_CONSTANTS: Final[dict[str, object]] = {
    "ANSWERS": stats.ANSWERS,
    "BlockingIOError": BlockingIOError,
    "CELLS": stats.CELLS,
    "DONE": state.DONE,
    "EMPTY_BODY": EMPTY_BODY,
    "ENDED": stats.ENDED,
    "GATHER_BYTES": exchange._GATHER_BYTES,
    "H1_BODY_END": reader._BODY_END,
    "H1_CLOSED": reader._CLOSED,
    "H1_HEAD": reader._HEAD,
    "H1_PAUSED": reader._PAUSED,
    "HTTP11": reader._HTTP11,
    "InterruptedError": InterruptedError,
    "KNOWN_BYTES": reader._KNOWN_BYTES,
    "KNOWN_NAMES": answer._names,
    "KNOWN_STATUSES": answer.KNOWN_STATUSES,
    "LENGTH_KIND": answer._LENGTH,
    "MAX_ROUNDS": intake._MAX_ROUNDS,
    "NEVER": NEVER,
    "NEW": state.NEW,
    "ONE": 1,
    "PHASE_BODY": phase.BODY,
    "PHASE_CLOSED": phase.CLOSED,
    "PHASE_FEEDING": phase.FEEDING,
    "PHASE_IDLE": phase.IDLE,
    "PHASE_SENDING": phase.SENDING,
    "PLAIN_KIND": answer._PLAIN,
    "READ": READ,
    "RECEIVED_BYTES": stats.RECEIVED_BYTES,
    "RECEIVE_BYTES": RECEIVE_BYTES,
    "REQUESTS": stats.REQUESTS,
    "ROLE_LATE": late._LATE,
    "SENT_BYTES": stats.SENT_BYTES,
    "STEADY_LINES": answer._steady_lines,
    "WRITE": WRITE,
}

_python: Final[dict[tuple[type, str], Method | None]] = {}
"""What stands in the class when its twin is not in use; `None`: nothing does, it is inherited."""

_twins: Final[dict[tuple[type, str], Method]] = {}


def use() -> bool:
    """Put the twins in their places; False if there are none."""
    if not _twins:
        try:
            from .. import _compiled
        except ImportError:
            return False
        _twins.update(_compiled.bind(_CLASSES, _CONSTANTS))
        _python.update({(kind, name): vars(kind).get(name) for kind, name in _twins})
    for (kind, name), twin in _twins.items():
        setattr(kind, name, twin)
    return True


def drop() -> None:
    """Put the Python methods back."""
    for (kind, name), method in _python.items():
        if vars(kind).get(name) is method:
            continue
        if method is None:
            delattr(kind, name)
        else:
            setattr(kind, name, method)


def is_used() -> bool:
    """Tell whether the twins are in use."""
    return any(vars(kind).get(name) is twin for (kind, name), twin in _twins.items())


if not os.environ.get(PURE):
    use()
