"""Settings of HTTPS: certificates of the server and of clients, and the redirect to it."""

from collections.abc import Mapping
from typing import Any, Final

from ...serve.certificates import TlsOptions
from .kinds import DURATION, PATH, TEXT, Kind, choice, integer, or_none
from .plurals import list_of
from .setting import Setting, setting_of

TITLE: Final = "TLS"


def _parse_sni(raw: Any) -> dict[str, tuple[str, str | None]]:  # Any: see Kind
    """Read a mapping from host names to `[certificate, key]`; a list of `(name, certificate, key)`; or such a list as text."""
    if isinstance(raw, str):
        import shlex

        raw = [shlex.split(part) for part in raw.split(",") if part.strip()]
    if isinstance(raw, Mapping):
        raw = [(name, *([files] if isinstance(files, str) else files)) for name, files in raw.items()]
    found: dict[str, tuple[str, str | None]] = {}
    for name, certificate, *keys in raw:
        key = keys[0] if keys else None
        words = (name, certificate) if key is None else (name, certificate, key)
        if len(keys) > 1 or name in found or not all(isinstance(word, str) and word for word in words):
            raise ValueError
        found[name] = (certificate, key)
    return found


def _render_sni(value: dict[str, tuple[str, str | None]]) -> str:
    import shlex

    return ",".join(shlex.join([name, *(path for path in paths if path)]) for name, paths in value.items())


_SNI: Final = Kind(
    "names with certificate and key files, as text NAME CERT KEY with commas between",
    _parse_sni,
    _render_sni,
    "NAME CERT KEY",
    "list",
    3,
)

SETTINGS: Final = (
    Setting(
        "certfile",
        or_none(PATH),
        None,
        "Serve HTTPS with this certificate chain (PEM). `adhoc` makes a certificate on the spot; `module:attribute` is an"
        " `ssl.SSLContext`.",
        aliases=("cert",),
    ),
    Setting(
        "keyfile",
        or_none(PATH),
        None,
        "The private key, if it is not in `certfile`.",
        aliases=("key",),
    ),
    Setting(
        "sni",
        _SNI,
        {},
        "Certificates and keys for further host names; `*.example.com` stands for every name with one more label.",
    ),
    Setting("ca_certs", or_none(PATH), None, "Authorities (PEM) that clients' certificates must lead to."),
    Setting(
        "client_certs",
        choice("optional", "required"),
        "required",
        "With `ca_certs`: whether a client must have a certificate.",
    ),
    setting_of(TlsOptions, "minimum_version", choice("TLSv1.2", "TLSv1.3"), "tls_minimum_version"),
    setting_of(TlsOptions, "ciphers", or_none(TEXT), "tls_ciphers", aliases=("ciphers",)),
    setting_of(TlsOptions, "reload_interval", DURATION, "tls_reload_interval"),
    Setting(
        "redirect_http",
        list_of(TEXT),
        (),
        "Addresses, as in `bind`, where plain HTTP is answered with a redirect to HTTPS; port 80 if not said.",
    ),
    Setting(
        "redirect_port",
        or_none(integer(1, 65535)),
        None,
        "The port that clients find HTTPS on; `none`: that of the first listener.",
    ),
)
