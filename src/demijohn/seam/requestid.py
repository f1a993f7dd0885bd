"""Request ids: what names one request in logs, in answers and to the people who ask about it. Any thread, any process."""

import os
import re
from itertools import count

_ID = re.compile(r"[A-Za-z0-9._~+/=:@-]{1,128}")


class _Numbers:
    """A random prefix and a counter; unique to the process."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.prefix = os.urandom(8).hex()
        self.next = count(1).__next__  # PERF: atomic, without a lock or a Python call


_numbers = _Numbers()
# A worker must not go on with its parent's numbers, which its siblings go on with, too.
os.register_at_fork(after_in_child=_numbers.renew)


def new_request_id() -> str:
    """Return an id that no other request has, here or elsewhere. It can be guessed: it is a name and no secret."""
    return f"{_numbers.prefix}-{_numbers.next():x}"


def is_request_id(text: str) -> bool:
    """Tell whether an id that came from outside can be taken: 1 to 128 letters, digits and `._~+/=:@-`."""
    return _ID.fullmatch(text) is not None
