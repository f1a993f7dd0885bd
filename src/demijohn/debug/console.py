"""`Console`: runs code that is typed, line by line or many at once, and returns what it printed as HTML. One for each frame.

Here: running code. Not here: who may (commands.py), which frames there are (memory.py). Names are those of
`werkzeug.debug.console`. Any thread; one run at a time.
"""

import ast
import code
import sys
import threading
import traceback
from codeop import CommandCompiler, compile_command
from contextvars import copy_context
from types import CodeType
from typing import Any, Final

from markupsafe import Markup

from .output import capture, write_html
from .repr import debug_repr, dump, helper

FILENAME: Final = "<debugger>"

MAX_SOURCE: Final = 100_000
"""Characters of code that are waiting for their end."""


class ConsoleBusyError(RuntimeError):
    """The console runs something else, which has not ended."""


class Console:
    """A place to run code in, with variables.

    Args:
        globals: variables; code may read them, and does not change this mapping.
        locals: variables that come before those.
    """

    def __init__(self, globals: dict[str, Any] | None = None, locals: dict[str, Any] | None = None) -> None:
        self._console = _InteractiveConsole(globals or {}, locals or {})
        self._lock = threading.Lock()

    @property
    def is_incomplete(self) -> bool:
        """Tell whether the code so far needs more lines."""
        return bool(self._console.buffer)

    def eval(self, code: str) -> str:
        """Run code; return it with a prompt and what it printed, as HTML.

        Raises:
            ConsoleBusyError: another thread is running code here.
        """
        if not self._lock.acquire(blocking=False):
            raise ConsoleBusyError("This console is running code that has not ended yet.")
        try:
            # In a context of its own: what code sets in context variables is not there when the thread answers the next request.
            return copy_context().run(self._console.runsource, code)
        finally:
            self._lock.release()


class _InteractiveConsole(code.InteractiveInterpreter):
    """Python's own, that writes HTML."""

    locals: dict[str, Any]

    def __init__(self, globals: dict[str, Any], locals: dict[str, Any]) -> None:
        # One mapping for both: functions and comprehensions that are defined here see the frame's variables, too.
        super().__init__({"dump": dump, "help": helper, **globals, **locals})
        self.compile = CommandCompiler()
        self.buffer: list[str] = []
        """Lines that wait for the end of what they begin."""

    def runsource(self, source: str, filename: str = FILENAME, symbol: str = "single") -> str:  # type: ignore[override]  # COMPAT: the HTML, as in Werkzeug
        """Run code, or keep it until it is complete; return the prompt, the code, and what it printed, as HTML."""
        source = source.rstrip("\r\n")
        prompt = "... " if self.buffer else ">>> "
        lines = source.splitlines() or [""]
        shown = "".join(f"{prompt if index == 0 else '... '}{line}\n" for index, line in enumerate(lines))
        with capture(self._display) as output:
            output.write(shown)
            self._run("\n".join([*self.buffer, source]), len(lines) > 1 and not self.buffer, filename)
            return output.reset()

    def _run(self, source: str, is_whole: bool, filename: str) -> None:
        try:
            if not is_whole:
                one = self.compile(source, filename, "single")
                codes = None if one is None else [one]
            elif _is_incomplete(source):
                codes = None
            else:
                codes = _compile_all(source, filename)
            if codes is None and len(source) <= MAX_SOURCE:
                self.buffer[:] = source.split("\n")
                return
        except (SyntaxError, OverflowError, ValueError):
            self.buffer.clear()
            self.showsyntaxerror(filename)
            return
        self.buffer.clear()
        for each in codes or ():
            if not self._runcode(each):
                return

    def runcode(self, code: CodeType) -> None:
        """Run compiled code; what it raises is printed."""
        self._runcode(code)

    def _runcode(self, code: CodeType) -> bool:
        try:
            exec(code, self.locals)  # noqa: S102 - what a console is for; SECURITY: see commands.py for who gets here
        except BaseException:  # noqa: BLE001 - SystemExit, too: this is a thread of a server
            self.showtraceback()
            return False
        return True

    def _display(self, value: object) -> None:
        if value is None:
            return
        self.locals["_"] = value
        write_html(debug_repr(value))

    def showtraceback(self) -> None:
        """Print the exception that is being handled, without the frames of the console itself."""
        error = sys.exc_info()[1]
        if error is None:
            return
        behind = None if error.__traceback__ is None else error.__traceback__.tb_next
        self._show(traceback.TracebackException(type(error), error, behind, compact=True))

    def showsyntaxerror(self, filename: str | None = None, **_: Any) -> None:  # Any: `source`, of Python 3.13
        """Print the syntax error that is being handled."""
        error = sys.exc_info()[1]
        if error is not None:
            self._show(traceback.TracebackException(type(error), error, None, compact=True))

    def _show(self, printable: traceback.TracebackException) -> None:
        write_html(Markup('<div class="traceback">{}</div>').format("".join(printable.format()).rstrip()))

    def write(self, data: str) -> None:
        """Print text."""
        sys.stdout.write(data)


def _is_incomplete(source: str) -> bool:
    """Tell whether several lines that came at once end inside of something."""
    try:
        return compile_command(source + "\n", symbol="exec") is None
    except (SyntaxError, OverflowError, ValueError):
        return False  # which compiling it says


def _compile_all(source: str, filename: str) -> list[CodeType]:
    """Compile several lines that came at once; the value of the last one, if it is an expression, is shown."""
    tree = ast.parse(source, filename)
    if not tree.body:
        return []
    last = ast.Interactive([tree.body.pop()])
    codes = [compile(tree, filename, "exec")] if tree.body else []
    return [*codes, compile(last, filename, "single")]
