"""`--reload-on-change` in real processes: an edit is a reload, a broken one is none, and nobody is asked to say HUP."""

import os
import signal
import sys

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="loaders are Linux's")]

CODE = "from demijohn import Demijohn\nimport words\napp = Demijohn('x')\n@app.get('/')\ndef index(): return words.text()\n"


class Project:
    """An application of two files, which is edited as editors do it."""

    def __init__(self, directory):
        self.directory = directory
        self.count = 0

    def write(self, name, code):
        self.count += 1
        (self.directory / "new").write_text(f"{code}\n" + "#" * self.count + "\n")
        (self.directory / "new").rename(self.directory / name)

    def say(self, text):
        self.write("words.py", f"def text(): return {text!r}")


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    project.write("app.py", CODE)
    project.say("one")
    for path in tmp_path.iterdir():
        os.utime(path, (1_000_000_000, 1_000_000_000))  # written long before anybody loads it
    return project


@pytest.fixture
def serve(start, project):
    def serve_project(*options):
        options = ("--port", 0, "--reload-on-change", "--reloader-interval", "100ms", *options)
        return start("-m", "demijohn", "run", f"{project.directory}/app.py", *options, PYTHONDONTWRITEBYTECODE="1")

    return serve_project


@pytest.mark.parametrize("loading", [(), ("--preload", "--workers", 2)])
def test_an_edit_is_a_reload_and_a_broken_one_changes_nothing(serve, project, loading):
    server = serve(*loading)
    server.workers(2 if loading else 1)
    assert server.get() == "one"
    project.say("two")
    server.wait_for(r"Reloading because \S*words\.py changed\.$")
    server.wait_for("Reloaded: generation 2 takes over")
    server.wait_for(r"Worker \d+ exited with code 0", 2 if loading else 1)
    assert server.get() == "two"
    # A file that nobody has loaded yet, and that cannot be: mending it is a change, too.
    project.write("more.py", "def broken(:")
    project.say("three")
    project.write("app.py", CODE + "import more\n")
    server.wait_for("The reload came to nothing")
    server.wait_for("SyntaxError")
    assert server.get() == "two"
    project.write("more.py", "fine = True")
    server.wait_for(r"Reloading because \S*more\.py changed\.$")
    server.wait_for("Reloaded: generation 4 takes over")
    server.wait_for(r"Worker \d+ exited with code 0", 4 if loading else 2)
    assert server.get() == "three"
    server.stop()


def test_a_change_during_a_reload_makes_another_one(serve, project, tmp_path, until):
    gate, loading = tmp_path / "gate", tmp_path / "loading"
    os.mkfifo(gate)
    server = serve("--workers", 2)
    server.workers(2)
    # Opening it to read waits until somebody has it open to write.
    project.write("app.py", f"open({str(loading)!r}, 'a').close()\nopen({str(gate)!r}).close()\n{CODE}")
    until(loading.exists)
    project.say("late")
    server.wait_for(r"Reloading once more after what is under way, because \S*words\.py changed\.$")
    opened = os.open(gate, os.O_RDWR)
    server.wait_for("Reloaded: generation 3 takes over")
    server.wait_for(r"Worker \d+ exited with code 0", 4)
    assert server.get() == "late"
    server.stop()
    os.close(opened)


def test_an_edit_that_python_would_not_notice_is_loaded(start, project):
    """What is compiled is known by the second and the size of its source."""
    options = ("--port", 0, "--workers", 1, "--reload-on-change", "--reloader-interval", "100ms")
    server = start("-m", "demijohn", "run", f"{project.directory}/app.py", *options, PYTHONDONTWRITEBYTECODE="")
    server.workers(1)
    assert server.get() == "one"
    words = project.directory / "words.py"
    edited = project.directory / "edited"
    edited.write_text(words.read_text().replace("one", "two"))
    os.utime(edited, ns=(10**18 + 1000, 10**18 + 1000))
    edited.rename(words)
    server.wait_for("Reloaded: generation 2 takes over")
    server.wait_for(r"Worker \d+ exited with code 0")
    assert server.get() == "two"
    server.send(signal.SIGTERM)
    assert server.wait() == 0


def test_what_looks_is_started_again_and_has_lost_nothing(serve, project, tmp_path):
    extra = tmp_path / "shop.toml"
    extra.write_text("a = 1")
    os.utime(extra, (1_000_000_000, 1_000_000_000))
    server = serve("--extra-files", extra, "--exclude-patterns", "*/app.py")
    server.workers(1)
    children = {int(pid) for pid in _children_of(server.pid)} - {*server.workers(1)}
    assert len(children) == 1
    project.write("app.py", CODE + "# nobody looks at this")
    project.say("two")
    os.kill(children.pop(), signal.SIGKILL)
    server.wait_for(r"The watch process \d+ was killed by SIGKILL; another takes its place")
    server.wait_for(r"Reloading because \S*words\.py changed\.$")
    server.wait_for("Reloaded: generation 2 takes over")
    extra.write_text("a = 22")
    server.wait_for(r"Reloading because \S*shop\.toml changed\.$")
    server.wait_for("Reloaded: generation 3 takes over")
    server.stop()
    assert "app.py changed" not in server.output()


def test_an_application_that_is_there_already_is_not_looked_at(start, sites):
    server = start(sites / "app_run.py", "processes", "reload_on_change")
    server.wait_for("reload_on_change has no effect")
    server.workers(2)
    server.stop()


def _children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()
