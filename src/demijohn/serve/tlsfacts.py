"""`tls_facts`: what a finished TLS handshake says of a client, under the names that servers give it in the environ.

The names are those of Apache's mod_ssl, which applications know: SSL_PROTOCOL, SSL_CLIENT_VERIFY, SSL_CLIENT_S_DN and so on.
"""

import ssl
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from .tlssocket import TlsSocket

# RFC 4514 §3: the short names that distinguished names are written with; others are written as they are.
_SHORT = {
    "commonName": "CN",
    "countryName": "C",
    "domainComponent": "DC",
    "localityName": "L",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "stateOrProvinceName": "ST",
    "streetAddress": "STREET",
    "userId": "UID",
}

DistinguishedName = Iterable[Iterable[tuple[str, str]]]


def tls_facts(sock: TlsSocket) -> Mapping[str, str]:
    """Return the variables of a connection whose handshake is done."""
    cipher = sock.cipher()
    facts = _common_facts(sock.version() or "", cipher[0] if cipher else "", sock.asked_for, bool(sock.session_reused))
    certificate = sock.getpeercert(binary_form=True)
    if certificate is None:
        return facts
    # Any: the values of ssl's dict are of several types. It is empty if the certificate was not checked.
    seen: Mapping[str, Any] = sock.getpeercert() or {}
    return {
        **facts,
        "SSL_CLIENT_VERIFY": "SUCCESS" if seen else "GENEROUS",
        "SSL_CLIENT_CERT": ssl.DER_cert_to_PEM_cert(certificate),
        "SSL_CLIENT_S_DN": render_name(seen.get("subject", ())),
        "SSL_CLIENT_I_DN": render_name(seen.get("issuer", ())),
        "SSL_CLIENT_M_SERIAL": seen.get("serialNumber", ""),
        "SSL_CLIENT_V_START": seen.get("notBefore", ""),
        "SSL_CLIENT_V_END": seen.get("notAfter", ""),
    }


@lru_cache(maxsize=1024)
def _common_facts(protocol: str, cipher: str, asked_for: str | None, is_resumed: bool) -> Mapping[str, str]:
    """The same object for all connections that are alike: it stays as long as they do."""
    return {
        "HTTPS": "on",
        "SSL_PROTOCOL": protocol,
        "SSL_CIPHER": cipher,
        "SSL_TLS_SNI": asked_for or "",
        "SSL_SESSION_RESUMED": "Resumed" if is_resumed else "Initial",
        "SSL_CLIENT_VERIFY": "NONE",
    }


def render_name(name: DistinguishedName) -> str:
    """Write a distinguished name as RFC 4514 does: the most particular part first, `CN=Ada,O=Engines`."""
    parts = ["+".join(f"{_SHORT.get(kind, kind)}={_escape(value)}" for kind, value in part) for part in name]
    return ",".join(reversed(parts))


def _escape(value: str) -> str:
    """Escape as RFC 4514 §2.4 says. SECURITY: a value must not be able to look like two parts."""
    chars = [f"\\{char}" if char in '",+;<>\\' else _printable(char) for char in value]
    for at, special in ((0, "# "), (-1, " ")):
        if value and value[at] in special:
            chars[at] = f"\\{value[at]}"
    return "".join(chars)


def _printable(char: str) -> str:
    """Return `char`, or its UTF-8 bytes in hexadecimal, so that a variable has no control characters and is ASCII."""
    return char if " " <= char <= "~" else "".join(f"\\{byte:02X}" for byte in char.encode("utf-8", "surrogatepass"))
