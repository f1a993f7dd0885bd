"""From everything that is said to one value for each setting: sources, which of them counts, and errors that say where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.manage.settings.load import CommandLine, load_settings, settings_of_call
from demijohn.manage.settings.pyproject import SettingsError
from demijohn.manage.settings.sources import Origin, Said, Source
from demijohn.manage.settings.table import BY_NAME


def option(name, raw):
    return Said(BY_NAME[name], raw, Origin(Source.COMMAND_LINE, BY_NAME[name].flags[0]))


@pytest.fixture
def load(tmp_path):
    def load(*said, config=None, pyproject=None, files=(), **environ):
        if pyproject is not None:
            (tmp_path / "pyproject.toml").write_text(pyproject)
        for name, text in dict(files).items():
            (tmp_path / name).write_text(text)
        return load_settings(CommandLine(said, config), environ, str(tmp_path))

    return load


# weakest first, as Source has them
PLACES = {
    Source.PYPROJECT: {"pyproject": "[tool.demijohn]\nworkers = 2\n"},
    Source.FILE: {"config": "own.toml", "files": {"own.toml": "workers = 3\n"}},
    Source.WELL_KNOWN: {"WEB_CONCURRENCY": "4"},
    Source.ENVIRONMENT: {"DEMIJOHN_WORKERS": "5"},
    Source.COMMAND_LINE: {},
}


@given(st.sets(st.sampled_from(list(PLACES))))
def test_the_strongest_place_counts(tmp_path_factory, places):
    directory = tmp_path_factory.mktemp("places")
    said, config, environ = [], None, {}
    for place in places:
        known = dict(PLACES[place])
        config = known.pop("config", config)
        for name, text in known.pop("files", {}).items():
            (directory / name).write_text(text)
        if "pyproject" in known:
            (directory / "pyproject.toml").write_text(known.pop("pyproject"))
        environ.update(known)
        if place is Source.COMMAND_LINE:
            said.append(option("workers", "6"))
    settings = load_settings(CommandLine(tuple(said), config), environ, str(directory))
    strongest = max(places, default=Source.DEFAULT)
    assert settings.origin("workers").source is strongest
    assert settings["workers"] == {place: number for number, place in enumerate(PLACES, 2)}.get(strongest, 1)


def test_each_place_is_named(load, tmp_path):
    settings = load(
        option("workers", "2"),
        config="own.toml",
        pyproject="[tool.demijohn]\nbacklog = 7\n",
        files={"own.toml": "keep-alive = '2m'\n"},
        DEMIJOHN_THREADS="3",
        PORT="80",
    )
    where = {
        name: settings.origin(name).where for name in ("workers", "backlog", "keep_alive", "threads", "port", "runner")
    }
    assert where == {
        "workers": "--workers",
        "backlog": f"{tmp_path}/pyproject.toml [tool.demijohn]",
        "keep_alive": f"{tmp_path}/own.toml",
        "threads": "DEMIJOHN_THREADS",
        "port": "PORT",
        "runner": "default",
    }
    assert settings.is_said("keepalive")
    assert not settings.is_said("runner")
    assert settings["keepalive"] == 120


class TestEnvironment:
    def test_names(self, load):
        assert load(DEMIJOHN_KEEPALIVE="1")["keep_alive"] == 1
        assert load(DEMIJOHN_RUN_PORT="81")["port"] == 81
        assert load(FLASK_RUN_PORT="82")["port"] == 82
        assert load(FLASK_RUN_PORT="82", DEMIJOHN_PORT="83", PORT="84")["port"] == 83
        assert load(FORWARDED_ALLOW_IPS="10.0.0.0/8,::1")["trusted_peers"] == ("10.0.0.0/8", "::1")

    def test_an_empty_one_says_nothing(self, load):
        assert not load(DEMIJOHN_PORT="", PORT="").is_said("port")
        assert load(DEMIJOHN_SERVER_NAME="none")["server_name"] == ""

    def test_errors(self, load):
        with pytest.raises(
            SettingsError, match=r"^DEMIJOHN_PORT: port is 'x'; it must be a whole number, at least 0, at most 65535\.$"
        ):
            load(DEMIJOHN_PORT="x")
        with pytest.raises(SettingsError, match="Kubernetes"):
            load(DEMIJOHN_PORT="tcp://10.1.2.3:80")
        assert load(option("port", "5"), DEMIJOHN_PORT="tcp://10.1.2.3:80")["port"] == 5

    def test_one_that_is_nearly_a_setting(self, load):
        settings = load(DEMIJOHN_WORKER="2", DEMIJOHN_SECRET_KEY="x", DEMIJOHN_DEBUG="1", DEMIJOHN_APP="a")
        assert settings.warnings == (
            "The environment variable DEMIJOHN_WORKER is no setting. Did you mean DEMIJOHN_WORKERS?",
        )

    def test_the_port_of_a_platform_is_for_everybody(self, load):
        assert load(PORT="80")["host"] == "0.0.0.0"
        assert load(PORT="80", DEMIJOHN_DEBUG="1")["host"] == "127.0.0.1"
        assert load(PORT="80", DEMIJOHN_HOST="::1")["host"] == "::1"
        assert load(option("port", "81"), PORT="80")["host"] == "127.0.0.1"
        assert load(option("bind", (":82",)), PORT="80")["host"] == "127.0.0.1"


class TestWhereToListen:
    def test_the_stronger_place_says(self, load):
        toml = "[tool.demijohn]\nbind = [':80']\n"
        assert load(pyproject=toml)["bind"] == (":80",)
        assert load(option("port", "81"), pyproject=toml)["bind"] == ()
        assert load(PORT="81", pyproject=toml)["bind"] == ()
        assert load(DEMIJOHN_BIND=":1,:2", PORT="81")["bind"] == (":1", ":2")
        assert load(option("bind", (":3",)), DEMIJOHN_HOST="::1")["bind"] == (":3",)

    def test_one_command_line_says_one_of_them(self, load):
        with pytest.raises(SettingsError, match="--bind says where to listen; --port cannot be used with it"):
            load(option("bind", (":3",)), option("port", "4"))


class TestFiles:
    def test_python(self, load):
        text = (
            "import os\nfrom os.path import join\n_cpus = 2\nworkers = _cpus * 2\n"
            "def access_log_skip(head, status):\n    return True\ndef _own(): ...\nclass Thing: ...\n"
        )
        settings = load(config="own.py", files={"own.py": text})
        assert settings["workers"] == 4
        assert settings["access_log_skip"](None, 200) is True

    def test_the_variable_for_a_file(self, load):
        assert load(DEMIJOHN_CONFIG="own.toml", files={"own.toml": "workers = 2\n"})["workers"] == 2
        files = {"own.toml": "workers = 2\n", "other.toml": "workers = 3\n"}
        assert load(config="other.toml", DEMIJOHN_CONFIG="own.toml", files=files)["workers"] == 3

    def test_values_of_toml(self, load):
        text = (
            "access_log = true\nlimit_body_bytes = '10M'\ntrusted_peers = ['10.0.0.0/8', 'unix']\nrequest_timeout = 1.5\n"
            "[mount]\n'/admin' = \"admin:create_app('x', 1)\"\n[sni]\n'a.test' = ['c.pem', 'k.pem']\n"
            "[access_log_fields]\ntenant = '{x-tenant}i'\n"
        )
        settings = load(config="own.toml", files={"own.toml": text})
        assert settings["access_log"] is True
        assert settings["limit_body_bytes"] == 10 << 20
        assert settings["trusted_peers"] == ("10.0.0.0/8", "unix")
        assert settings["request_timeout"] == 1.5
        assert settings["mount"] == {"/admin": "admin:create_app('x', 1)"}
        assert settings["sni"] == {"a.test": ("c.pem", "k.pem")}
        assert settings["access_log_fields"] == {"tenant": "{x-tenant}i"}

    @pytest.mark.parametrize(
        ("name", "text", "message"),
        [
            ("own.toml", "wokers = 2", r"own\.toml: there is no setting 'wokers'\. Did you mean workers\?"),
            ("own.py", "wokers = 2", r"own\.py: there is no setting 'wokers'\. Did you mean workers\?"),
            ("own.toml", "timeout = 2", r"no setting 'timeout'\. request_timeout is how long"),
            ("own.py", "def post_fork(server, worker): ...", r"app\.on_worker_start\(\)"),
            ("own.toml", "workers = 2\nprocesses = 3", r"processes is the setting workers, which is there already\."),
            ("own.toml", "\nworkers = =", r"own\.toml: .*line 2"),
            ("own.py", "x = 1\n1 / 0", r"own\.py, line 2: ZeroDivisionError: division by zero"),
            ("own.py", "def (", r"own\.py.*: SyntaxError"),
            ("own.toml", "workers = 0", r"own\.toml: workers is 0; it must be a whole number, at least 1; or auto\."),
            ("own.toml", "workers = 1.5", "workers is 1.5"),
            ("own.toml", "bind = [1]", r"bind is \[1\]"),
            ("own.ini", "", r"a file of settings is called something\.toml or something\.py"),
        ],
    )
    def test_errors(self, load, name, text, message):
        with pytest.raises(SettingsError, match=message):
            load(config=name, files={name: text})

    def test_a_file_that_is_not_there(self, load):
        with pytest.raises(SettingsError, match=r"nowhere\.toml: No such file"):
            load(config="nowhere.toml")

    def test_pyproject_without_us(self, load):
        assert load(pyproject="[project]\nname = 'x'\n[tool.other]\nx = 1\n").origins == {}
        with pytest.raises(SettingsError, match="must be a table"):
            load(pyproject="[tool]\ndemijohn = 5\n")

    def test_everything_that_is_wrong_is_told(self, load):
        with pytest.raises(SettingsError) as caught:
            load(option("keep_alive", "soon"), pyproject="[tool.demijohn]\nport = -1\nbacklog = 'x'\n")
        assert len(str(caught.value).splitlines()) == 3

    def test_reading_again_sees_what_changed(self, tmp_path):
        line = CommandLine((option("workers", "2"),), "own.toml")
        for threads in (3, 4):
            (tmp_path / "own.toml").write_text(f"threads = {threads}\n")
            settings = load_settings(line, {}, str(tmp_path))
            assert (settings["workers"], settings["threads"]) == (2, threads)


class TestCalls:
    def test_keywords(self):
        settings = settings_of_call({"keepalive": "2m", "bind": ":80"}, "run_simple")
        assert settings["keep_alive"] == 120
        assert settings["bind"] == (":80",)
        assert settings.origin("bind").where == "run_simple(bind=...)"

    def test_errors(self):
        with pytest.raises(
            TypeError, match=r"^f\(\) got an unexpected keyword argument 'keep_alife'\. Did you mean keep_alive\?$"
        ):
            settings_of_call({"keep_alife": 5}, "f")
        with pytest.raises(TypeError, match=r"f\(\) has no argument 'mount': it is for `demijohn run`"):
            settings_of_call({"mount": {"/a": "a"}}, "f")
        with pytest.raises(SettingsError, match=r"^f\(keep_alive=\.\.\.\): keep_alive is -1; it must be a time"):
            settings_of_call({"keep_alive": -1}, "f")
