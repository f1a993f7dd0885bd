"""Every way of watching notices the same changes; what cannot be watched is looked at."""

import errno
import logging
import os
import select
import shutil
import subprocess
import sys
import time

import pytest

from demijohn.manage.watching import watch as module
from demijohn.manage.watching.by_watchdog import MOST_WATCHES, cover
from demijohn.manage.watching.by_watchfiles import _as_os_error
from demijohn.manage.watching.fileset import FileSet
from demijohn.manage.watching.hints import Inbox
from demijohn.manage.watching.watch import SAFETY_SECONDS, Watch, library_for

PATIENCE = 20.0
TYPES = ["stat", "watchdog", "watchfiles"]


class FakeClock:
    now = 1000.0

    def monotonic(self):
        return self.now


def wait_for(watch, path):
    """Wait until a change of `path` is told."""
    until = time.monotonic() + PATIENCE
    told = []
    while time.monotonic() < until:
        fds = [] if watch.fileno() is None else [watch.fileno()]
        select.select(fds, [], [], max(0.0, min(watch.due, until) - time.monotonic()))
        told += [change.path for change in watch.take()]
        if str(path) in told:
            return
    raise AssertionError(f"{path} is not among {told}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_every_way_notices_every_kind_of_change(tmp_path, kind):
    (tmp_path / "app.py").write_text("1")
    (tmp_path / "node_modules").mkdir()
    extra = (str(tmp_path / "conf/*.toml"),)
    with Watch(FileSet(roots=(str(tmp_path),), extra_files=extra, exclude_patterns=("gen",)), kind, 0.02) as watch:
        assert watch.name == kind
        for text in ("2", "3"):
            (tmp_path / "app.py").write_text(text)
            wait_for(watch, tmp_path / "app.py")
        (tmp_path / "gen").mkdir()
        (tmp_path / "gen/a.py").write_text("1")
        (tmp_path / "node_modules/a.py").write_text("1")
        (tmp_path / "conf").mkdir()
        (tmp_path / "conf/a.toml").write_text("1")
        wait_for(watch, tmp_path / "conf/a.toml")
        (tmp_path / "pkg/deep").mkdir(parents=True)
        (tmp_path / "pkg/deep/a.py").write_text("1")
        wait_for(watch, tmp_path / "pkg/deep/a.py")
        (tmp_path / "pkg/deep/a.py").write_text("2")
        wait_for(watch, tmp_path / "pkg/deep/a.py")
        (tmp_path / "pkg").rename(tmp_path / "lib")
        wait_for(watch, tmp_path / "lib/deep/a.py")
        (tmp_path / "lib/deep/a.py").unlink()
        wait_for(watch, tmp_path / "lib/deep/a.py")
        (tmp_path / "new").write_text("4")
        (tmp_path / "new").replace(tmp_path / "app.py")
        wait_for(watch, tmp_path / "app.py")
        assert {change.path for change in watch.look()} & {
            str(tmp_path / "gen/a.py"),
            str(tmp_path / "node_modules/a.py"),
        } == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", TYPES)
def test_more_is_watched_later(tmp_path, kind):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.py").write_text("1")
    files = FileSet(roots=(str(tmp_path / "one"),))
    with Watch(files, kind, 0.02) as watch:
        watch.have(files.widened([str(tmp_path / "two")]))
        assert watch.count == 2
        (tmp_path / "two/a.py").write_text("22")
        wait_for(watch, tmp_path / "two/a.py")


def test_what_auto_means(monkeypatch):
    there = {"watchfiles", "watchdog"}
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if name in there else None)
    assert library_for("auto") == "watchfiles"
    there.discard("watchfiles")
    assert library_for("auto") == "watchdog"
    there.clear()
    assert library_for("auto") == library_for("stat") == "stat"
    with pytest.raises(ImportError, match=r"pip install demijohn\[reload\]"):
        library_for("watchfiles")
    with pytest.raises(ImportError, match="pip install watchdog"):
        library_for("watchdog")
    with pytest.raises(ValueError, match="must be auto, stat, watchdog or watchfiles"):
        library_for("inotify")


class FakeHints:
    """Fails when, and as, the test says."""

    name = "fake"

    def __init__(self):
        self.inbox = Inbox()
        self.failure = None
        self.fileno, self.take, self.close = self.inbox.fileno, self.inbox.take, self.inbox.close

    def watch(self, directories):
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def hints(monkeypatch):
    fake = FakeHints()
    monkeypatch.setitem(module._LIBRARIES, "watchfiles", lambda: fake)
    return fake


