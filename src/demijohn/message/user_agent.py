"""`UserAgent`: what stands behind `request.user_agent`. It does not parse; a subclass that does goes into `user_agent_class`."""


class UserAgent:
    """A User-Agent field. `platform`, `browser`, `version` and `language` stay `None` until a subclass fills them."""

    platform: str | None = None
    browser: str | None = None
    version: str | None = None
    language: str | None = None

    def __init__(self, string: str) -> None:
        self.string = string

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.browser}/{self.version}>"

    def __str__(self) -> str:
        return self.string

    def __bool__(self) -> bool:
        return bool(self.browser)

    def to_header(self) -> str:
        """Return the field's text."""
        return self.string
