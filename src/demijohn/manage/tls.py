"""`certificates_for`: what `ssl_context` of `run_simple` and `make_server` may be, turned into what a listener takes."""

import os
import ssl
from typing import Any

from ..serve.certificates import CertificateFiles, Certificates, GivenContext, TlsOptions


def certificates_for(ssl_context: Any) -> Certificates | GivenContext | None:  # Any: the caller's, looked at here
    """Return the certificates that TLS is served with, or `None` for no TLS.

    Args:
        ssl_context: `None`; `"adhoc"`; the path of a PEM file with certificate and key; `(certificate, key)`, paths of two;
            `TlsOptions` for everything else that can be set; or an `ssl.SSLContext`, which is used as it is. All but the first
            two and the last are read again when the files change.

    Raises:
        TypeError: it is something else; or `"adhoc"`, and the cryptography library is missing.
        CertificateError: a file cannot be used.
    """
    if ssl_context is None:
        return None
    if ssl_context == "adhoc":
        from .devcert import generate_adhoc_ssl_context

        return GivenContext(generate_adhoc_ssl_context())
    if isinstance(ssl_context, ssl.SSLContext):
        return GivenContext(ssl_context)
    if isinstance(ssl_context, TlsOptions):
        return Certificates(ssl_context)
    paths = ssl_context if isinstance(ssl_context, tuple) else (ssl_context,)
    if len(paths) == 2 and paths[1] is None:
        paths = paths[:1]  # COMPAT: `load_ssl_context`'s default, a key beside the certificate
    if 1 <= len(paths) <= 2 and all(isinstance(path, str | os.PathLike) for path in paths):
        return Certificates(TlsOptions(CertificateFiles(*(os.fspath(path) for path in paths))))
    raise TypeError(
        "ssl_context must be 'adhoc', (certificate file, key file), TlsOptions, or an ssl.SSLContext,"
        f" not {type(ssl_context).__name__}."
    )
