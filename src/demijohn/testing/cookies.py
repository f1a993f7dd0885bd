"""Cookies on the client's side (RFC 6265bis §5): what a test client remembers and sends back."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.dates import parse_date


@dataclass(slots=True)
class Cookie:
    """A cookie as a response set it."""

    key: str
    """Its name, as sent."""
    value: str
    """Its value, as sent."""
    decoded_key: str
    """Its name, decoded."""
    decoded_value: str
    """Its value, decoded: what the application gave."""
    expires: datetime | None
    """When it ends; `None` if that was not said."""
    max_age: int | None
    """Seconds it is kept for; `None` if that was not said."""
    domain: str
    """The host it is sent to."""
    origin_only: bool
    """It is not sent to subdomains."""
    path: str
    """It is sent to this path and what is below it."""
    secure: bool
    """It is for HTTPS only. The client sends it all the same, tests seldom use HTTPS."""
    http_only: bool
    """It is not for scripts."""
    same_site: str | None
    """`Strict`, `Lax`, `None`, as sent; `None` if that was not said."""

    @classmethod
    def from_response_header(cls, server_name: str, path: str, header: str) -> Self:
        """Read a `Set-Cookie` field of an answer to a request for `path` on `server_name`."""
        pair, _, rest = header.partition(";")
        key, _, value = pair.partition("=")
        decoded_key, decoded_value = next(parse_cookie(pair).items(), ("", ""))
        given: dict[str, str | None] = {}
        for attribute in rest.split(";"):
            name, found, text = attribute.partition("=")
            given[name.strip().lower()] = text.strip() if found else None
        return cls(
            key=key.strip(),
            value=value.strip(),
            decoded_key=decoded_key,
            decoded_value=decoded_value,
            expires=parse_date(given.get("expires")),
            max_age=int(given["max-age"] or 0) if "max-age" in given else None,
            domain=given.get("domain") or server_name,
            origin_only="domain" not in given,
            path=given.get("path") or path.rpartition("/")[0] or "/",
            secure="secure" in given,
            http_only="httponly" in given,
            same_site=given.get("samesite"),
        )

    @property
    def should_delete(self) -> bool:
        """It was set to be forgotten."""
        if self.max_age is not None:
            return self.max_age <= 0  # RFC 6265bis §5.5: Max-Age wins over Expires
        return self.expires is not None and self.expires.timestamp() <= 0

    @property
    def storage_key(self) -> tuple[str, str, str]:
        """What tells it from other cookies: domain, path, name."""
        return self.domain, self.path, self.decoded_key

    def matches_request(self, server_name: str, path: str) -> bool:
        """Whether it is sent with a request for `path` on `server_name` (RFC 6265bis §5.1.3, §5.1.4)."""
        if server_name != self.domain and (self.origin_only or not server_name.endswith(f".{self.domain}")):
            return False
        return path == self.path or path.startswith(self.path if self.path.endswith("/") else f"{self.path}/")

    def to_request_header(self) -> str:
        """Its part of a `Cookie` field."""
        return f"{self.key}={self.value}"


class CookieJar:
    """The cookies of one client, in the order they were set."""

    __slots__ = ("_cookies",)

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def get(self, key: str, domain: str, path: str) -> Cookie | None:
        """Return the cookie that was set for exactly this domain and path."""
        return self._cookies.get((domain, path, key))

    def set(self, key: str, value: str, domain: str, origin_only: bool, path: str, **kwargs: Any) -> None:
        """Remember a cookie, or forget it if that is what it says. `kwargs` are those of `dump_cookie`."""  # Any: see there
        header = dump_cookie(key, value, domain=domain, path=path, **kwargs)
        cookie = Cookie.from_response_header(domain, "/", header)
        cookie.origin_only = origin_only
        self.put(cookie)

    def put(self, cookie: Cookie) -> None:
        """Remember a cookie, or forget it if that is what it says."""
        if cookie.should_delete:
            self._cookies.pop(cookie.storage_key, None)
        else:
            self._cookies[cookie.storage_key] = cookie

    def discard(self, key: str, domain: str, path: str) -> None:
        """Forget a cookie, if there is one."""
        self._cookies.pop((domain, path, key), None)

    def update(self, server_name: str, path: str, set_cookie_fields: Iterable[str]) -> None:
        """Take in the `Set-Cookie` fields of an answer."""
        for header in set_cookie_fields:
            self.put(Cookie.from_response_header(server_name, path, header))

    def render(self, server_name: str, path: str) -> str:
        """Return the `Cookie` field for a request; empty if no cookie is for it."""
        return "; ".join(
            cookie.to_request_header() for cookie in self._cookies.values() if cookie.matches_request(server_name, path)
        )
