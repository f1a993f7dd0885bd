"""`ErrorReport`: an error as a page, as text and as JSON, in plain strings: for who has no request to answer. Any thread."""

from dataclasses import dataclass
from typing import Self

from .frames import collect
from .plain import render_json, render_text
from .render import Page, render_page


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """What there is to say of an exception. Plain strings: it may go to another process."""

    title: str
    """The exception's last line: its type and message."""
    html: str
    """A page without a console and without the network; may be served with `csp`."""
    text: str
    """What Python prints."""
    json: str
    """An object with `error` and `traceback`."""
    csp: str
    """A value for `Content-Security-Policy` that the page works with."""

    @classmethod
    def of(cls, exc: BaseException, *, heading: str = "") -> Self:
        """Report an exception. `heading`: what was going on, such as "The application could not be loaded"."""
        raised = collect(exc)
        page = Page.new(heading=heading)
        first_line = raised.message.partition("\n")[0]
        return cls(
            f"{raised.type_name}: {first_line}" if first_line else raised.type_name,
            render_page(raised, page),
            render_text(raised),
            render_json(raised),
            page.csp,
        )
