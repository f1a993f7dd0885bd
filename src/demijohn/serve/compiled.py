"""`TWINS`: the compiled methods of the server that every request takes: from the bytes that came to the handler, and back."""

import socket
from typing import Final

from .._base.clock import SystemClock
from .._base.compiled import Twins
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
from .reactor import HOLD_SECONDS, Reactor
from .runner import inline, late
from .runner.blocking import SAMPLE, STREAK, Blockers
from .runner.queue import JobQueue
from .runner.slot import FOLLOWING, LATE, Slot

_CLASSES: Final[dict[str, type]] = {
    "Slot": Slot,
    "Socket": socket.socket,
    **{
        kind.__name__: kind
        for kind in (
            *(Blockers, Engine, H1Connection, H1Exchange, inline.InlineRunner, JobQueue, late.LateRunner, Link, Outbox),
            *(Reactor, RequestHead, ServerOptions, stats.Stats, SystemClock),
        )
    },
}

_CONSTANTS: Final[dict[str, object]] = {
    "ANSWERS": stats.ANSWERS,
    "BlockingIOError": BlockingIOError,
    "CELLS": stats.CELLS,
    "DATE_KIND": answer._DATE,
    "DONE": state.DONE,
    "EMPTY_BODY": EMPTY_BODY,
    "ENDED": stats.ENDED,
    "GATHER_BYTES": exchange._GATHER_BYTES,
    "H1_BODY_END": reader._BODY_END,
    "H1_CLOSED": reader._CLOSED,
    "H1_HEAD": reader._HEAD,
    "H1_PAUSED": reader._PAUSED,
    "HAND_OVERS": stats.HAND_OVERS,
    "HANDLER_SECONDS": inline._HANDLER_SECONDS,
    "HOLD_SECONDS": HOLD_SECONDS,
    "HTTP11": reader._HTTP11,
    "InterruptedError": InterruptedError,
    "KNOWN_BYTES": reader._KNOWN_BYTES,
    "KNOWN_NAMES": answer._names,
    "KNOWN_STATUSES": answer.KNOWN_STATUSES,
    "LENGTH_KIND": answer._LENGTH,
    "MAX_ROUNDS": intake._MAX_ROUNDS,
    "NEVER": NEVER,
    "NEW": state.NEW,
    "NOTHING": inline._nothing,
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
    "ROLE_FOLLOWING": FOLLOWING,
    "ROLE_LATE": LATE,
    "SAMPLE": SAMPLE,
    "SENT_BYTES": stats.SENT_BYTES,
    "STEADY_LINES": answer._steady_lines,
    "STREAK": STREAK,
    "WRITE": WRITE,
}

TWINS: Final = Twins("bind_server", _CLASSES, _CONSTANTS)
