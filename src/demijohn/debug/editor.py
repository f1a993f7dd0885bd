"""Links that open a file at a line in an editor: what `DEMIJOHN_EDITOR` says. Any thread."""

import os
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

EDITORS: Final[Mapping[str, str]] = {
    "vscode": "vscode://file{file}:{line}",
    "vscodium": "vscodium://file{file}:{line}",
    "cursor": "cursor://file{file}:{line}",
    "pycharm": "pycharm://open?file={file}&line={line}",
    "idea": "idea://open?file={file}&line={line}",
    "sublime": "subl://open?url=file://{file}&line={line}",
    "textmate": "txmt://open?url=file://{file}&line={line}",
    "zed": "zed://file{file}:{line}",
}
"""Names that `DEMIJOHN_EDITOR` may have; else it is a URL with `{file}` and `{line}`."""

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
_RUNS_CODE: Final = ("javascript:", "data:", "vbscript:")


class EditorError(ValueError):
    """`DEMIJOHN_EDITOR` is neither the name of an editor nor a URL."""


def editor_template(value: str | None = None) -> str:
    """Return the URL that opens an editor, with `{file}` and `{line}` in it; empty if none is wanted.

    Args:
        value: a name of `EDITORS` or a URL; without, what `DEMIJOHN_EDITOR` of the environment says.

    Raises:
        EditorError: it is neither.
    """
    text = (os.environ.get("DEMIJOHN_EDITOR", "") if value is None else value).strip()
    if not text or text.lower() in EDITORS:
        return EDITORS.get(text.lower(), "")
    if _URL.fullmatch(text) is None or "{file}" not in text or text.lower().startswith(_RUNS_CODE):
        raise EditorError(
            f"DEMIJOHN_EDITOR is {text!r}; it may be {', '.join(EDITORS)},"
            " or a URL with {file} and {line}, such as editor://open?file={file}&line={line}."
        )
    return text


def editor_link(template: str, filename: str, line: int) -> str:
    """Return the link to a line of a file."""
    return template.replace("{file}", quote(filename)).replace("{line}", str(line)) if template else ""
