"""The HTTP/1.1 request corpus: TOML tables of inputs and what must come of them, and a driver that feeds them.

A file holds `case = [...]`. A case gives its bytes as `input` (text of characters below 256; or a list of texts and of
`{repeat, times}`), or as `line`, `fields` and `body`, which default to `GET / HTTP/1.1`, `Host: a` and nothing.
`reject/`: `status` and `rfc` of the rejection, `served` = good requests before it (0), `at_eof` = only the end of input shows it.
`accept/`: `requests` = the requests expected, each with the keys of `Seen` that matter to the case.
Either may give `limits`.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from demijohn.seam import RequestHead
from demijohn.wire import H1Limits, ProtocolReject
from demijohn.wire.h1 import CLOSED, END_OF_BODY, NEED_DATA, PAUSED, Data, H1Connection

HERE = Path(__file__).parent

SMALL = H1Limits(
    request_line=60,
    head_bytes=160,
    field_count=6,
    chunk_line=24,
    extension_bytes_total=30,
    trailer_bytes=40,
    trailer_count=2,
    body_bytes=60,
)
"""Limits that short inputs reach."""


@dataclass
class Seen:
    """One request as it came out of the connection."""

    method: str
    target: str
    version: list[int]
    fields: list[list[str]]
    keep_alive: bool
    expects_continue: bool = False
    is_websocket: bool = False
    body: str = ""
    trailers: list[list[str]] = field(default_factory=list)
    is_complete: bool = False


@dataclass
class Outcome:
    """What came of an input: the requests, and how it ended."""

    requests: list[Seen] = field(default_factory=list)
    reject: tuple[int, str, str] | None = None
    is_closed: bool = False


@dataclass
class Case:
    """One entry of the corpus."""

    name: str
    data: bytes
    limits: H1Limits
    expected: dict

    def __repr__(self) -> str:
        return self.name


def as_bytes(text) -> bytes:
    """Return the bytes a text or a list of texts and repetitions stands for."""
    parts = [text] if isinstance(text, str) else text
    return b"".join(
        (part if isinstance(part, str) else part["repeat"] * part["times"]).encode("latin-1") for part in parts
    )


def case_bytes(entry: dict) -> bytes:
    """Return the input of a case."""
    if "input" in entry:
        return as_bytes(entry["input"])
    lines = [entry.get("line", "GET / HTTP/1.1"), *entry.get("fields", ["Host: a"]), ""]
    return b"".join(as_bytes(line) + b"\r\n" for line in lines) + as_bytes(entry.get("body", ""))


def load(kind: str) -> list[Case]:
    """Return all cases of `accept` or `reject`, in the order of the files' names."""
    cases = []
    for path in sorted((HERE / kind).glob("*.toml")):
        for entry in tomllib.loads(path.read_text())["case"]:
            limits = H1Limits(**entry.get("limits", {}))
            cases.append(Case(f"{path.stem}: {entry['name']}", case_bytes(entry), limits, entry))
    return cases


def pairs(fields) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in fields]


class Driver:
    """Feeds a connection, answers each complete request, and notes what it saw."""

    def __init__(self, limits: H1Limits = H1Limits(), most_taken: int = -1) -> None:
        """`most_taken`: content that has come with its head is taken at once, if it is no longer."""
        self.connection = H1Connection(limits)
        self.most_taken = most_taken
        self.outcome = Outcome()
        self.answers = b""

    def feed(self, data: bytes) -> None:
        self.connection.receive_data(data)
        self._run()

    def end(self) -> None:
        self.connection.receive_eof()
        self._run()

    def _run(self) -> None:
        while not self.outcome.is_closed and self._step():
            pass

    def _step(self) -> bool:
        """Take one event; False to wait for more input."""
        connection = self.connection
        requests = self.outcome.requests
        try:
            event = connection.next_event()
        except ProtocolReject as reject:
            self.outcome.reject = (reject.status, reject.reason, reject.rfc)
            self.answers += connection.render_reject(reject, date=b"", server=b"")
            assert connection.must_close
            assert connection.next_event() is CLOSED
            self.outcome.is_closed = True
            return False
        if event is NEED_DATA:
            return False
        if event is CLOSED:
            self.outcome.is_closed = True
            return False
        if isinstance(event, RequestHead):
            assert connection.head is event
            requests.append(
                Seen(
                    event.method,
                    event.target,
                    list(event.version),
                    pairs(event.fields),
                    connection.keep_alive,
                    connection.expects_continue,
                    connection.is_websocket,
                )
            )
            if connection.has_body:
                content = connection.take_content(self.most_taken)
                if content is None:
                    return True
                assert 0 < len(content) == connection.body_received <= self.most_taken
                requests[-1].body += content.decode("latin-1")
        elif isinstance(event, Data):
            assert event.data
            requests[-1].body += event.data.decode("latin-1")
            return True
        else:
            assert event is END_OF_BODY
            assert connection.body_received == len(requests[-1].body)
            requests[-1].trailers = pairs(connection.trailers)
        requests[-1].is_complete = True
        assert connection.next_event() is PAUSED
        self.answers += connection.render_response("200 OK", [], b"ok", date=b"", server=b"")
        if connection.must_close:
            self.outcome.is_closed = True
            return False
        connection.start_next_cycle()
        return True


def drive(pieces, limits: H1Limits = H1Limits(), *, eof: bool = True, most_taken: int = -1) -> Outcome:
    """Feed `pieces` one after another and return what came of it; `most_taken`: see `Driver`."""
    driver = Driver(limits, most_taken)
    for piece in pieces:
        driver.feed(piece)
    if eof:
        driver.end()
    return driver.outcome
