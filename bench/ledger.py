"""A load that keeps books: every request has a number, every answer is looked at, and the application writes down what it does.

Requests go over connections that are kept and over new ones, from threads, until `finish`. None is ever repeated.
"""

import http.client
import random
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

APPLICATION = '''\
"""Writes down each request when it comes and when it is answered; `slow` ones take a while in between."""

import os
import time

from demijohn import Demijohn, request

app = Demijohn("ledger")
book = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(what, number):
    os.write(book, f"{what} {number} {os.getpid()}\\n".encode())


@app.route("/<kind>/<int:number>", methods=["GET", "POST"])
def work(kind, number):
    note("begun", number)
    size = len(request.get_data())
    if kind != "quick":
        time.sleep(1.5 if kind == "last" else 0.1 + number % 7 / 20)
    note("done", number)
    return f"{number} {size} {os.getpid()} GENERATION"
'''


@dataclass
class Request:
    """One request, as its client has seen it."""

    number: int
    is_kept: bool
    """On a connection that has had answers before."""
    last_pid: int = 0
    """Who gave the last of these."""
    sent_at: float = 0.0
    ended_at: float = 0.0
    pid: int = 0
    problem: str = ""


@dataclass
class Result:
    """The books, closed."""

    requests: int = 0
    answers: int = 0
    on_kept: int = 0
    on_new: int = 0
    generations: Counter[str] = field(default_factory=Counter)
    killed_inside: int = 0
    """Requests that were lost with a worker that was killed."""
    failed: list[str] = field(default_factory=list)
    """Requests that had no answer, or not theirs, and for which nobody was killed."""
    lost: int = 0
    """Answers to requests that the application has not finished."""
    duplicated: int = 0
    """Requests that the application has begun more than once."""

    def __str__(self) -> str:
        """Say all of it."""
        return (
            f"{self.requests} requests ({self.on_kept} on kept connections, {self.on_new} on new ones), {self.answers} answers;"
            f" {self.killed_inside} inside killed workers; {len(self.failed)} failed, {self.lost} lost,"
            f" {self.duplicated} duplicated; generations {dict(self.generations)}"
        )


class Load:
    """The clients."""

    def __init__(
        self,
        port: int,
        clients: int,
        seed: int = 1,
        connect: Callable[[], http.client.HTTPConnection] | None = None,
    ) -> None:
        """Begin. `connect` makes connections that are not plain ones to the port."""
        self._connect = connect or (lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=60))
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._number = 0
        self._is_over = False
        self._began_at = time.monotonic()
        self._last: list[int] = []
        self.requests: list[Request] = []
        self.generations: Counter[str] = Counter()
        self.kills: dict[int, float] = {}
        """Workers that were killed, and when."""
        self._threads = [
            threading.Thread(target=self._run, args=(number % 2 == 0,), name=f"client-{number}")
            for number in range(clients)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def recent_pids(self) -> set[int]:
        """Workers that have answered lately."""
        with self._lock:
            return {one.pid for one in self.requests[-60:] if one.pid and time.monotonic() - one.ended_at < 1}

    @property
    def answered(self) -> int:
        """How many answers there were."""
        return sum(self.generations.values())

    def kill_noted(self, pid: int) -> None:
        """To be called before a worker is killed."""
        self.kills[pid] = time.monotonic()

    def finish(self) -> None:
        """Let each client ask once more, for something that takes a while, and leave."""
        self._is_over = True

    def is_finishing(self, book: Path) -> bool:
        """Tell whether all these last requests are in flight."""
        begun = {int(line.split()[1]) for line in book.read_text().splitlines()}
        with self._lock:
            return len(self._last) == len(self._threads) and begun.issuperset(self._last)

    def join(self) -> None:
        """Wait for the last answers."""
        for thread in self._threads:
            thread.join()

    def _next(self) -> tuple[int, bool, bool, float]:
        with self._lock:
            self._number += 1
            return (
                self._number,
                self._random.random() < 0.15,
                self._random.random() < 0.2,
                self._random.random() * 0.02,
            )

    def _run(self, keeps: bool) -> None:
        connection: http.client.HTTPConnection | None = None
        last_pid = 0
        is_last = False
        while not is_last:
            number, is_slow, is_post, pause = self._next()
            is_last = self._is_over
            if is_last:
                with self._lock:
                    self._last.append(number)
            if connection is not None and (connection.sock is None or _has_ended(connection.sock)):
                connection.close()
                connection = None
            if connection is None:
                connection, last_pid = self._connect(), 0
            one = Request(number, last_pid > 0, last_pid, time.monotonic())
            body = b"x" * (number % 3000) if is_post else None
            self._ask(connection, one, "last" if is_last else "slow" if is_slow else "quick", body, keeps=keeps)
            last_pid = one.pid
            with self._lock:
                self.requests.append(one)
            if one.problem or not keeps:
                connection.close()
                connection = None
            time.sleep(pause)
        if connection is not None:
            connection.close()

    def _ask(
        self, connection: http.client.HTTPConnection, one: Request, kind: str, body: bytes | None, *, keeps: bool
    ) -> None:
        try:
            headers = {} if keeps else {"Connection": "close"}
            connection.request("GET" if body is None else "POST", f"/{kind}/{one.number}", body, headers)
            with connection.getresponse() as answer:
                words = answer.read().decode().split()
            if answer.status != 200 or words[:2] != [str(one.number), str(len(body or b""))]:
                one.problem = f"status {answer.status}, {' '.join(words)[:80]}"
            else:
                one.pid = int(words[2])
                self.generations[words[3]] += 1
        except (OSError, http.client.HTTPException) as error:
            one.problem = f"{type(error).__name__}: {error}"
        one.ended_at = time.monotonic()

    def close(self, book: Path) -> Result:
        """Compare with what the application has written down."""
        begun: dict[int, list[int]] = {}
        done = set()
        for line in book.read_text().splitlines():
            what, number, pid = line.split()
            if what == "begun":
                begun.setdefault(int(number), []).append(int(pid))
            else:
                done.add(int(number))
        result = Result(requests=len(self.requests), generations=self.generations)
        for one in self.requests:
            result.on_kept += one.is_kept
            result.on_new += not one.is_kept
            if not one.problem:
                result.answers += 1
                result.lost += one.number not in done
            elif self._is_killed(one, begun.get(one.number, [])):
                result.killed_inside += 1
            else:
                where = f"begun by {begun.get(one.number)}" if one.number in begun else "never begun"
                kept = f"kept, last answered by {one.last_pid}" if one.is_kept else "new"
                result.failed.append(
                    f"{one.number} at {one.ended_at - self._began_at:.2f} s: {one.problem}; {where}; connection: {kept}"
                )
        result.duplicated = sum(len(pids) > 1 for pids in begun.values())
        return result

    def _is_killed(self, one: Request, begun_by: list[int]) -> bool:
        """Tell whether a request was inside a worker that was killed."""
        if begun_by:
            return begun_by[-1] in self.kills
        if one.is_kept:
            return one.last_pid in self.kills
        # It was accepted by somebody who has not read it: by one that was killed meanwhile.
        return any(one.sent_at <= at <= one.ended_at for at in self.kills.values())


def _has_ended(sock: socket.socket) -> bool:
    """Tell whether the server has closed a connection that is idle: whoever keeps connections looks before using one again."""
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
