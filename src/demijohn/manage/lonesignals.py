"""`lone_signals`: what signals that are meant for supervisors do to a process that serves alone. On its stop watch's thread."""

import logging
import os
import signal
from collections.abc import Callable

from ..serve.logwriter import reopen_logs
from .supervisor.signals import Terminal

logger = logging.getLogger("demijohn.manage")

HOW = "start it with --supervise, or say how many --workers there are to be, also 1"
"""How to have a supervisor, for messages."""


def lone_signals(reload_certificates: Callable[[], object]) -> dict[signal.Signals, Callable[[], None]]:
    """Return what to do on which signal. To be called before handlers are installed."""
    terminal = Terminal()

    def hang_up() -> None:
        if terminal.is_gone:
            os.kill(os.getpid(), signal.SIGTERM)
            return
        reopen_logs()
        reload_certificates()
        logger.warning(
            "SIGHUP: log files are opened anew and certificates read anew; code and settings stay as they are, for one process"
            " without a supervisor cannot reload them without losing requests: %s.",
            HOW,
        )

    def refuse_upgrade() -> None:
        logger.warning("SIGUSR2: only a supervisor can hand its sockets to another: %s.", HOW)

    return {signal.SIGHUP: hang_up, signal.SIGUSR2: refuse_upgrade}
