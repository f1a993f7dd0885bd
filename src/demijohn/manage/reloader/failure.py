"""`Failure`: why a program does not run, as pages: from an exception, in the child; from an exit code, in the parent."""

import html
import json
import os
import signal
import sys
import traceback
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from ..watching.origin import is_foreign, project_modules

_PLAIN_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'"

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }}
pre {{ overflow: auto; padding: 1rem; background: color-mix(in srgb, currentColor 8%, transparent); border-radius: .4rem }}
</style>
<h1>{title}</h1>
<p>{hint}</p>
{details}
</html>
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Plain strings, for another process."""

    title: str
    """One line."""
    text: str
    html: str
    json: str
    csp: str
    """What the page may do: the value of Content-Security-Policy."""
    files: tuple[str, ...] = ()
    """What may have to be mended: the project's files that are part of it."""

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Describe an exception. In the process that it ends."""
        files = _files_of(error)
        heading = "The application does not start"
        try:
            from ...debug.report import ErrorReport

            report = ErrorReport.of(error, heading=heading)
        except (ImportError, RuntimeError):
            # At its very end an interpreter does not import everything any more.
            lines = traceback.format_exception(error)
            return cls._plain(heading, lines[-1].strip(), "".join(lines), files)
        return cls(report.title, report.text, report.html, report.json, report.csp, files)

    @classmethod
    def of_text(cls, title: str, text: str) -> Self:
        """Describe what there is no exception of. In any process."""
        return cls._plain("The application does not start", title, text, ())

    @classmethod
    def of_exit(cls, code: int) -> Self:
        """Describe the end of a process that has told nothing; `code` as `subprocess` has it. In the parent."""
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
            title = f"The application was ended by {name}"
        else:
            title = f"The application ended with exit code {code}"
        return cls._plain(title, title, "What it wrote before is in the terminal that it was started in.", ())

    @classmethod
    def from_message(cls, facts: dict[str, Any]) -> Self:  # Any: see channel.Message
        """Return what `message` was made of."""
        return cls(**{**facts, "files": tuple(facts["files"])})

    @property
    def message(self) -> dict[str, Any]:  # Any: see channel.Message
        """For another process."""
        return asdict(self)

    @classmethod
    def _plain(cls, heading: str, title: str, text: str, files: tuple[str, ...]) -> Self:
        details = f"<pre>{html.escape(text)}</pre>"
        hint = html.escape(title if title != heading else "It is started again when one of its files changes.")
        page = _PAGE.format(title=html.escape(heading), hint=hint, details=details)
        facts = {"error": title, "traceback": text}
        return cls(title, f"{title}\n{text}\n", page, json.dumps(facts), _PLAIN_CSP, files)


def _files_of(error: BaseException) -> tuple[str, ...]:
    """Return the project's files that were loaded when an exception came, or are named by it."""
    found = project_modules()
    chain: list[BaseException] = [error]
    seen: set[int] = set()
    while chain:
        each = chain.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        chain += [further for further in (each.__cause__, each.__context__) if further is not None]
        if isinstance(each, BaseExceptionGroup):
            chain += each.exceptions
        if isinstance(each, SyntaxError) and each.filename:
            found.add(os.path.abspath(each.filename))
        found |= {os.path.abspath(frame.f_code.co_filename) for frame, _ in traceback.walk_tb(each.__traceback__)}
    main = sys.modules.get("__main__")
    if main is not None and getattr(main, "__file__", None):
        found.add(os.path.abspath(str(main.__file__)))
    return tuple(sorted(path for path in found if os.path.isfile(path) and not is_foreign(path)))
