"""The access log: one line for each answer, in the common log format with the duration, to the logger `demijohn.access`."""

import logging
import time

from ..seam import Peer, RequestHead

logger = logging.getLogger("demijohn.access")

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def log_answer(peer: Peer, head: RequestHead | None, status: str, body_bytes: int, seconds: float, now: float) -> None:
    """Write the line of one answer; without `head`, what was refused could not be read.

    `now` is calendar time in seconds; the line says local time with its offset.
    """
    if logger.isEnabledFor(logging.INFO):
        remote = peer.remote[0] if peer.remote is not None else "unix"
        logger.info(
            '%s - - [%s] "%s" %s %d %.1fms',
            remote,
            _stamp(now),
            "-" if head is None else _request_line(head),
            status[:3],
            body_bytes,
            seconds * 1000,
        )


def _request_line(head: RequestHead) -> str:
    major, minor = head.version
    # SECURITY: the scanner admits no control character and no space in a target; quotes could forge a field.
    target = head.target.replace('"', "%22")
    return f"{head.method} {target} HTTP/{major}.{minor}"


def _stamp(now: float) -> str:
    t = time.localtime(now)
    return time.strftime(f"%d/{_MONTHS[t.tm_mon - 1]}/%Y:%H:%M:%S %z", t)
