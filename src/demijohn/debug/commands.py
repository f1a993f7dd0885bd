"""`Commands`: requests of the debugger's own pages: run code, show variables, try a PIN, the console.

`POST ?__debugger__=yes` with the fields `s` (the secret), and `cmd` (code) and `frm` (a frame's id), or `show=locals` and `frm`,
or `cmd=pinauth` and `pin`, or `cmd=printpin`. COMPAT: as in Werkzeug, all of it may come in the query of a GET, too; our pages
do not do that, since queries are logged. Not here: who may (guard.py). Any thread.
"""

import json
import logging
import os
from collections.abc import Callable
from typing import Any

from ..http.error_base import HTTPException
from ..message.request import Request
from ..message.response import Response
from .console import ConsoleBusyError
from .guard import Guard
from .memory import Memory, pid_of
from .render import Page, render_console_page, variables_table
from .switchboard import Answer, Question

logger = logging.getLogger("demijohn.debug")

MAX_FORM = 1_000_000
"""Bytes of a request."""

_FORGOTTEN = (
    "This frame is not remembered any more: the server was started anew, or too many errors or too much time have gone by."
    " Load the page again."
)


class Commands:
    """Answers the debugger's requests, in the process that they come to."""

    def __init__(
        self, guard: Guard, memory: Memory, make_namespace: Callable[[], dict[str, Any]], *, logs_pin: bool
    ) -> None:
        self._guard = guard
        self._logs_pin = logs_pin
        self._memory = memory
        self._make_namespace = make_namespace

    def listen(self) -> None:
        """Let other processes of this run ask for the frames of this one."""
        try:
            self._guard.run.switchboard.listen(self.answer_question)
        except OSError as error:
            logger.warning("Consoles of frames work only when a request comes to their own process: %s", error)

    # ------------------------------------------------------------------ requests

    def answer(self, request: Request) -> Response | None:
        """Answer a request with `__debugger__=yes`; `None` if it is not for the debugger after all."""
        environ, guard = request.environ, self._guard
        is_post = request.method == "POST"
        if not is_post and "cmd" not in request.args and "show" not in request.args:
            return None
        # SECURITY: in this order, before anything is looked at: host, origin, secret, PIN.
        if not guard.trusts_host(environ):
            return _text(
                400, f"The debugger does not answer for this host. It does for {', '.join(guard.trusted_hosts)}."
            )
        if not guard.is_same_origin(environ):
            return _text(403, "The debugger answers to its own pages only.")
        request.max_content_length = MAX_FORM
        try:
            fields = request.form if is_post else request.args
        except HTTPException as error:
            return _text(error.code or 400, str(error.description))
        if not guard.has_secret(fields.get("s")):
            return _text(403, "This page is of an earlier start of the server. Load it again.")
        if "frm" not in fields and fields.get("cmd") == "pinauth":
            return self._try_pin(request, fields.get("pin", ""))
        if "frm" not in fields and fields.get("cmd") == "printpin":
            self.print_pin()
            return _text(200, "")
        if not guard.has_pin(environ):
            return _text(403, "The console is locked. Give the PIN first.")
        return self._ask_frame(
            {
                "frm": fields.get("frm", "").strip(),
                "show": fields.get("show", ""),
                "cmd": fields.get("cmd", ""),
            }
        )

    def console_page(self, request: Request) -> Response | None:
        """Answer with the page of the console; `None` if the host is not trusted: then it is not there."""
        if not self._guard.trusts_host(request.environ):
            return None
        page = Page.new(secret=self._guard.run.secret, is_unlocked=self._guard.has_pin(request.environ))
        if request.environ.get("wsgi.multiprocess"):
            self.listen()
        html = render_console_page(page, self._memory.console(self._make_namespace()))
        return private(Response(html, mimetype="text/html"), page.csp)

    def print_pin(self) -> None:
        """Print the PIN where the server was started."""
        if self._logs_pin and self._guard.asks_pin and self._guard.run.pin.text is not None:
            logger.info(" * Somebody wants to use the debugger's console. Its PIN: %s", self._guard.run.pin.text)

    def _try_pin(self, request: Request, given: str) -> Response:
        said = self._guard.try_pin(request.environ, given)
        response = private(Response(json.dumps(said), mimetype="application/json"))
        if said["auth"]:
            self._guard.give_cookie(response, request)
        return response

    # ------------------------------------------------------------------ frames

    def _ask_frame(self, question: Question) -> Response:
        pid = os.getpid() if question["frm"] == "0" else pid_of(question["frm"])
        if pid is None:
            return _text(400, "There is no such frame.")
        if pid == os.getpid():
            status, text = self.answer_question(question)
        else:
            try:
                status, text = self._guard.run.switchboard.ask(pid, question)
            except ProcessLookupError:
                status, text = 410, _FORGOTTEN
            except TimeoutError:
                status, text = 504, "The code is still running."
        if status != 200:
            return _text(status, text)
        return private(Response(text, mimetype="text/html"))

    def answer_question(self, question: Question) -> Answer:
        """Run code in a frame of this process, or show its variables. SECURITY: who asks has been checked."""
        if question["frm"] == "0":
            question = {**question, "frm": self._memory.console(self._make_namespace())}
        remembered = self._memory.find(question["frm"])
        if remembered is None:
            return 410, _FORGOTTEN
        if question["show"] == "locals":
            frame = remembered.frame
            return (200, str(variables_table(frame))) if frame is not None else (400, "A console has no frame.")
        try:
            html = remembered.eval(question["cmd"])
        except ConsoleBusyError as error:
            return 409, str(error)
        except Exception as error:
            # Not the code in the console, which prints what it raises: what the application does around a request.
            logger.exception("The context of a request could not be entered or left once more")
            return 500, f"The request's context could not be entered or left once more: {type(error).__name__}: {error}"
        return 200, html + ("<span data-more></span>" if remembered.console.is_incomplete else "")


def private(response: Response, csp: str = "default-src 'none'; sandbox") -> Response:
    """Let nobody keep a response, or show it inside of another page."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = csp
    return response


def _text(status: int, text: str) -> Response:
    return private(Response(text, status, mimetype="text/plain"))
