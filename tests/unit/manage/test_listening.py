"""Several listeners at once, all or none; TLS and redirects on them."""

import errno
import grp
import os
import pwd
import socket
import ssl
import stat

import pytest
from engines import certs

from demijohn.manage import binding
from demijohn.manage.addresses import TcpAddress
from demijohn.manage.binding import BindError, bind_all, close_all
from demijohn.manage.devserver import make_server
from demijohn.manage.listening import open_listeners
from demijohn.manage.startup import announce
from demijohn.serve import Listener, ListenOptions


@pytest.fixture
def opened():
    """`open_listeners`, and closes what it opened."""
    listeners = []

    def open_(*bind, **options):
        new = open_listeners("unused", 0, bind=list(bind), **options)
        listeners.extend(new)
        return new

    yield open_
    close_all(listeners)


def connects(address) -> bool:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as sock:
        sock.settimeout(5)
        try:
            sock.connect(address)
        except OSError:
            return False
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as sock:
            sock.bind(("::1", 0))
    except OSError:
        return False
    return True


ipv6 = pytest.mark.skipif(not has_ipv6(), reason="no IPv6 here")


def test_several_addresses_of_several_kinds(opened, tmp_path):
    path = str(tmp_path / "s")
    listeners = opened("127.0.0.1:0", f"unix:{path}", "127.0.0.1:0")
    assert len({listener.address for listener in listeners}) == 3
    assert all(connects(listener.address) for listener in listeners)


@ipv6
def test_all_addresses_of_the_machine_with_one_port(opened):
    first, second = opened(":0")
    assert first.address[0] == "0.0.0.0"
    assert second.address == ("::", first.address[1])
    port = first.address[1]
    assert connects(("127.0.0.1", port))
    assert connects(("::1", port))


@ipv6
def test_a_name_with_several_addresses(opened, monkeypatch):
    both = [(socket.AF_INET, ("127.0.0.1", 0)), (socket.AF_INET6, ("::1", 0, 0, 0))]
    monkeypatch.setattr(binding, "resolve", lambda host, port: both)
    first, second = opened("both.test:0")
    assert first.address[1] == second.address[1]
    # An address that the machine does not have is left out, if there is another.
    missing = [(socket.AF_INET, ("192.0.2.1", 0)), (socket.AF_INET6, ("::1", 0, 0, 0))]
    monkeypatch.setattr(binding, "resolve", lambda host, port: missing)
    assert [listener.address[0] for listener in opened("both.test:0")] == ["::1"]
    monkeypatch.setattr(binding, "resolve", lambda host, port: missing[:1] * 2)
    with pytest.raises(BindError, match="no such address"):
        opened("none.test:0")


@ipv6
def test_a_port_that_is_free_on_both_is_looked_for(opened, monkeypatch):
    """The port that the system chose for IPv4 is taken on IPv6: another is tried."""
    taken = []
    at = Listener.at.__func__

    def at_(cls, endpoint, options, *, listens=True):
        if endpoint[0] == socket.AF_INET6 and len(taken) < 3:
            taken.append(endpoint[1][1])
            raise OSError(errno.EADDRINUSE, "taken")
        return at(cls, endpoint, options, listens=listens)

    monkeypatch.setattr(Listener, "at", classmethod(at_))
    first, second = opened(":0")
    assert first.address[1] == second.address[1]
    assert len(taken) == 3


@ipv6
def test_ipv4_and_ipv6_are_written_beside_each_other(opened):
    port = free_port()
    first, second = opened(f"0.0.0.0:{port}", f"[::]:{port}")
    assert (first.address, second.address) == (("0.0.0.0", port), ("::", port))


@ipv6
@pytest.mark.parametrize("dual", [True, False])
def test_dual_stack_is_a_setting(opened, dual):
    (listener,) = opened("[::]:0", options=ListenOptions(dual_stack=dual))
    assert connects(("127.0.0.1", listener.address[1])) is dual
    assert connects(("::1", listener.address[1]))


