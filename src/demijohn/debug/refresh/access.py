"""`Access`: who may hear of changes: pages of this very site, at a name that is surely this machine's. Any thread.

SECURITY: a page of somebody else's must not learn when files change, and what they are called. Its requests are another site's
(Fetch Metadata, `Origin`); and if its own name is made to point here (DNS rebinding), that name is in `Host`.
"""

import ipaddress
import socket
from collections.abc import Collection

from ...http.host import host_is_trusted
from ...seam import RequestHead


class Access:
    """The names that pages may be at.

    Args:
        hosts: names beside `localhost` and this machine's own; an entry that begins with a dot stands for all below it, too.
            Numbers are always good: nobody can make one point elsewhere.
    """

    def __init__(self, hosts: Collection[str] = ()) -> None:
        own = socket.gethostname().lower()
        self._hosts = ["localhost", ".localhost", own, f"{own}.local", *(host.lower() for host in hosts if host)]

    def is_known(self, host: str | None) -> bool:
        """Tell whether a host, with or without a port, is one of ours."""
        if not host:
            return False
        host = host.lower()
        return host_is_trusted(host, self._hosts) or _is_number(host)

    def reason_against(self, head: RequestHead) -> str | None:
        """Return why a request is not answered; `None` if it is."""
        host = head.authority
        if not self.is_known(host):
            return f"{host!r} is not known to be this machine."
        site = head.get(b"sec-fetch-site")
        if site is not None and site != "same-origin":
            return "The request comes from another site."
        origin = head.get(b"origin")
        if origin is not None and origin.partition("://")[2].lower() != (host or "").lower():
            return "The request comes from another origin."
        return None


def _is_number(host: str) -> bool:
    """Tell whether a host is an IP address, with or without a port."""
    if host.startswith("["):
        address, end, port = host[1:].partition("]")
        is_whole = bool(end) and (not port or port.startswith(":"))
    else:
        address, _, _ = host.partition(":")
        is_whole = True
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return is_whole
