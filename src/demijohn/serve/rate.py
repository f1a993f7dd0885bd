"""How long a client may still keep us waiting, by the bytes that it sends or takes. Arithmetic, and one question to the system.

A client has so many seconds in hand. Waiting for it spends them; bytes win them back at the least rate that is accepted, up to
what it had at first. So a pause of that length is all right, at any time, and being slower than the rate for good is not,
however the bytes are spread: one each 29 seconds wins back nothing to speak of, and a fast beginning is no licence for later.
Any thread.
"""

import fcntl
import socket
import struct
import termios

_INT = struct.Struct("i")


def seconds_left(left: float, count: int, least_rate: int, most: float) -> float:
    """Return the seconds that a client has in hand which had `left`, after `count` more bytes.

    `least_rate` is in bytes per second; with 0 any byte at all wins back everything.
    """
    if least_rate:
        return min(most, left + count / least_rate)
    return most if count else min(most, left)


def count_untaken(sock: socket.socket) -> int:
    """Return how many bytes given to the socket its client has not acknowledged; 0 where the system does not tell.

    The system takes far more for a client than that has taken, and tells of room only once a third of it is free:
    a client that is slow but alive would look dead.
    """
    answer = bytearray(_INT.size)
    try:
        fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, answer)
    except (OSError, ValueError):  # closed meanwhile: by a server that stopped
        return 0
    count: int = _INT.unpack(answer)[0]
    return count
