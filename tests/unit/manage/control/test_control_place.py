"""Where the control socket is: for its owner alone, in nobody's way, and no way into anything else."""

import os
import socket
import stat
import tempfile

import pytest

from demijohn.manage.control import place
from demijohn.manage.control.client import ControlClient, connect
from demijohn.manage.control.peer import Credentials, credentials_of, may_be_trusted, may_command
from demijohn.manage.control.place import ControlListener, PlaceError, default_directory, path_for, paths_here
from demijohn.manage.control.protocol import Code, ControlError


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """A directory for temporary files, and no XDG_RUNTIME_DIR."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def mode_of(path) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def test_by_default_it_is_in_a_directory_for_this_user_alone(temporary):
    path = path_for("auto")
    assert path == str(temporary / f"demijohn-{os.geteuid()}" / f"{os.getpid()}.sock")
    assert mode_of(os.path.dirname(path)) == 0o700
    assert path_for("auto") == path, "it may be there already"


def test_the_runtime_directory_is_preferred(temporary, monkeypatch):
    runtime = temporary / "run"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert default_directory() != str(runtime / "demijohn"), "it is not there"
    runtime.mkdir()
    assert default_directory() == str(runtime / "demijohn")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "relative")
    assert default_directory().startswith(str(temporary / "demijohn-"))


def test_only_the_owner_may_read_and_write_it_whatever_the_umask_is(tmp_path):
    before = os.umask(0)
    try:
        listener = ControlListener.open(str(tmp_path / "s"))
        assert os.umask(0) == 0, "the umask is as it was"
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "s") == 0o600
    assert os.listdir(tmp_path) == ["s"]
    listener.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["link", "file", "open"])
def test_a_default_directory_that_somebody_prepared_is_not_used(temporary, kind):
    directory = temporary / f"demijohn-{os.geteuid()}"
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    if kind == "link":
        directory.symlink_to(elsewhere)
    elif kind == "file":
        directory.touch()
    else:
        directory.mkdir()
        directory.chmod(0o755)
    with pytest.raises(PlaceError, match="chmod 700" if kind == "open" else "not a directory"):
        path_for("auto")
    with pytest.raises(ControlError) as caught:
        connect()
    assert caught.value.code is Code.FORBIDDEN


def test_a_default_directory_of_somebody_else_is_not_used(temporary, monkeypatch):
    directory = temporary / f"demijohn-{os.geteuid() + 1}"
    directory.mkdir(mode=0o700)
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    with pytest.raises(PlaceError, match="belongs to somebody else"):
        path_for("auto")


def test_a_socket_that_a_dead_process_left_is_replaced(tmp_path):
    path = str(tmp_path / "s")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    listener = ControlListener.open(path)
    with ControlClient(path) as client:
        assert client.pid in {os.getpid(), -1}
    listener.close()


def test_a_socket_that_somebody_listens_on_is_left_alone(tmp_path):
    path = str(tmp_path / "s")
    listener = ControlListener.open(path)
    with pytest.raises(PlaceError, match="Another server listens"):
        ControlListener.open(path)
    assert os.listdir(tmp_path) == ["s"]
    with ControlClient(path):
        pass
    listener.close()


def test_the_socket_of_the_parent_is_taken_over_and_not_removed_by_it(tmp_path, monkeypatch):
    path = str(tmp_path / "s")
    old = ControlListener.open(path)
    monkeypatch.setattr(os, "getppid", os.getpid)
    given_up = ControlListener.open(path, is_placed=False)
    given_up.close()
    new = ControlListener.open(path, is_placed=False)
    with ControlClient(path):
        old.sock.accept()[0].close()  # still there
    new.place()
    old.close()
    with ControlClient(path):
        new.sock.accept()[0].close()
    new.close()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("kind", ["file", "directory", "link to a file", "link to nothing", "link to a socket"])
def test_what_is_no_socket_is_never_touched(tmp_path, kind):
    path, target = tmp_path / "s", tmp_path / "target"
    if kind == "directory":
        path.mkdir()
    elif kind == "file":
        path.write_text("precious")
    else:
        if kind == "link to a file":
            target.write_text("precious")
        elif kind == "link to a socket":
            left = socket.socket(socket.AF_UNIX)
            left.bind(str(target))
            left.close()
        path.symlink_to(target)
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(PlaceError, match="not a socket"):
        ControlListener.open(str(path))
    assert sorted(os.listdir(tmp_path)) == before
    assert os.path.lexists(path)
    assert path.is_symlink() == kind.startswith("link")


def test_a_path_that_does_not_fit_or_exist_is_told(tmp_path):
    with pytest.raises(PlaceError, match="too long"):
        ControlListener.open(str(tmp_path / ("x" * 120)))
    with pytest.raises(PlaceError, match="No such file"):
        ControlListener.open(str(tmp_path / "missing" / "s"))


def test_a_path_that_is_just_short_enough_works(tmp_path):
    directory = str(tmp_path)
    path = os.path.join(directory, "x" * (place._LONGEST_PATH - len(directory) - 1))
    listener = ControlListener.open(path)
    ControlClient(path).close()
    listener.close()


def test_a_client_finds_the_only_server_and_names_several(temporary):
    with pytest.raises(ControlError) as caught:
        connect()
    assert caught.value.code is Code.NO_SERVER
    directory = os.path.dirname(path_for("auto"))
    first = ControlListener.open(os.path.join(directory, "1.sock"))
    dead = ControlListener.open(os.path.join(directory, "2.sock"))
    dead.sock.close()
    (temporary / f"demijohn-{os.geteuid()}" / "other").touch()
    with connect() as client:
        assert client.path == first.path
    assert not os.path.exists(dead.path), "who was killed is tidied up after"
    second = ControlListener.open(os.path.join(directory, "3.sock"))
    with pytest.raises(ControlError, match=r"(?s)Several servers.*1\.sock.*3\.sock"):
        connect()
    first.close()
    second.close()
    assert paths_here() == []


def test_a_server_that_starts_tidies_up_after_those_that_were_killed(temporary):
    directory = os.path.dirname(path_for("auto"))
    living = ControlListener.open(os.path.join(directory, "1.sock"))
    dead = ControlListener.open(os.path.join(directory, "2.sock"))
    dead.sock.close()
    path_for("auto")
    assert paths_here() == [living.path]
    living.close()


def test_where_nobody_listens_is_told(tmp_path):
    with pytest.raises(ControlError) as caught:
        ControlClient(str(tmp_path / "s"))
    assert caught.value.code is Code.NO_SERVER
    assert "no server has its socket there" in str(caught.value)


def test_what_a_server_of_somebody_else_says_is_not_believed(tmp_path, monkeypatch):
    listener = ControlListener.open(str(tmp_path / "s"))
    real = os.geteuid()
    monkeypatch.setattr("demijohn.manage.control.client.credentials_of", lambda sock: Credentials(1, real + 7))
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    with pytest.raises(ControlError) as caught:
        ControlClient(listener.path)
    assert caught.value.code is Code.FORBIDDEN
    listener.close()


def test_credentials_are_those_of_the_process_at_the_other_end():
    here, there = socket.socketpair()
    with here, there:
        assert credentials_of(here) in {Credentials(os.getpid(), os.geteuid()), Credentials()}


def test_who_may_command_and_who_is_trusted(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert [may_command(Credentials(1, uid)) for uid in (1000, 0, 1001, -1)] == [True, True, False, True]
    assert [may_be_trusted(Credentials(1, uid)) for uid in (1000, 0, 1001, -1)] == [True, True, False, True]
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert [may_command(Credentials(1, uid)) for uid in (1000, 0)] == [False, True]
    assert may_be_trusted(Credentials(1, 1000)), "root asks whom it likes"
