"""Directory, umask, user, group and the file with the process's id."""

import os
import pwd
import subprocess

import pytest

from demijohn.manage.identity import become, enter, pid_file
from demijohn.manage.settings.build import listen_options
from demijohn.manage.settings.load import settings_of_call
from demijohn.manage.settings.pyproject import SettingsError
from demijohn.serve import Listener


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


class TestOwnerOfSockets:
    ME = pwd.getpwuid(os.getuid())

    def options(self, **keywords):
        return listen_options(settings_of_call(keywords, "f"))

    def test_root_gives_them_to_whom_it_becomes(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        options = self.options(user=self.ME.pw_name)
        assert (options.unix_owner, options.unix_group) == (self.ME.pw_uid, self.ME.pw_gid)
        options = self.options(user=str(self.ME.pw_uid), group="4711")
        assert (options.unix_owner, options.unix_group) == (self.ME.pw_uid, 4711)
        options = self.options(group="4711")
        assert (options.unix_owner, options.unix_group) == (None, 4711)

    def test_what_is_said_counts_more(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        options = self.options(user=self.ME.pw_name, unix_owner="web", unix_group="33")
        assert (options.unix_owner, options.unix_group) == ("web", 33)

    def test_others_give_nothing_away(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        options = self.options(user=self.ME.pw_name)
        assert (options.unix_owner, options.unix_group) == (None, None)

    def test_nobody_is_told_before_anything_is_bound(self, monkeypatch):
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        with pytest.raises(SettingsError, match="there is no user 'no-such-user'"):
            self.options(user="no-such-user")

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
    def test_the_file_is_the_user_s(self, tmp_path):
        nobody = pwd.getpwnam("nobody")
        listener = Listener.unix(str(tmp_path / "sock"), self.options(user="nobody"))
        try:
            found = os.stat(tmp_path / "sock")
        finally:
            listener.close()
        assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (nobody.pw_uid, nobody.pw_gid, 0o600)
