"""Certificates for development, made on the spot: `ssl_context="adhoc"` and Werkzeug's three functions for it.

The only file that imports `cryptography`, which is an extra: `pip install demijohn[tls]`. Nobody but the machine that made them
trusts these certificates; browsers say so.
"""

import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

_DAYS: Final = 365
_LOOPBACK: Final = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


def generate_adhoc_ssl_pair(cn: str | None = None) -> "tuple[Certificate, RSAPrivateKey]":
    """Make a key and a certificate signed by itself, for the name `cn`, or for `localhost` and every other name.

    Raises:
        TypeError: the cryptography library is missing.
    """
    try:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import rsa
        from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
    except ImportError:
        raise TypeError("Ad-hoc certificates require the cryptography library: pip install demijohn[tls]") from None
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Dummy Certificate"),
            x509.NameAttribute(NameOID.COMMON_NAME, cn or "*"),
        ]
    )
    names = ["*", "localhost"] if cn is None else [cn, f"*.{cn}"]
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    if cn is None or cn == "localhost":
        alternatives += [x509.IPAddress(address) for address in _LOOPBACK]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks differ
        .not_valid_after(now + timedelta(days=_DAYS))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate, key


def make_ssl_devcert(base_path: str, host: str | None = None, cn: str | None = None) -> tuple[str, str]:
    """Write a certificate for development to `base_path.crt` and its key to `base_path.key`; return the two paths.

    Unlike with `"adhoc"`, browsers need to be told only once to accept it. `host` and `cn` are two words for its name.

    Raises:
        TypeError: the cryptography library is missing.
        OSError: the files cannot be written.
    """
    certificate, key = generate_adhoc_ssl_pair(host if host is not None else cn)
    paths = f"{base_path}.crt", f"{base_path}.key"
    _write_pair(certificate, key, paths)
    return paths


def generate_adhoc_ssl_context() -> ssl.SSLContext:
    """Make a context with a certificate that lives as long as it.

    Raises:
        TypeError: the cryptography library is missing.
    """
    certificate, key = generate_adhoc_ssl_pair()
    # The ssl module reads certificates from files only; these are gone before anybody connects.
    with tempfile.TemporaryDirectory(prefix="demijohn-") as folder:
        paths = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        _write_pair(certificate, key, paths)
        return load_ssl_context(*paths)


def load_ssl_context(cert_file: str, pkey_file: str | None = None, protocol: int | None = None) -> ssl.SSLContext:
    """Make a server's context from a certificate and a key, which may stand in one file; `protocol` is a constant of `ssl`.

    Raises:
        OSError: the files cannot be read, or hold no such thing (`ssl.SSLError`).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if protocol is None else protocol)
    context.load_cert_chain(cert_file, pkey_file)
    return context


def _write_pair(certificate: "Certificate", key: "RSAPrivateKey", paths: tuple[str, str]) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    with open(paths[0], "wb") as file:
        file.write(certificate.public_bytes(Encoding.PEM))
    # SECURITY: nobody else may read the key, not even for a moment.
    with open(os.open(paths[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
