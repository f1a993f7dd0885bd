"""`UserAgent` that reads the browser and its system out of the field, for the browsers that are about."""

import re
from typing import Any, Final

from demijohn.message.user_agent import UserAgent as _UserAgent

_PLATFORMS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"iphone|ios", "iphone"),
        ("ipad", "ipad"),
        ("android", "android"),
        (r"cros", "chromeos"),
        (r"darwin|mac|os\s*x", "macos"),
        ("win", "windows"),
        ("linux|x11", "linux"),
    )
)
_BROWSERS: Final = tuple(
    (re.compile(rf"(?:{pattern})[/\s(]*([\d.]+)?", re.IGNORECASE), name)
    for pattern, name in (
        ("googlebot", "google"),
        ("bingbot", "bing"),
        (r"edge|edg|edga|edgios", "edge"),
        (r"opr|opera", "opera"),
        (r"chrome|crios", "chrome"),
        (r"firefox|fxios|firebird|phoenix|iceweasel", "firefox"),
        (r"msie|trident", "msie"),
        (r"version/[\d.]+.*safari|safari", "safari"),
        ("curl", "curl"),
    )
)
_LANGUAGE: Final = re.compile(r"(?:;\s*|\s+)(\b\w{2}\b(?:-\b\w{2}\b)?)\s*[;)]")
_VERSION: Final = re.compile(r"version/([\d.]+)", re.IGNORECASE)


class UserAgent(_UserAgent):
    """`platform`, `browser`, `version` and `language` of the field of a WSGI environ, or of a text."""

    def __init__(self, environ_or_string: Any) -> None:  # Any: an environ or the field's value
        text = environ_or_string
        if isinstance(text, dict):
            text = text.get("HTTP_USER_AGENT", "")
        super().__init__(text)
        self.platform = next((name for pattern, name in _PLATFORMS if pattern.search(text)), None)
        found = next(((name, match) for pattern, name in _BROWSERS if (match := pattern.search(text))), None)
        if found is not None:
            self.browser = found[0]
            self.version = found[1][1]
            said = _VERSION.search(text)
            if said is not None and found[0] in {"safari", "opera"}:
                self.version = said[1]
            language = _LANGUAGE.search(text)
            self.language = language[1] if language is not None else None

    def __bool__(self) -> bool:
        return bool(self.browser)
