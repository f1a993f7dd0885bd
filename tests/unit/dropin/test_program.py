"""The drop-in for one program and its children; each in a process of its own."""

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

APP = "from flask import Flask\napp = Flask(__name__)\n"


def run(*arguments, cwd, code=0, **environ):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environ},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def real(tmp_path):
    """A directory with another flask, as if it were installed."""
    place = tmp_path / "real"
    (place / "flask").mkdir(parents=True)
    (place / "flask" / "__init__.py").write_text("REAL = True\n")
    return place


def test_a_script_and_a_module_run_as_by_python(tmp_path, real):
    (tmp_path / "beside.py").write_text("")
    (tmp_path / "script.py").write_text(
        "import sys, beside, flask\nassert __name__ == '__main__'\nprint(flask.Flask.__module__, sys.argv[1:])\n"
    )
    for words in (["script.py"], ["-m", "script"]):
        said = run("-m", "demijohn.dropin", *words, "a", "--b", cwd=tmp_path, PYTHONPATH=str(real))
        assert said == "demijohn.app.application ['a', '--b']\n"
    assert "usage" in run("-m", "demijohn.dropin", cwd=tmp_path, code=2)
    assert "There is no 'x.py'" in run("-m", "demijohn.dropin", "x.py", cwd=tmp_path, code=2)


def test_children_have_it_too(tmp_path, real):
    (tmp_path / "script.py").write_text(
        "import subprocess, sys\n"
        "code = 'import flask, importlib.metadata as m; print(flask.Flask.__module__, m.version(\"flask\"))'\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n"
    )
    said = run("-m", "demijohn.dropin", "script.py", cwd=tmp_path, PYTHONPATH=str(real))
    assert said == "demijohn.app.application 3.1.3\n"


def test_a_child_of_a_python_without_demijohn_has_its_own_flask(tmp_path, real):
    (tmp_path / "script.py").write_text(
        "import subprocess, sys\n"
        "code = 'import sys; sys.modules[\"demijohn\"] = None; import flask; print(flask.REAL)'\n"
        "subprocess.run([sys.executable, '-c', code], check=True)\n"
    )
    assert run("-m", "demijohn.dropin", "script.py", cwd=tmp_path, PYTHONPATH=str(real)) == "True\n"


def test_install_in_the_program(tmp_path, real):
    code = (
        "import demijohn.dropin as d; d.install(); d.install(); import flask; assert d.is_served('flask'); flask.Flask"
    )
    run("-c", code, cwd=tmp_path, PYTHONPATH=str(real))
    code = "import flask, demijohn.dropin; demijohn.dropin.install()"
    assert "imported by __main__" in run("-c", code, cwd=tmp_path, code=1, PYTHONPATH=str(real))


def test_the_command_takes_it(tmp_path):
    (tmp_path / "app.py").write_text(APP)
    assert "served natively" in run("-m", "demijohn", "check", "--drop-in", "app:app", "--port", "0", cwd=tmp_path)


def test_a_flask_of_its_own_is_noticed(tmp_path, real):
    (real / "flask" / "__init__.py").write_text("from .app import Flask\n")
    (real / "flask" / "app.py").write_text("class Flask:\n    def __call__(self, environ, start_response): ...\n")
    (tmp_path / "app.py").write_text("from flask import Flask\nclass Own(Flask): pass\napp = Own()\n")
    said = run("-m", "demijohn", "check", "app:app", "--port", "0", cwd=tmp_path, PYTHONPATH=str(real))
    assert "served through WSGI: it is an application of Flask's own; with --drop-in" in said
    assert "This is an application of Flask's own" in said


def test_processes_that_multiprocessing_spawns_have_it_too(tmp_path, real):
    (tmp_path / "script.py").write_text(
        "import multiprocessing\n"
        "def work():\n"
        "    import flask\n"
        "    print(flask.Flask.__module__)\n"
        "if __name__ == '__main__':\n"
        "    process = multiprocessing.get_context('spawn').Process(target=work)\n"
        "    process.start()\n"
        "    process.join()\n"
    )
    said = run("-m", "demijohn.dropin", "script.py", cwd=tmp_path, PYTHONPATH=str(real))
    assert said == "demijohn.app.application\n"
