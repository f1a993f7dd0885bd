"""`Certificates`: what a TLS listener shows and asks for: certificates by host name, read again when their files change.

Made before anything is served, so that a broken file is an error at the start; used by the threads of `Handshakes`. One object
may be shared by several listeners, and is inherited by forked workers, each of which then looks after the files by itself.
"""

import errno
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from .._base.record import record
from .tlssocket import TlsSocket

logger = logging.getLogger("demijohn.error")

ClientVerify = Literal["none", "optional", "required"]

_VERIFY_MODES = {"none": ssl.CERT_NONE, "optional": ssl.CERT_OPTIONAL, "required": ssl.CERT_REQUIRED}
_VERSIONS = {"TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}

# RFC 7457 §2.6, §2.8, RFC 9325 §3.3, §3.5: both have been used against TLS, and nothing needs them.
_NEVER = ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION

Signature = tuple[tuple[int, int, int] | None, ...]


class CertificateError(OSError):
    """Certificates cannot be used. One line for a person, with the names of the files."""


@record
class CertificateFiles:
    """A certificate chain and its key, in PEM files."""

    certfile: str
    """The certificate, followed by those that lead to a root."""

    keyfile: str | None = None
    """The private key; `None` if it stands in `certfile`."""

    password: str | None = None
    """What the key is enciphered with."""


@record
class TlsOptions:
    """Settings of TLS for one or more listeners."""

    certificate: CertificateFiles
    """Shown to clients that ask for no name, or for one that is not in `names`."""

    names: Mapping[str, CertificateFiles] = field(default_factory=dict)
    """Host name -> its certificate (SNI, RFC 6066 §3). `*.example.com` stands for every name with one more label."""

    client_verify: ClientVerify = "none"
    """Client certificates: `none` is asked for; `optional`: who has one must have a good one; `required`."""

    client_ca: str | None = None
    """PEM file with the authorities that clients' certificates must lead to."""

    minimum_version: Literal["TLSv1.2", "TLSv1.3"] = "TLSv1.2"
    """Older ones are refused (RFC 8996)."""

    ciphers: str | None = None
    """Cipher suites of TLS 1.2 in OpenSSL's notation; `None` for Python's choice, which has forward secrecy only."""

    reload_interval: float = 5.0
    """Seconds between two looks at the files, at most one for each handshake; 0 never looks."""

    def __post_init__(self) -> None:
        if self.client_verify not in _VERIFY_MODES:
            raise ValueError(f"client_verify is {self.client_verify!r}; it must be 'none', 'optional' or 'required'")
        if self.client_verify != "none" and self.client_ca is None:
            raise ValueError(
                f"client_verify is {self.client_verify!r}, which needs client_ca: the authorities to trust"
            )
        if self.client_verify == "none" and self.client_ca is not None:
            raise ValueError("client_ca is of no use while client_verify is 'none'")
        if self.minimum_version not in _VERSIONS:
            raise ValueError(f"minimum_version is {self.minimum_version!r}; it must be 'TLSv1.2' or 'TLSv1.3'")
        if self.reload_interval < 0:
            raise ValueError(f"reload_interval is {self.reload_interval}; it must not be negative")
        for name in self.names:
            if not name.removeprefix("*.").strip(".") or "*" in name.removeprefix("*."):
                raise ValueError(f"{name!r} is no host name; a star may only stand for a name's first label")


class _Pair:
    """One certificate as it was loaded last."""

    __slots__ = ("context", "files", "signature")

    def __init__(self, files: CertificateFiles, signature: Signature, context: ssl.SSLContext) -> None:
        self.files = files
        self.signature = signature
        self.context = context


class Certificates:
    """Makes TLS connections of accepted sockets. Any thread."""

    def __init__(self, options: TlsOptions) -> None:
        """Load all certificates.

        Raises:
            CertificateError: one cannot be used.
        """
        self._options = options
        self._lock = threading.Lock()  # for looking after the files
        self._looked_at = time.monotonic()
        self._default = self._load(options.certificate)
        self._names = {name.lower().rstrip("."): self._load(files) for name, files in options.names.items()}

    @property
    def context(self) -> ssl.SSLContext:
        """What connections are made from now."""
        return self._default.context

    def wrap(self, sock: socket.socket) -> TlsSocket:
        """Take over a non-blocking, accepted socket; the handshake is still to be done.

        Raises:
            OSError: the client has gone.
        """
        interval = self._options.reload_interval
        if interval and time.monotonic() - self._looked_at >= interval and self._lock.acquire(blocking=False):
            try:
                self._reload()
            finally:
                self._lock.release()
        return _wrap(self._default.context, sock)

    def reload(self) -> bool:
        """Read changed files now; False if one cannot be used: then the log says why, and the old certificate stays in use."""
        with self._lock:
            return self._reload()

    def _reload(self) -> bool:
        self._looked_at = time.monotonic()
        is_good = True
        for pair in (self._default, *self._names.values()):
            signature = self._signature(pair.files)
            if signature == pair.signature:
                continue
            # Noted first: a broken file is complained of once, and tried again when it changes again.
            pair.signature = signature
            try:
                pair.context = self._make_context(pair.files)
            except CertificateError as error:
                is_good = False
                logger.error("%s The certificate from before stays in use.", error)  # noqa: TRY400 - a fault of the files
            else:
                logger.info("Read the changed certificate %s", pair.files.certfile)
        return is_good

    def _load(self, files: CertificateFiles) -> _Pair:
        signature = self._signature(files)  # before: what changes while we read is read again
        return _Pair(files, signature, self._make_context(files))

    def _signature(self, files: CertificateFiles) -> Signature:
        """What tells one state of the files from another."""
        return tuple(
            _state_of(path) for path in (files.certfile, files.keyfile, self._options.client_ca) if path is not None
        )

    def _make_context(self, files: CertificateFiles) -> ssl.SSLContext:
        options = self._options
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = _VERSIONS[options.minimum_version]
        context.set_alpn_protocols(["http/1.1"])
        if options.ciphers is not None:
            try:
                context.set_ciphers(options.ciphers)
            except ssl.SSLError:
                raise CertificateError(f"OpenSSL knows none of the ciphers {options.ciphers!r}.") from None
        _load_chain(context, files)
        if options.client_ca is not None:
            try:
                context.load_verify_locations(options.client_ca)
            except OSError as error:
                raise CertificateError(
                    f"Cannot use the authorities in {options.client_ca}: {_reason(error)}."
                ) from None
            context.verify_mode = _VERIFY_MODES[options.client_verify]
        context.sni_callback = self._choose
        return _prepare(context)

    def _choose(self, sock: ssl.SSLSocket | ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Give the connection the certificate of the name that it asks for."""
        if name is None:
            return
        name = name.lower().rstrip(".")
        if isinstance(sock, TlsSocket):
            sock.asked_for = name
        pair = self._names.get(name) or self._names.get("*." + name.partition(".")[2])
        if pair is not None:
            sock.context = pair.context


class GivenContext:
    """`Certificates` for whoever made an `ssl.SSLContext`: it is taken as it is, and nothing is read again."""

    def __init__(self, context: ssl.SSLContext) -> None:
        """Take the context over: sockets that it makes are the server's from now on."""
        self.context = _prepare(context)

    def wrap(self, sock: socket.socket) -> TlsSocket:
        """See `Certificates.wrap`."""
        return _wrap(self.context, sock)

    def reload(self) -> bool:
        """There is nothing to read."""
        return True


def _prepare(context: ssl.SSLContext) -> ssl.SSLContext:
    context.options |= _NEVER
    context.sslsocket_class = TlsSocket
    return context


def _wrap(context: ssl.SSLContext, sock: socket.socket) -> TlsSocket:
    # A ragged end is an error: whoever cuts the connection must not be able to make a part pass for the whole.
    wrapped = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=False)
    if not isinstance(wrapped, TlsSocket):
        raise TypeError(f"the context makes {type(wrapped).__name__}: its sslsocket_class was set by somebody else")
    return wrapped


def _load_chain(context: ssl.SSLContext, files: CertificateFiles) -> None:
    password = files.password
    is_asked = False

    def ask() -> str:
        # Otherwise OpenSSL would ask on the terminal, if there is one, and wait.
        nonlocal is_asked
        is_asked = True
        return password or ""

    try:
        context.load_cert_chain(files.certfile, files.keyfile, ask)
    except OSError as error:
        where = files.certfile if files.keyfile is None else f"{files.certfile} with the key {files.keyfile}"
        if is_asked:
            why = (
                "the key is enciphered, and no password was given"
                if password is None
                else "the key's password is wrong"
            )
        elif error.errno == errno.ENOENT:
            missing = [
                path for path in (files.certfile, files.keyfile) if path is not None and not os.path.exists(path)
            ]
            why = f"{' and '.join(missing) or 'a file'} does not exist"
        else:
            why = _reason(error)
        raise CertificateError(f"Cannot use the certificate {where}: {why}.") from None


_REASONS = {
    "KEY_VALUES_MISMATCH": "the two do not belong together",
    "NO_CERTIFICATE_OR_CRL_FOUND": "there is no certificate in the file",
    "PEM_LIB": "a certificate and its key in PEM form are wanted",
    "EE_KEY_TOO_SMALL": "the key is too short to be safe",
}


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "PEM_LIB"
        return _REASONS.get(reason, reason.replace("_", " ").lower())
    return (error.strerror or str(error)).lower()


def _state_of(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