def test_one_that_fails_leaves_none_bound(tmp_path):
    path = str(tmp_path / "s")
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(BindError, match=rf"127\.0\.0\.1:{taken}"):
            open_listeners("", 0, bind=[f"127.0.0.1:{port}", f"unix:{path}", f"127.0.0.1:{taken}"])
    assert not os.path.exists(path)
    assert not connects(("127.0.0.1", port))


def test_a_redirect_that_fails_leaves_none_bound():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        files = certs.server_files()
        with pytest.raises(BindError, match=str(taken)):
            open_listeners(
                "127.0.0.1", 0, ssl_context=(files.certfile, files.keyfile), redirect_http=f"127.0.0.1:{taken}"
            )


def test_no_address_is_an_error():
    with pytest.raises(ValueError, match="no address"):
        open_listeners("x", 0, bind=[])


# ---------------------------------------------------------------- Unix sockets


def test_permissions_and_owner_of_a_unix_socket(opened, tmp_path):
    path = str(tmp_path / "s")
    options = ListenOptions(unix_mode=0o660, unix_owner=os.getuid(), unix_group=grp.getgrgid(os.getgid()).gr_name)
    opened(f"unix:{path}", options=options)
    status = os.stat(path)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid())


@pytest.mark.skipif(os.getuid() != 0, reason="takes privileges")
def test_a_unix_socket_for_somebody_else(opened, tmp_path):
    nobody = pwd.getpwnam("nobody")
    path = str(tmp_path / "s")
    opened(f"unix:{path}", options=ListenOptions(unix_owner="nobody", unix_group=nobody.pw_gid))
    assert (os.stat(path).st_uid, os.stat(path).st_gid) == (nobody.pw_uid, nobody.pw_gid)


@pytest.mark.parametrize("option", ["unix_owner", "unix_group"])
def test_an_owner_that_does_not_exist(opened, tmp_path, option):
    path = str(tmp_path / "s")
    with pytest.raises(BindError, match="no such (user|group): 'no-such'"):
        opened(f"unix:{path}", options=ListenOptions(**{option: "no-such"}))
    assert not os.path.exists(path)


@pytest.mark.skipif(not os.path.exists("/proc/net/unix"), reason="Linux only")
def test_the_abstract_namespace(opened):
    name = f"@demijohn-test-{os.getpid()}"
    (listener,) = opened(f"unix:{name}")
    assert (listener.address, listener.url) == (name, f"unix:{name}")
    assert connects("\0" + name[1:])
    with pytest.raises(BindError, match="is listening there"):
        opened(f"unix:{name}")


def test_a_path_that_is_too_long_or_nowhere(opened, tmp_path):
    with pytest.raises(BindError, match="too long"):
        opened(f"unix:{tmp_path}/{'x' * 200}")
    with pytest.raises(BindError, match="No such file"):
        opened(f"unix:{tmp_path}/no/where")


# ---------------------------------------------------------------- descriptors


def test_a_descriptor_that_listens_is_not_asked_again(opened, monkeypatch):
    with socket.socket() as outer:
        outer.bind(("127.0.0.1", 0))
        outer.listen(7)
        monkeypatch.setattr(binding.Listener, "at", None)
        (listener,) = opened(f"fd://{os.dup(outer.fileno())}", options=ListenOptions(backlog=1))
        assert listener.address == outer.getsockname()
        assert not os.get_inheritable(listener.sock.fileno())


def test_a_descriptor_that_is_bound_only_is_made_to_listen(opened):
    with socket.socket() as outer:
        outer.bind(("127.0.0.1", 0))
        (listener,) = opened(f"fd://{os.dup(outer.fileno())}")
        assert connects(listener.address)


