"""`Page`, `render_page`: an error as HTML, and the page of the console. The only user of Jinja2 here. Any thread.

Here: what a template needs, made ready. Not here: how it looks (assets/), what there is to see (frames.py).
"""

import os
import platform
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, Final, Self

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from .editor import EditorError, editor_link, editor_template
from .frames import Frame, RaisedException, variables_of
from .plain import render_text
from .repr import HIDDEN, DebugReprGenerator, is_secret

_ASSETS: Final = os.path.join(os.path.dirname(os.path.abspath(__file__)), "assets")


@dataclass(frozen=True, slots=True)
class Page:
    """What a page is made with, beside an exception."""

    nonce: str
    """Of its own style and script."""
    heading: str = ""
    """What was going on."""
    facts: tuple[tuple[str, str], ...] = ()
    """Of the request: names and values."""
    secret: str = ""
    """That the page's requests come with; empty: it makes none, there are no consoles."""
    is_unlocked: bool = False
    """The PIN is not asked for."""
    shows_variables: bool = True
    """Variables are in the page; else they are asked for behind the PIN."""
    why_no_console: str = ""

    @classmethod
    def new(cls, **fields: Any) -> Self:  # Any: see the fields
        """Return what a page is made with, with a nonce of its own."""
        return cls(nonce=secrets.token_urlsafe(16), **fields)

    @property
    def csp(self) -> str:
        """`Content-Security-Policy` of the page: its own style and script, requests to where it is from, and nothing else."""
        return (
            f"default-src 'none'; style-src 'nonce-{self.nonce}'; script-src 'nonce-{self.nonce}'; connect-src 'self';"
            " img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        )


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.globals |= {"groups_of": groups_of, "table_of": variables_table, "shorten": shorten}
    return environment


@lru_cache(maxsize=4)
def _asset(name: str) -> Markup:
    with open(os.path.join(_ASSETS, name), encoding="utf-8") as file:
        return Markup(file.read())  # noqa: S704 - our own file


def render_page(raised: RaisedException, page: Page) -> str:
    """Return the page of an error."""
    return _render("error.html", page, text=render_text(raised), **_variables_of(raised))


def render_fragment(raised: RaisedException, *, has_title: bool = True) -> str:
    """Return the exceptions of a page without the page, and without consoles."""
    return _render("fragment.html", Page.new(), has_title=has_title, **_variables_of(raised))


def _variables_of(raised: RaisedException) -> dict[str, Any]:  # Any: what the templates take
    try:
        editor, editor_problem = editor_template(), ""
    except EditorError as error:
        editor, editor_problem = "", str(error)
    return {
        "raised": raised,
        "exceptions": chain_of(raised),
        "editor": lambda frame: editor_link(editor, frame.filename, frame.line) if frame.is_file else "",
        "editor_problem": editor_problem,
    }


def render_console_page(page: Page, frame_id: str) -> str:
    """Return the page of a console that is no frame's."""
    return _render("console.html", page, frame_id=frame_id)


def _render(name: str, page: Page, **variables: Any) -> str:  # Any: what the templates take
    return (
        _environment()
        .get_template(name)
        .render(
            page=page,
            style=_asset("page.css"),
            script=_asset("page.js"),
            python=f"Python {platform.python_version()}",
            pid=os.getpid(),
            **variables,
        )
    )


def chain_of(raised: RaisedException) -> Iterator[tuple[RaisedException, str]]:
    """Return exceptions from the last one down to the first cause, with what stands between."""
    relation = ""
    current: RaisedException | None = raised
    while current is not None:
        yield current, relation
        relation = "caused directly by" if current.is_direct else "raised while handling"
        current = current.cause


@dataclass(frozen=True, slots=True)
class FrameGroup:
    """Frames that follow one another and are shown alike."""

    frames: list[Frame]
    is_folded: bool
    opened: list[Frame]

    def is_open(self, frame: Frame) -> bool:
        """Tell whether a frame is shown whole at first."""
        return frame in self.opened

    @property
    def packages(self) -> str:
        """Whose they are, in words."""
        names = list(dict.fromkeys(frame.package or frame.filename for frame in self.frames))
        return ", ".join(names[:4]) + (", …" if len(names) > 4 else "")


def groups_of(raised: RaisedException) -> list[FrameGroup]:
    """Return the frames of an exception: the application's own open, those of libraries folded but for the error's place."""
    frames = raised.frames
    if not frames:
        return []
    last = frames[-1]
    own = [frame for frame in frames if frame.kind != "library"]
    # Of many own frames (a recursion) the last few tell most.
    opened = (own or [last])[-5:]
    groups = []
    for is_library, members in groupby(frames, lambda frame: frame.kind == "library" and frame is not last):
        groups.append(FrameGroup(list(members), is_library, opened))
    return groups


def variables_table(frame: Frame) -> Markup:
    """Return the local variables of a frame as a table; values of names that sound like secrets are hidden."""
    rows = []
    for name, value in variables_of(frame):
        shown = HIDDEN if is_secret(name) else DebugReprGenerator(hides_secrets=True).repr(value)
        rows.append(
            Markup(
                '<tr><th scope="row">{}</th><td class="type">{}</td><td><code class="repr">{}</code></td></tr>'
            ).format(name, type(value).__name__, shown)
        )
    if not rows:
        return Markup('<p class="quiet">No local variables.</p>')
    return Markup(
        '<table class="variables"><caption class="hidden">Local variables</caption>'
        '<thead class="hidden"><tr><th scope="col">Name</th><th scope="col">Type</th><th scope="col">Value</th></tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(Markup("").join(rows))


def shorten(filename: str) -> tuple[str, str]:
    """Return a path as folder and name, shorter: below the working directory, or from its package on."""
    path = filename
    for marker in (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}"):
        path = path.rpartition(marker)[2]
    path = path.removeprefix(os.getcwd() + os.sep)
    if path.count(os.sep) > 3 and os.path.isabs(path):
        path = os.sep.join(["…", *path.split(os.sep)[-3:]])
    folder, name = os.path.split(path)
    return (f"{folder}{os.sep}" if folder and not folder.endswith(os.sep) else folder), name
