"""The drop-in in a virtual environment and out of it again, with originals there and without."""

import os
import subprocess
import sysconfig
import venv
from pathlib import Path

import pytest

from demijohn.dropin.wheels import build_wheels, write_wheel

pytestmark = pytest.mark.slow


class Environment:
    """A virtual environment that sees this one's packages, so that nothing has to be downloaded."""

    def __init__(self, place):
        venv.create(place, with_pip=False, symlinks=True)
        self.python = place / "bin" / "python"
        self.site = Path(sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)}))
        here = Path(__file__).parents[3] / "src"
        (self.site / "seen.pth").write_text(f"{here}\n{sysconfig.get_path('purelib')}\n")

    def run(self, *arguments, code=0):
        environ = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        done = subprocess.run([self.python, *arguments], capture_output=True, text=True, timeout=120, env=environ)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def dropin(self, *arguments, code=0):
        return self.run("-m", "demijohn", "drop-in", *arguments, code=code)

    def install(self, wheel):
        self.run("-m", "pip", "-q", "install", "--no-index", "--no-deps", str(wheel))


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "env")


def an_original(directory, name, version):
    """A wheel as the real one is, with a script that is no file of it."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": b"Flask = 'real'\n",
        f"{name}/part.py": b"value = 1\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: someone\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}.part:value\n".encode(),
    }
    wheel = directory / f"{name}-{version}-py3-none-any.whl"
    write_wheel(wheel, files, f"{info}/RECORD")
    return wheel


def test_into_an_empty_environment_and_out(environment):
    assert "not installed" in environment.dropin("status", code=1)
    assert "flask 3.1.3: demijohn's drop-in\n" in environment.dropin("install")
    assert "werkzeug 3.1.9" in environment.dropin("status")
    said = environment.run("-c", "import flask, importlib.metadata as m; print(flask.Flask, m.version('flask'))")
    assert "demijohn" in said
    assert "3.1.3" in said
    script = environment.python.parent / "flask"
    assert "Werkzeug 3.1.9" in subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60).stdout
    assert "flask: not installed" in environment.dropin("uninstall")
    assert not script.exists()
    assert "ModuleNotFoundError" in environment.run("-c", "import flask", code=1)


def test_originals_are_kept_and_come_back(environment, tmp_path):
    environment.install(an_original(tmp_path, "flask", "2.0.1"))
    assert "flask 2.0.1\n" in environment.dropin("status", code=1)
    assert "2.0.1 is kept" in environment.dropin("install")
    environment.dropin("install")  # again: what is kept is not replaced by our own
    assert "2.0.1 is kept" in environment.dropin("status")
    environment.run("-c", "import flask; assert flask.Flask != 'real'")
    assert "flask 2.0.1\n" in environment.dropin("uninstall")
    environment.run("-c", "import flask, flask.part; assert flask.Flask == 'real' and flask.part.value")
    assert (environment.python.parent / "flask").exists()
    assert not list(environment.site.glob("werkzeug*"))


def test_an_editable_original_is_refused(environment, tmp_path):
    environment.install(an_original(tmp_path, "werkzeug", "2.0.1"))
    info = environment.site / "werkzeug-2.0.1.dist-info"
    (info / "direct_url.json").write_text('{"url": "file:///x", "dir_info": {"editable": true}}')
    assert "pip uninstall werkzeug" in environment.dropin("install", code=1)
    assert "werkzeug 2.0.1\n" in environment.dropin("status", code=1)


def test_only_virtual_environments(environment):
    code = "import sys; sys.prefix = sys.base_prefix; from demijohn.dropin import environment; environment.install()"
    assert "is no virtual environment" in environment.run("-c", code, code=1)


def test_wheels_are_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    first, second = build_wheels(tmp_path / "a"), build_wheels(tmp_path / "b")
    assert [each.read_bytes() for each in first] == [each.read_bytes() for each in second]
