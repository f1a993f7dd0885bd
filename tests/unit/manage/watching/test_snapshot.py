"""What a change is."""

import os

import pytest

from demijohn.manage.watching import snapshot as module
from demijohn.manage.watching.fileset import FileSet, Kind
from demijohn.manage.watching.snapshot import Snapshot


class Site:
    """A directory whose files have times that a test says."""

    def __init__(self, directory):
        self.directory = directory
        self.now = 1_000_000_000_000_000_001
        self.write("app.py", "1")
        self.write("pkg/mod.py", "1")
        self.now += 10**10

    def write(self, name, text, time_ns=None):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        for each in (path, *path.parents):
            if each == self.directory.parent:
                break
            os.utime(each, ns=(self.now, time_ns or self.now))

    def snapshot(self, **fields):
        return Snapshot(FileSet(roots=(str(self.directory),), **fields), lambda: self.now)

    def names(self, changes):
        return sorted(os.path.relpath(change.path, self.directory) for change in changes)


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture(params=["look", "glance", "look_at"])
def look(request):
    """The three ways to look: each finds the same."""

    def look(snapshot, *paths):
        return snapshot.look_at(paths) if request.param == "look_at" else getattr(snapshot, request.param)()

    return look


def test_nothing_has_changed(site, look):
    snapshot = site.snapshot()
    assert snapshot.count == 2
    assert look(snapshot, str(site.directory / "app.py")) == []


def test_a_file_changes_once(site, look):
    snapshot = site.snapshot()
    path = str(site.directory / "app.py")
    site.write("app.py", "22")
    site.now += 10**10
    assert site.names(look(snapshot, path)) == ["app.py"]
    assert look(snapshot, path) == []


def test_a_touched_file_has_changed(site, look):
    snapshot = site.snapshot()
    os.utime(site.directory / "app.py", ns=(site.now, site.now))
    assert site.names(look(snapshot, str(site.directory / "app.py"))) == ["app.py"]


def test_a_file_is_replaced_by_one_of_the_same_time_and_size(site, look):
    snapshot = site.snapshot()
    status = os.stat(site.directory / "app.py")
    (site.directory / "new").write_text("2")
    os.utime(site.directory / "new", ns=(status.st_atime_ns, status.st_mtime_ns))
    os.replace(site.directory / "new", site.directory / "app.py")
    assert site.names(look(snapshot, str(site.directory / "app.py"))) == ["app.py"]


def test_permissions_and_reading_are_no_change(site, look):
    snapshot = site.snapshot()
    (site.directory / "app.py").chmod(0o600)
    (site.directory / "app.py").read_text()
    assert look(snapshot, str(site.directory / "app.py")) == []


@pytest.mark.parametrize("time_ns", [1_000_000_010_020_000_001, 1_000_000_010_000_000_000])
def test_two_changes_within_one_step_of_the_clock_are_two(site, look, time_ns):
    path = str(site.directory / "app.py")
    site.now = time_ns + 1_000_000
    site.write("app.py", "2", time_ns)
    snapshot = site.snapshot()
    site.write("app.py", "3", time_ns)
    assert site.names(look(snapshot, path)) == ["app.py"]
    assert look(snapshot, path) == []
    assert path in snapshot._young
    site.now += 10**10
    assert look(snapshot, path) == []
    assert path not in snapshot._young


def test_files_come_and_go(site, look):
    snapshot = site.snapshot()
    site.write("pkg/other.py", "1")
    assert site.names(look(snapshot, str(site.directory / "pkg/other.py"))) == ["pkg/other.py"]
    (site.directory / "pkg/other.py").unlink()
    assert site.names(look(snapshot, str(site.directory / "pkg/other.py"))) == ["pkg/other.py"]
    assert snapshot.count == 2


def test_directories_come_and_go(site, look):
    snapshot = site.snapshot()
    site.write("new/deep/a.py", "1")
    assert site.names(look(snapshot, str(site.directory / "new"))) == ["new/deep/a.py"]
    assert str(site.directory / "new/deep") in snapshot.directories
    (site.directory / "new").rename(site.directory / "newer")
    both = str(site.directory / "new"), str(site.directory / "newer")
    site.now += 1
    os.utime(site.directory, ns=(site.now, site.now))
    assert site.names(look(snapshot, *both)) == ["new/deep/a.py", "newer/deep/a.py"]


def test_a_path_that_is_told_twice_and_gone_is_one_change(site):
    snapshot = site.snapshot()
    (site.directory / "pkg/mod.py").unlink()
    paths = [str(site.directory / "pkg/mod.py"), str(site.directory / "pkg"), str(site.directory / "pkg/mod.py")]
    assert site.names(snapshot.look_at(paths)) == ["pkg/mod.py"]


def test_an_extra_file_is_waited_for(site, look):
    path = str(site.directory / "conf/later.toml")
    snapshot = site.snapshot(extra_files=(path,))
    assert str(site.directory) in snapshot.directories
    site.write("conf/later.toml", "1")
    assert site.names(look(snapshot, path)) == ["conf/later.toml"]
    os.unlink(path)
    assert site.names(look(snapshot, path)) == ["conf/later.toml"]
    site.write("conf/later.toml", "1")
    assert site.names(look(snapshot, path)) == ["conf/later.toml"]


def test_a_glob_is_expanded_live_even_if_its_directory_is_not_there_yet(site, look):
    snapshot = site.snapshot(extra_files=(str(site.directory / "conf/**/*.toml"),))
    site.write("conf/deep/later.toml", "1")
    assert site.names(look(snapshot, str(site.directory / "conf"))) == ["conf/deep/later.toml"]


def test_more_files_are_taken_as_they_are(site):
    files = FileSet(roots=(str(site.directory / "pkg"),))
    snapshot = Snapshot(files, lambda: site.now)
    snapshot.have(files.widened(modules=[str(site.directory / "app.py")], statics=[str(site.directory)]))
    assert snapshot.look() == []
    assert snapshot.count == 2
    site.write("a.html", "1")
    [change] = snapshot.look()
    assert change.kind is Kind.STATIC
    snapshot.have(files)
    assert snapshot.count == 1


def test_what_no_module_was_made_from_is_looked_at_in_turns(site, monkeypatch):
    monkeypatch.setattr(module, "COLD_PER_LOOK", 2)
    for number in range(5):
        site.write(f"cold{number}.py", "1")
    snapshot = site.snapshot(modules=frozenset([str(site.directory / "app.py")]))
    for name in ("app.py", *(f"cold{number}.py" for number in range(5))):
        os.utime(site.directory / name, ns=(1, 1))
    found = [site.names(snapshot.glance()) for _ in range(4)]
    assert "app.py" in found[0]
    assert max(map(len, found)) <= 3
    assert sorted(sum(found, [])) == ["app.py", *(f"cold{number}.py" for number in range(5))]


def test_an_unreadable_directory_is_left_out(site, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "no", path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert site.snapshot().count == 0
