"""What is said through the control socket: one JSON object a line each way. Plain data; both sides use it.

    {"command": "scale", "workers": 4}      {"result": {"wanted": 4}}
    {"command": "reload"}                   {"error": "The reload came to nothing ...", "code": "failed"}

One question at a time: the answer to the first line comes before the second is read. Unknown members are ignored, so that a
client and a server of different versions understand each other as far as they can.
"""

import json
from enum import StrEnum
from typing import Any, Final

Message = dict[str, Any]  # Any: what JSON has

MOST_LINE_BYTES: Final = 64 << 10
"""Of a question."""

MOST_ANSWER_BYTES: Final = 32 << 20


class Code(StrEnum):
    """What kind of error it is."""

    BAD_QUESTION = "bad-question"
    """Not understood; the client is at fault."""
    FORBIDDEN = "forbidden"
    """The client is somebody else than the owner."""
    BUSY = "busy"
    """Too many clients."""
    FAILED = "failed"
    """Understood and tried, and it came to nothing."""
    UNRESPONSIVE = "unresponsive"
    """A worker does not answer."""
    NO_SERVER = "no-server"
    """Nobody listens there. Of the client itself, like the next."""
    NO_ANSWER = "no-answer"
    """The server does not answer."""


class ControlError(Exception):
    """What was asked for did not come about. The message is for a person."""

    def __init__(self, message: str, code: Code = Code.FAILED) -> None:
        super().__init__(message)
        self.code = code


def encode(message: Message) -> bytes:
    """Return a message as a line. What JSON does not have is written as text."""
    return json.dumps(message, separators=(",", ":"), default=str).encode("ascii") + b"\n"


def decode(line: bytes | bytearray) -> Message:
    """Return the message of a line.

    Raises:
        ControlError: it is no JSON object.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        message = None
    if not isinstance(message, dict):
        raise ControlError("What came is no JSON object on a line of its own.", Code.BAD_QUESTION)
    return message
