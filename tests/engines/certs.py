"""Certificates for tests, made when they are wanted: an authority of our own, and what it signs."""

import atexit
import datetime
import functools
import ipaddress
import os
import shutil
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from demijohn.serve.certificates import CertificateFiles, Certificates, TlsOptions

DAY = datetime.timedelta(days=1)


@functools.cache
def folder() -> str:
    path = tempfile.mkdtemp(prefix="certificates-")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


_CERT_SIGN = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """Signs certificates; `ca.pem` in its folder is what clients trust."""

    def __init__(self, path: str, name: str = "Test Authority") -> None:
        self.path = path
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca_file = os.path.join(path, f"{name}.pem")
        certificate = (
            self._builder(self.name, self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_CERT_SIGN, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        write(self.ca_file, certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(self, subject, key):
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + 10 * DAY)
            # Python 3.13 looks for the authority by this.
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )

    def make(self, stem: str, *names: str, subject=None, password: str | None = None, is_rsa=False) -> CertificateFiles:
        """Write `stem.crt` and `stem.key` for host names and addresses; files that are there are replaced at one stroke."""
        key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(ec.SECP256R1())
        subject = subject or [(NameOID.COMMON_NAME, names[0])]
        certificate = (
            self._builder(x509.Name([x509.NameAttribute(*pair) for pair in subject]), key)
            .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        files = CertificateFiles(
            os.path.join(self.path, f"{stem}.crt"), os.path.join(self.path, f"{stem}.key"), password
        )
        encryption = (
            serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        )
        pem = serialization.Encoding.PEM
        write(files.certfile, certificate.public_bytes(pem))
        write(files.keyfile, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, encryption))
        return files


def _general_name(name: str):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write(path: str, data: bytes) -> None:
    with open(f"{path}.new", "wb") as file:
        file.write(data)
    os.replace(f"{path}.new", path)


@functools.cache
def authority() -> Authority:
    return Authority(folder())


@functools.cache
def server_files() -> CertificateFiles:
    return authority().make("server", "localhost", "127.0.0.1")


@functools.cache
def certificates() -> Certificates:
    """What most tests serve with."""
    return Certificates(TlsOptions(server_files()))


class ClientSocket(ssl.SSLSocket):
    """A cut of the stream is told apart from its end, and raised as what it is on a plain socket."""

    def send(self, *args) -> int:
        try:
            return super().send(*args)
        except ssl.SSLEOFError:
            raise ConnectionResetError("gone") from None

    def recv_into(self, *args) -> int:
        try:
            return super().recv_into(*args)
        except ssl.SSLEOFError:
            raise ConnectionResetError("cut") from None


@functools.cache
def client_context() -> ssl.SSLContext:
    """A client that trusts the authority and shows no certificate."""
    context = ssl.create_default_context(cafile=authority().ca_file)
    context.sslsocket_class = ClientSocket
    return context


def client_context_with(files: CertificateFiles) -> ssl.SSLContext:
    """A client that shows a certificate."""
    context = ssl.create_default_context(cafile=authority().ca_file)
    context.load_cert_chain(files.certfile, files.keyfile)
    return context
