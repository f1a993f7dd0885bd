"""One module under two names, in processes of their own: this one keeps `flask` out."""

import subprocess
import sys
import textwrap

import pytest


def run(code, *options):
    command = [sys.executable, "-W", "error", *options, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "order", [("flask.app", "demijohn.compat.flask.app"), ("demijohn.compat.flask.app", "flask.app")]
)
def test_both_names_are_one_module_executed_once(order):
    run(f"""
        import demijohn.compat, importlib, sys
        first, second = (importlib.import_module(name) for name in {order!r})
        assert first is second
        assert first.__name__ == first.__spec__.name == "flask.app", first.__spec__
        assert first.__package__ == "flask"
        import flask, demijohn.compat.flask
        assert flask is demijohn.compat.flask is sys.modules["demijohn.compat.flask"]
        assert flask.app is first is demijohn.compat.flask.app
        assert flask.__spec__.name == "flask" and flask.__spec__.submodule_search_locations == flask.__path__
    """)


@pytest.mark.slow
def test_what_tools_ask_of_modules():
    run("""
        import demijohn, demijohn.compat, flask, werkzeug
        assert flask.Flask is demijohn.Demijohn  # and so served by the native door, with frozen plans
        import importlib, importlib.metadata, importlib.resources, inspect, pickle, pkgutil, sys, typing, warnings
        from werkzeug.utils import find_modules, import_string
        assert importlib.metadata.version("flask") == "3.1.3" and importlib.metadata.version("Werkzeug") == "3.1.9"
        assert importlib.metadata.distribution("flask").entry_points
        assert importlib.resources.files("flask").joinpath("app.py").is_file()
        names = [each.name for each in pkgutil.walk_packages(flask.__path__, "flask.")]
        assert "flask.json.tag" in names and "flask.sansio.app" in names
        assert "werkzeug.routing.rules" in find_modules("werkzeug.routing", include_packages=True)
        assert "import" in inspect.getsource(importlib.import_module("flask.app"))
        assert inspect.getmodule(flask.Flask).__name__ == flask.Flask.__module__
        assert import_string("flask.app:Flask") is flask.Flask
        assert typing.get_type_hints(flask.Flask.test_client)["use_cookies"] is bool
        values = werkzeug.datastructures.MultiDict({"a": 1})
        assert pickle.loads(pickle.dumps(values)) == values
        assert isinstance(flask.Flask("x"), importlib.import_module("flask.sansio.app").App)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", module=r"flask\\.")
            for name in names:
                if not name.endswith("__main__"):
                    importlib.import_module(name)
        importlib.reload(flask.app)
    """)


@pytest.mark.slow
def test_what_a_test_replaces_is_replaced_where_it_is_read():
    run("""
        import demijohn.compat, werkzeug.serving, flask
        from unittest import mock
        import demijohn.manage.devserver as home
        original = home.run_simple
        with mock.patch("werkzeug.serving.run_simple") as replaced:
            flask.Flask("x").run()
        replaced.assert_called_once()
        assert home.run_simple is werkzeug.serving.run_simple is original
    """)


@pytest.mark.slow
def test_python_dash_m():
    command = [sys.executable, "-c", "import demijohn.compat, runpy; runpy.run_module('flask', run_name='__main__')"]
    done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60)
    assert "Flask 3.1.3" in done.stdout, done.stderr


@pytest.mark.slow
def test_a_real_flask_that_is_loaded_is_named(tmp_path):
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask" / "__init__.py").write_text("class Flask: pass\n")
    (tmp_path / "early.py").write_text("import flask\n")
    run(f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        import early
        try:
            import demijohn.compat
        except ImportError as error:
            assert error.name == "flask"
            assert {str(tmp_path)!r} in str(error) and "imported by early" in str(error), error
        else:
            raise AssertionError
    """)
