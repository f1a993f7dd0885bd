"""`ResponseBase`: status, header fields, media type and cookies of a response.

The lowest of the files that make up `Response` (base, headers, body, conditional, response: each builds on the one before).
A response belongs to the thread that makes it, until it is sent.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from demijohn.http.cookies import dump_cookie
from demijohn.http.headers import Headers
from demijohn.http.status import parse_status

from .mediatype import get_content_type, is_json_type

HeaderInput = Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]]
"""What a response takes as header fields, besides `Headers`."""


class ResponseBase:
    """Status line and header fields."""

    default_status: int = 200
    """The status of a response that is made without one."""

    default_mimetype: str | None = "text/plain"
    """The media type of a response that is made without one; `None` for no Content-Type."""

    max_cookie_size: int = 4093
    """`set_cookie` warns above this many bytes, which browsers do not keep; 0 never warns."""

    headers: Headers
    """The header fields, in the order they are sent."""

    _status: str
    _status_code: int

    @property
    def status(self) -> str:
        """Code and reason, `"404 NOT FOUND"`. Takes a code, a line, or an `HTTPStatus`."""
        return self._status

    @status.setter
    def status(self, value: str | int | HTTPStatus) -> None:
        self._status, self._status_code = parse_status(value)

    @property
    def status_code(self) -> int:
        """The code as a number; setting it sets the reason as well."""
        return self._status_code

    @status_code.setter
    def status_code(self, code: int) -> None:
        self.status = code

    @property
    def mimetype(self) -> str | None:
        """The media type without parameters; setting it adds the charset to text."""
        value = self.headers.get("Content-Type")
        return value.partition(";")[0].strip() if value else None

    @mimetype.setter
    def mimetype(self, value: str) -> None:
        self.headers["Content-Type"] = get_content_type(value)

    @property
    def is_json(self) -> bool:
        """Whether the media type is `application/json` or `application/*+json`."""
        return is_json_type(self.mimetype or "")

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: str | datetime | float | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a `Set-Cookie` field (RFC 6265bis). `max_age` is in seconds.

        A `samesite` of `None` leaves the attribute out; the text `"None"` sends it. Warns if the cookie is too big to be kept.
        """
        cookie = dump_cookie(
            key,
            value=value,
            max_age=max_age,
            expires=expires,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            max_size=self.max_cookie_size,
            samesite=samesite,
            partitioned=partitioned,
        )
        self.headers.add("Set-Cookie", cookie)

    def delete_cookie(
        self,
        key: str,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Add a `Set-Cookie` field that makes the client forget the cookie; path and domain as when it was set."""
        self.set_cookie(
            key,
            max_age=0,
            expires=0,
            path=path,
            domain=domain,
            secure=secure,
            httponly=httponly,
            samesite=samesite,
            partitioned=partitioned,
        )
