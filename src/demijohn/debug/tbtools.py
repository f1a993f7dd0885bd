"""`DebugTraceback`, `DebugFrameSummary`: Werkzeug's names for a traceback as a page, and a frame that runs code. Any thread."""

import traceback
from functools import cached_property
from typing import Any

from .console import Console
from .frames import Frame, RaisedException, collect
from .plain import render_text
from .render import Page, chain_of, render_console_page, render_fragment, render_page


class DebugFrameSummary:
    """A frame, and the console in it."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    @property
    def filename(self) -> str:
        """Of its code."""
        return self.frame.filename

    @property
    def lineno(self) -> int:
        """Its line."""
        return self.frame.line

    @property
    def name(self) -> str:
        """Of the function."""
        return self.frame.name

    @property
    def line(self) -> str:
        """The line of source, without indentation."""
        return self.frame.source_line

    @property
    def is_library(self) -> bool:
        """Tell whether the code is a library's."""
        return self.frame.kind == "library"

    @property
    def local_ns(self) -> dict[str, Any]:  # Any: whatever the code has
        """Local variables."""
        return dict(self.frame.variables)

    @property
    def global_ns(self) -> dict[str, Any]:  # Any: see above
        """Global variables."""
        return {} if self.frame.live is None else self.frame.live.f_globals

    @cached_property
    def console(self) -> Console:
        """The console of this frame."""
        return Console(self.global_ns, self.local_ns)

    def eval(self, code: str) -> str:
        """Run code in this frame; see `Console.eval`."""
        return self.console.eval(code)


class DebugTraceback:
    """An exception with its traceback, as it is shown.

    Args:
        exc: the exception.
        te: not used.
        skip: frames at the beginning that are left out.
        hide: leave out frames that ask for it, by `__traceback_hide__`.
    """

    def __init__(
        self, exc: BaseException, te: traceback.TracebackException | None = None, *, skip: int = 0, hide: bool = True
    ) -> None:
        self.raised: RaisedException = collect(exc, skip=skip, shows_hidden=not hide)

    def __str__(self) -> str:
        return f"<DebugTraceback {self.render_traceback_text().rstrip().rpartition(chr(10))[2]}>"

    @cached_property
    def all_tracebacks(self) -> list[tuple[str, RaisedException]]:
        """The exception, and those that it is from, each with what leads to it."""
        return [(label, raised) for raised, label in chain_of(self.raised)]

    @cached_property
    def all_frames(self) -> list[DebugFrameSummary]:
        """Every frame that can run code, of the exception, of its group, and of what it is from."""
        return [DebugFrameSummary(frame) for frame in self.raised.all_frames if frame.live is not None]

    def render_traceback_text(self) -> str:
        """Return what Python prints."""
        return render_text(self.raised)

    def render_traceback_html(self, include_title: bool = True) -> str:
        """Return the exceptions and their frames as HTML, without the page around them and without consoles."""
        return render_fragment(self.raised, has_title=include_title)

    def render_debugger_html(self, evalex: bool, secret: str, evalex_trusted: bool) -> str:
        """Return the page.

        Args:
            evalex: with consoles; for the frames of `all_frames` that `id` was given.
            secret: that requests of the page come with.
            evalex_trusted: the PIN is not asked for.
        """
        return render_page(self.raised, Page.new(secret=secret if evalex else "", is_unlocked=evalex_trusted))


def render_console_html(secret: str, evalex_trusted: bool) -> str:
    """Return the page of a console that is no frame's."""
    return render_console_page(Page.new(secret=secret, is_unlocked=evalex_trusted), "0")
