"""`nonce_for`: whether a page's Content-Security-Policy lets our script run and ask, and with which nonce. Any thread."""

import re
from collections.abc import Sequence
from typing import Final

from ...http.csp import ContentSecurityPolicy, parse_csp_header

_NONCE: Final = re.compile(r"'nonce-([A-Za-z0-9+/_-]+={0,2})'")


def nonce_for(values: Sequence[str], origin: str) -> str | None:
    """Return the nonce that a script of the same origin needs, `""` if it needs none; `None`: it is forbidden.

    Args:
        values: of all `Content-Security-Policy` fields of an answer. Each of their policies must agree.
        origin: of the page: scheme, host and port.
    """
    nonces: set[str] | None = None  # those that all the policies take which want one
    for policy in (parse_csp_header(text) for value in values for text in value.split(",") if text.strip()):
        if not _lets_ask(policy, origin):
            return None
        sources = _sources(policy, "script-src-elem", "script-src", "default-src")
        if sources is None:
            continue
        given = {match[1] for source in sources if (match := _NONCE.fullmatch(source))}
        is_strict = any(source.lower() == "'strict-dynamic'" for source in sources)
        if not is_strict and _names(sources, origin):
            continue
        nonces = given if nonces is None else nonces & given
    if nonces is None:
        return ""
    return min(nonces, default=None)


def _lets_ask(policy: ContentSecurityPolicy, origin: str) -> bool:
    """Tell whether a page may open a stream of events from where it is from."""
    if policy.sandbox is not None and not {"allow-scripts", "allow-same-origin"} <= {*policy.sandbox.lower().split()}:
        return False
    sources = _sources(policy, "connect-src", "default-src")
    return sources is None or _names(sources, origin)


def _sources(policy: ContentSecurityPolicy, *names: str) -> list[str] | None:
    """Return the sources of the first directive that is there; names of directives are compared without case."""
    lower = {name.lower(): text for name, text in policy.items()}
    return next((lower[name].split() for name in names if name in lower), None)


def _names(sources: list[str], origin: str) -> bool:
    """Tell whether sources name the origin."""
    scheme, _, host = origin.lower().partition("://")
    ours = {"'self'", "*", f"{scheme}:", host, f"{scheme}://{host}"}
    if scheme == "https":
        ours.add("http:")
    return any(source.lower().rstrip("/") in ours for source in sources)
