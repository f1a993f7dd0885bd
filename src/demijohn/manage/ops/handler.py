"""`OpsHandler`: answers `/livez`, `/readyz`, `/metrics` and `/_dj/status` from the board alone."""

import json
from collections.abc import Callable
from typing import Final

from ..._base.clock import Clock
from ...metrics.exposition import CONTENT_TYPE, render
from ...seam import Exchange
from ..board import Board, BoardError
from .figures import figures, status
from .health import Verdict, live, ready
from .rules import Rules

_PLAIN: Final = "text/plain; charset=utf-8"
_METHODS: Final = ("GET", "HEAD")

Answer = tuple[str, str, str]
"""Status, type and text."""


class OpsHandler:
    """A handler, see `demijohn.seam.Exchange`. Whatever it answers is of this moment: nobody may keep it."""

    def __init__(self, board: Board, rules: Rules, clock: Clock) -> None:
        self._board = board
        self._rules = rules
        self._now = clock.monotonic
        self._pages: dict[str, Callable[[], Answer]] = {
            "/livez": lambda: self._verdict(live),
            "/readyz": lambda: self._verdict(ready),
            "/metrics": self._metrics,
            "/_dj/status": self._status,
        }

    def __call__(self, exchange: Exchange) -> None:
        """Answer."""
        fields = [("Cache-Control", "no-store")]
        page = self._pages.get(exchange.head.path)
        if page is None:
            found = "\n".join(self._pages)
            answer = "404 Not Found", _PLAIN, f"There are:\n{found}"
        elif exchange.head.method not in _METHODS:
            fields.append(("Allow", ", ".join(_METHODS)))
            answer = "405 Method Not Allowed", _PLAIN, "Only GET and HEAD are answered here."
        else:
            try:
                answer = page()
            except BoardError as error:
                answer = "503 Service Unavailable", _PLAIN, str(error)
        code, kind, text = answer
        exchange.respond(code, [("Content-Type", kind), *fields], text.encode() + b"\n" * (not text.endswith("\n")))

    def _verdict(self, judge: Callable[[Board, Rules, float], Verdict]) -> Answer:
        verdict = judge(self._board, self._rules, self._now())
        return "200 OK" if verdict.is_well else "503 Service Unavailable", _PLAIN, verdict.text

    def _metrics(self) -> Answer:
        families = self._board.read(lambda board: figures(board, self._now()))
        return "200 OK", CONTENT_TYPE, render([*families, *self._board.families()])

    def _status(self) -> Answer:
        return (
            "200 OK",
            "application/json",
            json.dumps(self._board.read(lambda board: status(board, self._now())), indent=1),
        )
