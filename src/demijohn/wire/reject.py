"""`ProtocolReject`: the one exception of the sans-IO protocols. The driver turns it into an answer in one place."""


class ProtocolReject(Exception):
    """What the client sent cannot be served, and nothing behind it on the connection may be read.

    `reason` is written in this package and never holds text of the client's, so it may be shown to anybody.
    """

    def __init__(self, status: int, reason: str, rfc: str) -> None:
        super().__init__(status, reason, rfc)
        self.status = status
        """The code to answer with: 400, 413, 414, 417, 421, 431, 501 or 505; a driver has its own."""
        self.reason = reason
        """One phrase, without a full stop."""
        self.rfc = rfc
        """The rule that was broken, as `RFC 9112 §3.2`."""

    def __str__(self) -> str:
        return f"{self.status}: {self.reason} ({self.rfc})"
