"""What `ssl_context` may be, and certificates for development."""

import os
import pathlib
import ssl
import stat
import sys

import pytest
from engines import certs

from demijohn.manage import devcert
from demijohn.manage.devcert import generate_adhoc_ssl_pair, load_ssl_context, make_ssl_devcert
from demijohn.manage.tls import certificates_for
from demijohn.serve.certificates import CertificateError, Certificates, GivenContext, TlsOptions


def test_each_form_of_ssl_context(tmp_path):
    files = certs.server_files()
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(pathlib.Path(path).read_bytes() for path in (files.certfile, files.keyfile)))
    assert certificates_for(None) is None
    for files_of in ((files.certfile, files.keyfile), str(both), both, (both,), (both, None), TlsOptions(files)):
        assert isinstance(certificates_for(files_of), Certificates)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.certfile, files.keyfile)
    given = certificates_for(context)
    assert isinstance(given, GivenContext)
    assert given.context is context
    assert given.reload() is True
    assert context.options & ssl.OP_NO_RENEGOTIATION


@pytest.mark.parametrize("value", [object(), True, 7, (), ("a", "b", "c"), ("a", 7), ["a", "b"]])
def test_what_is_no_ssl_context(value):
    with pytest.raises(TypeError, match="ssl_context must be"):
        certificates_for(value)


def test_files_that_are_missing_are_named():
    with pytest.raises(CertificateError, match=r"/no/cert\.pem and /no/key\.pem does not exist|/no/cert.pem"):
        certificates_for(("/no/cert.pem", "/no/key.pem"))


def talk(context: ssl.SSLContext, client: ssl.SSLContext, name: str) -> dict:
    """Do a handshake in memory; return the server's certificate."""
    one, two = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(one, two, server_side=True)
    visitor = client.wrap_bio(two, one, server_hostname=name)
    for _ in range(3):
        for side in (visitor, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return visitor.getpeercert()


def test_an_adhoc_certificate_is_one_for_localhost():
    context = devcert.generate_adhoc_ssl_context()
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    talk(context, client, "localhost")


def test_a_pair_has_the_name_that_it_was_made_for():
    certificate, key = generate_adhoc_ssl_pair()
    assert certificate.public_key().public_numbers() == key.public_key().public_numbers()
    assert "CN=*" in certificate.subject.rfc4514_string()
    certificate, _ = generate_adhoc_ssl_pair("dev.test")
    assert "CN=dev.test" in certificate.subject.rfc4514_string()


@pytest.mark.parametrize("word", ["host", "cn"])
def test_a_certificate_for_development_is_kept_in_files(tmp_path, word):
    paths = make_ssl_devcert(str(tmp_path / "dev"), **{word: "localhost"})
    assert paths == (str(tmp_path / "dev.crt"), str(tmp_path / "dev.key"))
    assert stat.S_IMODE(os.stat(paths[1]).st_mode) == 0o600
    client = ssl.create_default_context(cafile=paths[0])
    seen = talk(load_ssl_context(*paths), client, "localhost")
    assert ("DNS", "localhost") in seen["subjectAltName"]
    make_ssl_devcert(str(tmp_path / "dev"))  # over the old ones


def test_without_the_library_it_says_what_to_do(monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(TypeError, match=r"require the cryptography library: pip install demijohn\[tls\]"):
        certificates_for("adhoc")
