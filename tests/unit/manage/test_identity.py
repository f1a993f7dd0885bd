"""Directory, umask, user, group and the file with the process's id."""

import os
import pwd
import subprocess

import pytest

from demijohn.manage.identity import become, enter, pid_file
from demijohn.manage.settings.load import settings_of_call
from demijohn.manage.settings.pyproject import SettingsError


def test_directory_and_umask(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inside").mkdir()
    before = os.umask(0o022)
    try:
        enter(settings_of_call({"chdir": "inside", "umask": "027"}, "f"))
        assert os.getcwd() == str(tmp_path / "inside")
        assert os.umask(0o022) == 0o027
        enter(settings_of_call({}, "f"))
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)
    with pytest.raises(SettingsError, match=r"f\(chdir=\.\.\.\): chdir is 'nowhere': No such file or directory\."):
        enter(settings_of_call({"chdir": "nowhere"}, "f"))


class TestBecome:
    @pytest.fixture
    def calls(self, monkeypatch):
        calls = []
        for name in ("initgroups", "setgroups", "setgid", "setuid"):
            monkeypatch.setattr(os, name, lambda *args, name=name: calls.append((name, *args)))
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return calls

    def test_groups_are_given_up_first(self, calls):
        me = pwd.getpwuid(os.getuid())
        for name in (me.pw_name, str(me.pw_uid)):
            calls.clear()
            become(name, None)
            assert calls == [("initgroups", me.pw_name, me.pw_gid), ("setgid", me.pw_gid), ("setuid", me.pw_uid)]

    def test_one_group_only(self, calls):
        become(None, "4321")
        assert calls == [("setgroups", [4321]), ("setgid", 4321)]

    def test_nothing(self, calls):
        become(None, None)
        assert calls == []

    def test_errors(self, calls, monkeypatch):
        with pytest.raises(SettingsError, match="user: there is no user 'no such'"):
            become("no such", None)
        with pytest.raises(SettingsError, match="group: there is no group 'no such'"):
            become(None, "no such")

        def refuse(gid):
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "setgid", refuse)
        with pytest.raises(SettingsError, match="may not become group 4321: start it as root"):
            become(None, "4321")
        assert calls == [("setgroups", [4321])]


class TestPidFile:
    def test_it_is_there_meanwhile(self, tmp_path):
        path = tmp_path / "pid"
        with pid_file(str(path)):
            assert path.read_text() == f"{os.getpid()}\n"
            assert [each.name for each in tmp_path.iterdir()] == ["pid"]
        assert not path.exists()
        with pid_file(None):
            pass

    def test_one_that_was_left_behind(self, tmp_path):
        ended = subprocess.Popen(["true"])
        ended.wait()
        path = tmp_path / "pid"
        for text in (str(ended.pid), "nonsense", ""):
            path.write_text(text)
            with pid_file(str(path)):
                assert path.read_text() == f"{os.getpid()}\n"

    def test_one_of_another(self, tmp_path):
        path = tmp_path / "pid"
        path.write_text(f"{os.getppid()}\n")
        with pytest.raises(SettingsError, match=f"names process {os.getppid()}, which is running"), pid_file(str(path)):
            pass
        assert path.exists()

    def test_one_that_another_took_over(self, tmp_path):
        path = tmp_path / "pid"
        with pid_file(str(path)):
            path.write_text("1\n")
        assert path.read_text() == "1\n"

    def test_no_such_directory(self, tmp_path):
        with pytest.raises(SettingsError, match="No such file or directory"), pid_file(str(tmp_path / "a" / "b")):
            pass
