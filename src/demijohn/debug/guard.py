"""`Guard`: who may see variables, and who may run code. All of the debugger's security that is about requests. Any thread.

Code runs for a request only if all of these hold: its host is trusted (a page of another name that leads here, DNS rebinding, is
not), it is from a page of this origin, it has the secret of this run, and its browser has given the PIN.
"""

import hmac
import ipaddress
import time
from urllib.parse import urlsplit

from ..http.host import host_is_trusted
from ..message.environ import Environ
from ..message.request import Request
from ..message.response import Response
from .pin import PIN_TIME
from .run import DebugRun

DEFAULT_HOSTS = (".localhost", "127.0.0.1", "[::1]")
"""Names of this machine for itself. `0.0.0.0` and `::`, which mean all interfaces, are nobody's name."""

_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


class Guard:
    """Checks requests. `asks_pin` false: everybody who has the secret may run code."""

    def __init__(self, run: DebugRun, *, asks_pin: bool = True) -> None:
        self.run = run
        self.asks_pin = asks_pin
        self.trusted_hosts: list[str] = list(DEFAULT_HOSTS)
        """Hosts of requests that may run code; one that begins with a dot means its subdomains, too."""

    def trusts_host(self, environ: Environ) -> bool:
        """Tell whether a request is for a trusted host."""
        return bool(self.trusted_hosts) and host_is_trusted(environ.get("HTTP_HOST"), self.trusted_hosts)

    def is_same_origin(self, environ: Environ) -> bool:
        """Tell whether a request may be from a page of this very origin, by what browsers say of it.

        SECURITY: another port of the same host is another origin, but gets the same cookies.
        """
        if environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in {"same-origin", "none"}:
            return False
        origin = environ.get("HTTP_ORIGIN")
        return origin is None or urlsplit(origin).netloc == environ.get("HTTP_HOST")

    def has_secret(self, given: str | None) -> bool:
        """Compare the secret of a request, in constant time."""
        return hmac.compare_digest((given or "").encode("utf-8", "replace"), self.run.secret.encode())

    def has_pin(self, environ: Environ) -> bool:
        """Tell whether the browser of a request has given the PIN, or need not."""
        pin = self.run.pin
        if not self.asks_pin or pin.text is None:
            return True
        cookies = Request(environ, shallow=True).cookies
        return pin.takes_cookie(cookies.get(pin.cookie_name), time.time())

    def try_pin(self, environ: Environ, given: str) -> dict[str, bool]:
        """Tell whether a PIN is right (`auth`), and whether no more may be tried (`exhausted`)."""
        if self.has_pin(environ):
            return {"auth": True, "exhausted": False}
        if not self.run.attempts.take():
            return {"auth": False, "exhausted": True}
        if not self.run.pin.is_right(given):
            return {"auth": False, "exhausted": False}
        self.run.attempts.restore()
        return {"auth": True, "exhausted": False}

    def give_cookie(self, response: Response, request: Request) -> None:
        """Let a browser that gave the PIN be known again."""
        pin = self.run.pin
        response.set_cookie(
            pin.cookie_name,
            pin.make_cookie(time.time()),
            max_age=PIN_TIME,
            path=f"{request.root_path}/",
            secure=request.is_secure,
            httponly=True,
            samesite="Strict",
        )

    def may_see_variables(self, environ: Environ) -> bool:
        """Tell whether a page may have the values of variables in it.

        The page goes to everybody who can reach the server: beside one who gave the PIN, that is only somebody at this machine.
        """
        if not self.trusts_host(environ):
            return False
        return _is_local(environ) or (self.asks_pin and self.run.pin.text is not None and self.has_pin(environ))


def _is_local(environ: Environ) -> bool:
    """Tell whether a request is from this machine, and not from a proxy on it."""
    if any(name in environ for name in _FORWARDED):
        return False
    try:
        return ipaddress.ip_address(environ.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
