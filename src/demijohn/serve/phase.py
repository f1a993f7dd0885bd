"""`Phase`: what a connection is waiting for."""

import enum


class Phase(enum.Enum):
    """What the reactor waits for on a link that it owns."""

    IDLE = "the next request"
    HEAD = "the rest of a head"
    BODY = "the rest of a body"
    SENDING = "the client to take the answer"
    FEEDING = "the application to have more of the answer"
    CLOSED = "nothing"
