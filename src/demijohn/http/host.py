"""Which host a request is for, and its URL: from the scheme, the `Host` field and the server's own address.

SECURITY: a host comes from the client. What is not plainly a host name or an address counts as none, and `trusted_hosts` says
which are ours. No URL grammar here; see `urls`. Pure functions; any thread.
"""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from .errors import SecurityError
from .urls import PATH_SAFE, QUERY_SAFE, quote_text, uri_to_iri

# A name or IPv4 address, or an IPv6 address in brackets (two colons at least). A port begins with no zero; `_split_host` checks
# its upper bound.
_HOST: Final = re.compile(r"([A-Za-z0-9.-]+|\[(?=[^\]:]*:[^\]:]*:)[A-Fa-f0-9:.]+\])(?::([1-9][0-9]{0,4}))?")

MAX_KEPT_CHARACTERS: Final = 253 + 6
"""The longest host that `known_host` is asked for: a name (RFC 1035 §2.3.4) and a port."""

_DEFAULT_PORTS: Final = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}

# PERF: what needs neither quoting nor decoding, which is almost every URL.
_PLAIN_HOST: Final = re.compile(r"(?!.*xn--)[a-z0-9.-]+(?::[1-9][0-9]{0,4})?")
_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9._~!$&'()*+,/:;=@-]*")
_PLAIN_QUERY: Final = re.compile(rb"[A-Za-z0-9._~!$&'()*+,/:;=@?-]*")


def _split_host(host: str) -> str | None:
    """Return the host without its port, or `None` if it is no valid host."""
    match = _HOST.fullmatch(host)
    if match is None:
        return None
    name, port = match.groups()
    return None if port is not None and int(port) > 65535 else name


def host_is_trusted(hostname: str | None, trusted_list: Collection[str] | None = None) -> bool:
    """Tell whether a host, with or without a port, is valid and one of a list; an empty list, or none, trusts every valid host.

    An entry is compared without its port, as it is written; one that begins with a dot also matches all subdomains.
    """
    name = _split_host(hostname) if hostname else None
    if name is None:
        return False
    if not trusted_list:
        return True
    for entry in (trusted_list,) if isinstance(trusted_list, str) else trusted_list:
        suffix_match = entry.startswith(".")
        bare = entry[1:] if suffix_match else entry
        trusted = _split_host(bare)
        if trusted is None:
            trusted = bare.partition(":")[0].encode("idna").decode("ascii")
        if trusted and (name == trusted or (suffix_match and name.endswith("." + trusted))):
            return True
    return False


def get_host(
    scheme: str,
    host_header: str | None,
    server: tuple[str, int | None] | None = None,
    trusted_hosts: Collection[str] | None = None,
) -> str:
    """Return host and port that a request is for, without the port if it is the scheme's own; `""` if it is missing or not valid.

    `server` is the address the server listens on; it counts where there is no `Host` field. A Unix socket has no port, and is
    no host.

    Raises:
        SecurityError: there are trusted hosts, and this is none of them.
    """
    if host_header is not None:
        host = host_header
    elif server is not None and server[1] is not None:
        name, port = server
        host = f"[{name}]:{port}" if ":" in name and name[0] != "[" else f"{name}:{port}"
    else:
        return ""
    if not trusted_hosts:
        return _well_formed(scheme, host) if len(host) > MAX_KEPT_CHARACTERS else known_host(scheme, host)
    host = _shortened(scheme, host)
    if not host_is_trusted(host, trusted_hosts):
        raise SecurityError(f"Host {host!r} is not trusted.")
    return host


def _shortened(scheme: str, host: str) -> str:
    default_port = _DEFAULT_PORTS.get(scheme)
    return host if default_port is None else host.removesuffix(default_port)


def _well_formed(scheme: str, host: str) -> str:
    host = _shortened(scheme, host)
    return "" if _split_host(host) is None else host


known_host: Final = lru_cache(maxsize=256)(_well_formed)
"""What `get_host` returns of a scheme and a `Host` field. PERF: a site has few names; who makes some up only evicts."""


def get_current_url(
    scheme: str,
    host: str,
    root_path: str | None = None,
    path: str | None = None,
    query_string: bytes | None = None,
) -> str:
    """Return the URL of a request as an IRI, up to the first part that is `None`. Paths are decoded text, the query is as sent.

    Raises:
        ValueError: the host is not one that `get_host` returns.
    """
    root = "" if root_path is None else root_path.rstrip("/")
    rest = "" if path is None or root_path is None else path.lstrip("/")
    query = b"" if path is None or root_path is None or query_string is None else query_string
    if _PLAIN_HOST.fullmatch(host) and _PLAIN_PATH.fullmatch(root + rest) and _PLAIN_QUERY.fullmatch(query):
        url = f"{scheme}://{host}{root}/{rest}"
        return f"{url}?{query.decode('ascii')}" if query else url
    url = f"{scheme}://{host}{quote_text(root, PATH_SAFE)}/{quote_text(rest, PATH_SAFE)}"
    if query:
        url = f"{url}?{quote(query, safe=QUERY_SAFE)}"
    return uri_to_iri(url)
