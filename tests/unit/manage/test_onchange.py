"""What makes a supervisor reload: files that are looked at beside the workers, from the moment that these have loaded them."""

import os

import pytest

from demijohn.manage.onchange import Look
from demijohn.manage.watching.appfiles import UNSURE, sign
from demijohn.manage.watching.fileset import FileSet
from demijohn.manage.watching.settling import RESTLESS


class Project:
    """Files, all of them old."""

    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    def write(self, name):
        """Write it, with a time that no other file has."""
        path = self.directory / name
        self.count += 1
        path.parent.mkdir(exist_ok=True)
        path.write_text("x" * self.count)
        os.utime(path, (self.count, self.count))
        return str(path)

    def look(self, **more):
        return Look(FileSet(**more))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def changes(look):
    look.take(0)
    return look.take(1)


def signed(*paths):
    return {path: sign(path) for path in paths}


def test_a_change_of_what_is_loaded_is_told_once(project):
    one, two = project.write("one.py"), project.write("two.py")
    look = project.look()
    look.expect(signed(one, two))
    assert changes(look) == []
    project.write("one.py")
    assert changes(look) == [one]
    assert changes(look) == []
    os.unlink(two)
    assert changes(look) == [two]


def test_what_has_changed_since_it_was_loaded_is_told(project):
    one, two = project.write("one.py"), project.write("two.py")
    loaded = signed(one, two)
    project.write("two.py")
    look = project.look()
    look.expect({**loaded, str(project.directory / "gone.py"): "1.2.3"})
    assert changes(look) == [str(project.directory / "gone.py"), two]
    look.expect({**loaded, one: UNSURE})
    assert changes(look) == [], "what is looked at already is known better here"


def test_a_file_that_may_have_changed_while_it_was_read_has_changed(project):
    one = project.write("one.py")
    look = project.look()
    look.expect({one: UNSURE})
    assert changes(look) == [one]


def test_what_nobody_uses_any_more_is_not_looked_at(project):
    one, two = project.write("one.py"), project.write("two.py")
    look = project.look()
    look.expect(signed(one, two))
    look.expect(signed(two))
    project.write("one.py")
    assert changes(look) == []


def test_extra_files_and_what_is_left_out(project):
    one, made = project.write("one.py"), project.write("made/two.py")
    page, config = project.write("pages/a.html"), project.write("shop.toml")
    look = project.look(
        extra_files=(config, os.path.dirname(page), str(project.directory / "*.ini")), exclude_patterns=("made",)
    )
    look.expect({**signed(one), made: UNSURE})
    for name in ("made/two.py", "pages/a.html", "shop.toml"):
        project.write(name)
    new, ini = project.write("pages/b.html"), project.write("x.ini")
    assert changes(look) == sorted([page, new, config, ini])


def test_what_changes_at_each_reload_is_said_once(project):
    one = project.write("one.py")
    look = project.look()
    look.expect(signed(one))
    said = []
    for round_ in range(RESTLESS + 3):
        project.write("one.py")
        look.take(round_ * 50)
        said.append(look.told(look.take(round_ * 50 + 40)))
    assert [one["is_restless"] for one in said] == [number == RESTLESS for number in range(RESTLESS + 3)]
    assert all(one["changed"].endswith("one.py") for one in said)
