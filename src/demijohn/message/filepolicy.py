"""`FilePolicy`: what is decided about the files of a folder by whoever serves it, beyond what Werkzeug has arguments for."""

import re
from typing import Final

from .._base.record import record
from .siblings import Siblings

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""Cache-Control of a file that never changes under its name (RFC 8246). A year is as long as anybody asks for."""

HASHED_NAME: Final = re.compile(r"[._-](?=[a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]{8,64}(?:\.[0-9A-Za-z]+)+\Z")
"""Names such as `app.3f2a9c1b.js` and `app-3f2a9c1b7d.css.map`: a hash of eight digits or more, in which both letters and
numbers occur, so that neither a date nor a word is one, and an extension."""


@record
class FilePolicy:
    """How the files of a folder are served."""

    dotfiles: bool = False
    """Serve files and folders whose names begin with a dot. Without, only what is below `.well-known` (RFC 8615)."""

    siblings: Siblings | None = None
    """Send packed siblings to clients that take them; see `siblings.py` for where that is safe. None: never look."""

    immutable: re.Pattern[str] | None = None
    """File names (without their folder) whose content never changes; clients keep them for a year and do not ask again.

    SECURITY: that cannot be taken back. `HASHED_NAME` is for folders in which a build tool has put hashes of the content into
    the names; an upload that happens to be called like this could never be replaced.
    """

    nosniff: bool = False
    """Send `X-Content-Type-Options: nosniff`, so that browsers take no file for anything but what its type says."""


def is_hidden(path: str) -> bool:
    """Say whether a relative path, with slashes, goes through a name that begins with a dot; `.well-known` at its start may."""
    if "/." not in path and path[:1] != ".":
        return False
    names = [name for name in path.split("/") if name not in {"", ".", ".."}]
    if names and names[0] == ".well-known":
        del names[0]
    return any(name.startswith(".") for name in names)