@pytest.mark.parametrize(
    "number, words",
    [
        (errno.ENOSPC, "fs.inotify.max_user_watches=524288"),
        (errno.EMFILE, "fs.inotify.max_user_instances=512"),
        (errno.EIO, "fake cannot watch them"),
    ],
)
def test_what_cannot_be_watched_is_looked_at_and_that_is_said(tmp_path, hints, caplog, number, words):
    hints.failure = OSError(number, "an error")
    clock = FakeClock()
    with caplog.at_level(logging.WARNING), Watch(FileSet(roots=(str(tmp_path),)), "watchfiles", 2.0, clock) as watch:
        assert (watch.name, watch.fileno(), watch.due) == ("stat", None, 1002.0)
        (tmp_path / "app.py").write_text("1")
        assert watch.take() == []
        clock.now = 1002.0
        assert [change.path for change in watch.take()] == [str(tmp_path / "app.py")]
    assert words in caplog.text
    assert "every 2 s" in caplog.text


def test_a_library_that_fails_later_is_done_without_and_nothing_is_lost(tmp_path, hints, caplog):
    with Watch(FileSet(roots=(str(tmp_path),)), "watchfiles", 2.0, FakeClock()) as watch:
        (tmp_path / "app.py").write_text("1")
        hints.inbox.put((), OSError(errno.ENOSPC, "an error"))
        assert [change.path for change in watch.take()] == [str(tmp_path / "app.py")]
        assert watch.name == "stat"
    assert "max_user_watches" in caplog.text


def test_modules_are_looked_at_now_and_then_whatever_is_told(tmp_path, hints):
    clock = FakeClock()
    path = tmp_path / "app.py"
    path.write_text("1")
    with Watch(FileSet(modules=frozenset([str(path)])), "watchfiles", 1.0, clock) as watch:
        path.write_text("22")
        assert watch.take() == []
        assert watch.due == clock.now + SAFETY_SECONDS
        clock.now = watch.due
        assert [change.path for change in watch.take()] == [str(path)]


def test_what_the_library_says_becomes_what_the_system_said():
    assert _as_os_error(RuntimeError("OS file watch limit reached")).errno == errno.ENOSPC
    assert _as_os_error(RuntimeError("Too many open files (os error 24) about []")).errno == errno.EMFILE
    assert _as_os_error(RuntimeError("who knows")).errno == errno.EIO
    error = OSError(errno.ENOSPC, "full")
    assert _as_os_error(error) is error


def test_as_few_watches_as_possible(tmp_path):
    for name in ("pkg/deep", "pkg/__pycache__", "other", ".git/objects"):
        (tmp_path / name).mkdir(parents=True)
    wanted = {str(tmp_path / name) for name in ("", "pkg", "pkg/deep", "other")}
    wanted = {path.rstrip(os.sep) for path in wanted}
    assert cover(wanted) == [(str(tmp_path), False), (str(tmp_path / "other"), True), (str(tmp_path / "pkg"), True)]


def test_too_many_watches_become_one(tmp_path):
    wanted = {str(tmp_path)}
    for number in range(MOST_WATCHES + 1):
        (tmp_path / f"d{number}/.hidden").mkdir(parents=True)
        wanted.add(str(tmp_path / f"d{number}"))
    assert cover(wanted) == [(str(tmp_path), True)]


LIMITED = """
import os, sys
from demijohn.manage.watching.fileset import FileSet
from demijohn.manage.watching.watch import Watch
with Watch(FileSet(roots=(sys.argv[1],)), sys.argv[2], 1.0) as watch:
    print(watch.name, watch.count)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["watchdog", "watchfiles"])
@pytest.mark.parametrize("limit", ["max_inotify_watches", "max_inotify_instances"])
def test_the_limits_of_the_system_itself(tmp_path, kind, limit):
    """In a user namespace, which has limits of its own."""
    for number in range(20):
        (tmp_path / f"d{number}").mkdir()
        (tmp_path / f"d{number}/a.py").write_text("")
    command = f'echo {5 * (limit == "max_inotify_watches")} > /proc/sys/user/{limit} && exec "$@"'
    words = ["unshare", "-U", "-r", "sh", "-c", command, "-", sys.executable, "-c", LIMITED, str(tmp_path), kind]
    if (
        shutil.which("unshare") is None
        or subprocess.run(["unshare", "-U", "-r", "test", "-w", f"/proc/sys/user/{limit}"]).returncode
    ):
        pytest.skip("no namespaces of users here")
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.stdout == "stat 20\n", done.stderr
    assert limit.replace("inotify", "user") in done.stderr