def test_descriptors_that_cannot_be_listened_on(opened, tmp_path):
    with (
        (tmp_path / "f").open("w") as file,
        socket.socket() as unbound,
        socket.socket(type=socket.SOCK_DGRAM) as datagram,
    ):
        for fd, why in [
            (987654, "Bad file descriptor"),
            (file.fileno(), "is not a socket"),
            (unbound.fileno(), "bound to no address"),
            (datagram.fileno(), "of another kind"),
        ]:
            with pytest.raises(BindError, match=why):
                opened(f"fd://{fd}")
            with pytest.raises(BindError, match=why if fd == 987654 else "descriptor"):
                open_listeners("x", 0, fd=fd)
        # They are left as they were.
        os.fstat(file.fileno())
        os.fstat(datagram.fileno())


# ---------------------------------------------------------------- SO_REUSEPORT


def test_each_process_may_listen_for_itself():
    options = ListenOptions(reuse_port=True)
    (kept,) = bind_all([TcpAddress("127.0.0.1", 0)], options, listens=False)
    address = kept.address
    assert not connects(address), "it is only bound, so it must get no connections"
    own = [kept.for_process() for _ in range(2)]
    assert [listener.address for listener in own] == [address] * 2
    assert connects(address)
    close_all([kept, *own])
    (shared,) = bind_all([TcpAddress("127.0.0.1", 0)])
    assert shared.for_process() is shared
    shared.close()


@pytest.mark.parametrize("values", [{"backlog": 0}, {"unix_mode": 0o1777}, {"unix_mode": -1}])
def test_options_out_of_range(values):
    with pytest.raises(ValueError, match="it must be"):
        ListenOptions(**values)


# ---------------------------------------------------------------- the server object


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
    return [b"hello"]


def test_a_server_with_several_listeners_says_all_of_them(caplog, tmp_path):
    caplog.set_level("INFO", "demijohn.manage")
    files = certs.server_files()
    path = str(tmp_path / "s")
    with make_server(
        "unused",
        0,
        hello,
        bind=["127.0.0.1:0", f"unix:{path}"],
        ssl_context=(files.certfile, files.keyfile),
        redirect_http="127.0.0.1:0",
    ) as server:
        assert server.addresses[0] == server.server_address == (server.host, server.port)
        assert server.addresses[1] == path
        assert server.urls == [server.url, f"unix:{path}"] == [f"https://127.0.0.1:{server.port}", f"unix:{path}"]
        assert server.redirect_urls == [f"http://127.0.0.1:{server.addresses[2][1]}"]
        assert isinstance(server.ssl_context, ssl.SSLContext)
        assert server.reload_certificates() is True
        announce(server)
        assert f" * Running on https://127.0.0.1:{server.port}" in caplog.messages
        assert f" * Running on unix:{path}" in caplog.messages
        assert f" * Redirecting {server.redirect_urls[0]} to HTTPS" in caplog.messages
    assert not os.path.exists(path)


def test_a_server_without_tls_has_no_context():
    with make_server("127.0.0.1", 0, hello) as server:
        assert server.ssl_context is None
        assert server.redirect_urls == []
        assert server.reload_certificates() is True


def test_the_redirect_needs_somewhere_to_lead(tmp_path):
    files = certs.server_files()
    pair = (files.certfile, files.keyfile)
    with pytest.raises(ValueError, match="nothing to redirect to"):
        make_server("127.0.0.1", 0, hello, redirect_http=":0")
    with pytest.raises(ValueError, match="redirect_port must say"):
        make_server(f"unix://{tmp_path}/s", 0, hello, ssl_context=pair, redirect_http="127.0.0.1:0")
    assert not os.path.exists(tmp_path / "s")
    with make_server(
        f"unix://{tmp_path}/s", 0, hello, ssl_context=pair, redirect_http="127.0.0.1:0", redirect_port=443
    ) as server:
        assert len(server.addresses) == 2


def test_the_callers_descriptor_stays_the_callers():
    with socket.socket() as outer:
        outer.bind(("127.0.0.1", 0))
        outer.listen()
        with make_server("ignored", 0, hello, fd=outer.fileno()) as server:
            assert server.server_address == outer.getsockname()
            assert server.fileno() != outer.fileno()
        assert connects(outer.getsockname())
