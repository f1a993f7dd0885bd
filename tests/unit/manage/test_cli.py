"""The `demijohn` command and groups like it: options, commands of applications and plug-ins, errors, what is printed."""

import json
import logging
import os
import socket
import ssl
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

from demijohn import Blueprint, Demijohn, current_app
from demijohn.manage.appspec import AppSpec
from demijohn.manage.cli import (
    AppGroup,
    DemijohnGroup,
    NoAppException,
    ScriptInfo,
    load_dotenv,
    main,
    pass_script_info,
    with_appcontext,
)
from demijohn.serve import ListenOptions
from demijohn.serve.certificates import CertificateFiles, TlsOptions

APPLICATION = """
import click
from demijohn import Demijohn, current_app
app = Demijohn("{name}", static_folder=None)

@app.cli.command()
@click.argument("who")
def greet(who):
    "Greet somebody."
    click.echo(f"Hello {{who}} from {{current_app.name}}, debug {{app.debug}}")
"""


@pytest.fixture(autouse=True)
def environment(monkeypatch, tmp_path):
    """No variables of whoever runs the tests, a working directory of our own, and modules that are forgotten again."""
    for name in list(os.environ):
        if name.startswith(("DEMIJOHN_", "FLASK_")):
            monkeypatch.delenv(name)
    for name in ("DEMIJOHN_RUN_FROM_CLI", "FLASK_RUN_FROM_CLI", "DEMIJOHN_DEBUG", "FLASK_DEBUG", "FLASK_APP"):
        monkeypatch.setenv(name, "")  # to be restored: commands, and the files of variables that they read, set them
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(logging.getLogger("demijohn.access"), "level", logging.NOTSET)  # a debug mode before
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def invoke():
    def invoke(*words, group=main, **kwargs):
        return CliRunner().invoke(group, list(words), **kwargs)

    return invoke


@pytest.fixture
def site(tmp_path):
    name = f"site_{abs(hash(str(tmp_path)))}"
    (tmp_path / f"{name}.py").write_text(APPLICATION.format(name=name))
    return name


class TestCommand:
    def test_commands_of_the_application(self, invoke, site):
        result = invoke("--app", site, "greet", "Ada")
        assert (result.exit_code, result.output) == (0, f"Hello Ada from {site}, debug False\n")
        assert invoke("-A", f"{site}:app", "greet", "Ada").exit_code == 0

    @pytest.mark.parametrize("name", ["DEMIJOHN_APP", "FLASK_APP"])
    def test_the_application_by_environment(self, invoke, site, monkeypatch, name):
        monkeypatch.setenv(name, site)
        assert invoke("greet", "Ada").exit_code == 0

    def test_help_lists_them_beside_the_built_in_ones(self, invoke, site):
        lines = invoke("--app", site, "--help").output.splitlines()
        commands = [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]]
        assert commands == ["check", "config", "ctl", "drop-in", "greet", "routes", "run", "shell", "top"]

    def test_help_without_an_application(self, invoke):
        result = invoke("--help")
        assert result.exit_code == 0
        assert "Error: Which application?" in result.stderr
        assert "  routes" in result.stdout

    def test_help_with_a_broken_application(self, invoke, tmp_path):
        (tmp_path / "app.py").write_text("{}['here']\n")
        result = invoke("--help")
        assert result.exit_code == 0
        assert "KeyError: 'here'" in result.stderr
        assert "loading.py" not in result.stderr
        assert "  routes" in result.stdout
        assert invoke("run", "--help").exit_code == 0

    def test_commands_of_a_broken_application(self, invoke, tmp_path):
        (tmp_path / "app.py").write_text("{}['here']\n")
        for words in (("nope",), ("routes",), ("shell",)):
            result = invoke(*words)
            assert result.exit_code == 3
            assert "KeyError: 'here'" in result.stderr
            assert "Error: Importing 'app' raised an error." in result.stderr

    def test_an_unknown_command(self, invoke, site):
        for words in (("nope",), ("--app", site, "nope")):
            result = invoke(*words)
            assert result.exit_code == 2
            assert "No such command 'nope'" in result.stderr

    def test_an_unknown_application(self, invoke):
        result = invoke("--app", "nowhere", "routes")
        assert result.exit_code == 2
        assert "There is no module 'nowhere'" in result.stderr

    @pytest.mark.parametrize("words, expected", [(("--debug",), "True"), (("--no-debug",), "False"), ((), "True")])
    def test_debug(self, invoke, site, monkeypatch, words, expected):
        monkeypatch.setenv("FLASK_DEBUG", "1")
        assert f"debug {expected}" in invoke("--app", site, *words, "greet", "Ada").output

    def test_the_application_is_no_flask_like_one(self, invoke, tmp_path):
        (tmp_path / "plainsite.py").write_text("def app(environ, start_response): ...\n")
        assert invoke("--app", "plainsite", "--help").exit_code == 0
        assert invoke("--app", "plainsite", "nope").exit_code == 2

    def test_app_run_does_nothing_meanwhile(self, invoke, tmp_path):
        (tmp_path / "runs.py").write_text("from demijohn import Demijohn\napp = Demijohn('runs')\napp.run(port=0)\n")
        assert invoke("--app", "runs", "routes").exit_code == 0

    def test_version(self, invoke):
        assert invoke("--version").output.startswith("demijohn ")


class TestDotenv:
    @pytest.fixture
    def dotenv(self, monkeypatch, tmp_path):
        for name in ("A", "B", "C", "D", "E"):
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        monkeypatch.setenv("E", "real")
        (tmp_path / "own.env").write_text("A=own\nE=own\n")
        (tmp_path / ".env").write_text("A=env\nB=env\n")
        (tmp_path / ".demijohnenv").write_text("B=demijohn\nC=demijohn\n")
        (tmp_path / ".flaskenv").write_text("C=flask\nD=flask\nNOTHING\n")

    def seen(self):
        return [os.environ.get(name) for name in "ABCDE"]

    def test_the_first_counts(self, dotenv):
        assert load_dotenv("own.env") is True
        assert self.seen() == ["own", "env", "demijohn", "flask", "real"]

    def test_without_the_usual_files(self, dotenv):
        assert load_dotenv("own.env", load_defaults=False) is True
        assert self.seen() == ["own", None, None, None, "real"]

    def test_there_are_none(self, dotenv, tmp_path):
        for name in (".env", ".demijohnenv", ".flaskenv"):
            (tmp_path / name).unlink()
        assert load_dotenv() is False
        assert load_dotenv("nowhere") is False

    def test_the_command_loads_them(self, dotenv, invoke, site, tmp_path):
        (tmp_path / ".flaskenv").write_text(f"FLASK_APP={site}\nD=flask\n")
        assert invoke("--env-file", "own.env", "greet", "Ada").exit_code == 0
        assert self.seen() == ["own", "env", "demijohn", "flask", "real"]

    @pytest.mark.parametrize("name", ["DEMIJOHN_SKIP_DOTENV", "FLASK_SKIP_DOTENV"])
    def test_not_if_the_environment_says_so(self, dotenv, invoke, site, monkeypatch, name):
        monkeypatch.setenv(name, "1")
        assert invoke("--app", site, "--env-file", "own.env", "routes").exit_code == 0
        assert self.seen() == ["own", None, None, None, "real"]

    def test_a_group_that_does_not(self, dotenv, invoke, site):
        group = DemijohnGroup(load_dotenv=False)
        assert invoke("--app", site, "routes", group=group).exit_code == 0
        assert self.seen() == [None, None, None, None, "real"]

    def test_values_are_quoted_and_may_mention_others(self, dotenv):
        with open("own.env", "w") as file:
            file.write("# a comment\nexport A='two words'\nB=${A}-${E}-${NOWHERE:-none}\nC=\"line\\nline\" # end\n")
        assert load_dotenv("own.env", load_defaults=False) is True
        assert self.seen() == ["two words", "two words-real-none", "line\nline", None, "real"]

    def test_an_env_file_that_is_not_there(self, invoke):
        assert invoke("--env-file", "nowhere", "routes").exit_code == 2


class TestRoutes:
    def table(self, app, *words, **kwargs):
        result = CliRunner().invoke(main, ["routes", *words], obj=ScriptInfo(create_app=lambda: app), **kwargs)
        assert result.exit_code == 0, result.output
        return [line.split() for line in result.output.splitlines()]

    def test_sorting(self):
        app = Demijohn("x", static_folder=None)
        app.add_url_rule("/b", "one", methods=["POST"])
        app.add_url_rule("/a/<x>", "two", methods=["GET"])
        app.add_url_rule("/a", "three", methods=["PUT"])
        for sort, expected in (
            ("endpoint", ["one", "three", "two"]),
            ("methods", ["two", "one", "three"]),
            ("rule", ["three", "two", "one"]),
            ("match", [rule.endpoint for rule in app.url_map.iter_rules()]),
        ):
            assert [row[0] for row in self.table(app, "-s", sort)[2:]] == expected
        assert ["two", "GET,", "HEAD,", "OPTIONS", "/a/<x>"] in self.table(app, "--all-methods")

    def test_hosts_and_subdomains(self):
        app = Demijohn("x", static_folder=None, subdomain_matching=True)
        app.add_url_rule("/", "a", subdomain="shop")
        app.add_url_rule("/", "b")
        assert self.table(app)[0] == ["Endpoint", "Methods", "Subdomain", "Rule"]
        assert self.table(app)[2] == ["a", "GET", "shop", "/"]
        assert [row[0] for row in self.table(app, "--sort", "domain")[2:]] == ["b", "a"]
        app = Demijohn("x", static_folder=None, host_matching=True)
        app.add_url_rule("/", "a", host="a.org")
        assert self.table(app)[0] == ["Endpoint", "Methods", "Host", "Rule"]
        assert self.table(app)[2] == ["a", "GET", "a.org", "/"]

    def test_mounted_applications(self):
        outer, inner, deep = (Demijohn(name, static_folder=None) for name in ("outer", "inner", "deep"))
        outer.add_url_rule("/", "index")
        inner.add_url_rule("/<int:x>", "item")
        deep.add_url_rule("/deep", "deep")
        inner.mount("/d", deep)
        inner.mount("/wiki", lambda environ, start_response: [])
        outer.mount("/in", inner)
        assert self.table(outer)[2:] == [
            ["in::d::deep", "GET", "/in/d/deep"],
            ["in::item", "GET", "/in/<int:x>"],
            ["in::wiki::/", "/in/wiki/..."],
            ["index", "GET", "/"],
        ]
        outer.mount("/", inner, host="shop.org", name="shop")
        assert ["shop::item", "GET", "shop.org", "/<int:x>"] in self.table(outer)

    def test_none(self):
        assert self.table(Demijohn("x", static_folder=None)) == [["No", "routes", "were", "registered."]]


class TestShell:
    @pytest.fixture
    def shell(self, monkeypatch):
        calls = []
        monkeypatch.setattr(
            "code.interact", lambda banner, local: calls.append((banner, local, current_app.name, local["app"]))
        )
        monkeypatch.delattr(sys, "__interactivehook__", raising=False)

        def shell(app):
            result = CliRunner().invoke(main, ["shell"], obj=ScriptInfo(create_app=lambda: app))
            assert result.exit_code == 0, result.output
            return calls[-1]

        return shell

    def test_names(self, shell):
        app = Demijohn("x")
        app.shell_context_processor(lambda: {"answer": 42})
        banner, names, current, in_shell = shell(app)
        assert current == "x"
        assert in_shell is app
        assert names["answer"] == 42
        assert "g" in names
        assert f"App: x\nInstance: {app.instance_path}" in banner

    def test_pythonstartup(self, shell, monkeypatch, tmp_path):
        (tmp_path / "startup.py").write_text("mine = 1\nanswer = 2\n")
        monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
        app = Demijohn("x")
        app.shell_context_processor(lambda: {"answer": 42})
        names = shell(app)[1]
        assert (names["mine"], names["answer"]) == (1, 42)
        monkeypatch.setenv("PYTHONSTARTUP", "nowhere")
        assert "mine" not in shell(app)[1]

    def test_it_really_runs(self):
        app = Demijohn("x")
        result = CliRunner().invoke(
            main, ["shell"], obj=ScriptInfo(create_app=lambda: app), input="print(app.name * 3)\n"
        )
        assert "xxx" in result.stdout


class TestRun:
    @pytest.fixture
    def calls(self, monkeypatch):
        """What would have been served: host, port, name of the application, how to listen, how to serve, processes."""
        calls = []

        class Server:
            exit_code = 0

            def __init__(self, app, listeners, options, processes, supervision, renew, ops, **how):
                host, port, listening = listeners[0]
                app = app.load() if isinstance(app, AppSpec) else app  # as the workers do
                name = getattr(app, "import_name", app)
                listening["options_of_listeners"] = listening.pop("options")
                listening["processes"] = processes
                calls.append(SimpleNamespace(where=(host, port), name=name, app=app, options=options, **listening))

            def __enter__(self):
                return self

            def __exit__(self, *error):
                return None

            def serve_until_signalled(self, on_start):
                return None

        monkeypatch.setattr("demijohn.manage.serving.AppServer", Server)
        monkeypatch.setattr(
            "demijohn.manage.serving.open_listeners", lambda host, port, **listening: [(host, port, listening)]
        )
        monkeypatch.setattr("demijohn.manage.serving.close_all", lambda listeners: None)
        monkeypatch.setattr("demijohn.manage.serving.open_control", lambda settings, is_placed: None)
        monkeypatch.setattr("demijohn.manage.serving.configure_logging", lambda settings, is_debug: None)
        return calls

    def test_it_serves(self, invoke, site, calls):
        assert invoke("run", site, "-h", "::1", "-p", "80", "--no-threads", "--processes", "3").exit_code == 0
        assert invoke("--app", site, "run").exit_code == 0
        assert [(call.where, call.name, call.options.threads, call.processes) for call in calls] == [
            (("::1", 80), site, 1, 3),
            (("127.0.0.1", 5000), site, 16, 1),
        ]
        assert [call.options.runner for call in calls] == ["inline", "late"]

    @pytest.mark.parametrize(
        ("words", "threads"),
        [
            (["--threads", "4"], 4),
            (["--without-threads"], 1),
            (["--with-threads"], 16),
            (["--no-threads", "--threads", "4"], 1),
        ],
    )
    def test_words_for_threads(self, invoke, site, calls, words, threads):
        assert invoke("run", site, *words).exit_code == 0
        assert calls[0].options.threads == threads

    @pytest.mark.parametrize("prefix", ["DEMIJOHN", "FLASK"])
    def test_by_environment(self, invoke, site, calls, monkeypatch, prefix):
        monkeypatch.setenv(f"{prefix}_RUN_PORT", "8123")
        monkeypatch.setenv(f"{prefix}_RUN_HOST", "0.0.0.0")
        assert invoke("--app", site, "run").exit_code == 0
        assert calls[0].where == ("0.0.0.0", 8123)

    def test_options_of_flask_and_gunicorn(self, invoke, site, calls):
        words = "--reload --no-reload --debugger --debug --extra-files a:b --exclude-patterns *.tmp --graceful-timeout 5 -w 2".split()
        words += ["--keep-alive", "2m", "--accesslog", "-", "--limit-request-line", "4K", "--worker-connections", "9"]
        words += ["--access-log-skip", "/healthz", "--access-log-skip", "/static/", "--access-log-fields", "t={x-t}i"]
        words += ["--access-log-format", "json"]
        assert invoke("run", site, *words).exit_code == 0
        options = calls[0].options
        assert (options.drain_timeout, options.keep_alive, options.limits.request_line) == (5, 120, 4096)
        assert (options.access_log, options.access_log_file, options.max_connections) == (True, "-", 9)
        assert (options.access_log_skip, options.access_log_fields) == (("/healthz", "/static/"), {"t": "{x-t}i"})
        assert calls[0].processes == 2
        assert options.is_multiprocess

    def test_a_default_map(self, invoke, site, calls):
        group = DemijohnGroup(context_settings={"default_map": {"run": {"port": 7001, "processes": 2}}})
        assert invoke("run", site, group=group).exit_code == 0
        assert invoke("run", site, "-p", "7002", group=group).exit_code == 0
        assert [(call.where[1], call.processes) for call in calls] == [(7001, 2), (7002, 2)]

    def test_pyproject_names_the_application(self, invoke, site, calls, tmp_path):
        (tmp_path / "pyproject.toml").write_text(f"[tool.demijohn]\napp = '{site}'\nport = 81\n")
        assert invoke("run").exit_code == 0
        assert (calls[0].name, calls[0].where[1]) == (site, 81)
        assert "static" in invoke("routes").output or "No routes" in invoke("routes").output
        assert invoke("greet", "Ada").output.startswith("Hello Ada")

    def test_settings_are_read_before_the_application_is(self, invoke, tmp_path):
        (tmp_path / "app.py").write_text("raise SystemExit(9)\n")
        result = invoke("run", "--keep-alive", "soon")
        assert result.exit_code == 2
        assert "--keep-alive: keep_alive is 'soon'; it must be a time in seconds" in result.output

    def test_where_to_listen(self, invoke, site, calls):
        words = ["-b", ":80", "--bind", "unix:/x", "--backlog", "7", "--reuse-port", "--unix-mode", "660"]
        assert invoke("run", site, *words).exit_code == 0
        assert calls[0].bind == (":80", "unix:/x")
        assert calls[0].options_of_listeners == ListenOptions(backlog=7, reuse_port=True, unix_mode=0o660)
        assert invoke("run", site, "--unix-mode", "999").exit_code == 2
        for words in (["-h", "::1"], ["-p", "80"]):
            result = invoke("run", site, "-b", ":80", *words)
            assert result.exit_code == 2
            assert "cannot be used with it" in result.output

    def test_certificates(self, invoke, site, calls, tmp_path):
        cert, key, ca = (str(tmp_path / name) for name in ("cert", "key", "ca"))
        for path in (cert, key, ca):
            Path(path).write_text("")
        words = ["--cert", cert, "--key", key, "--sni", "*.a.test", cert, key, "--ca-certs", ca]
        assert invoke("run", site, *words, "--redirect-http", ":80", "--redirect-port", "443").exit_code == 0
        files = CertificateFiles(cert, key)
        tls = TlsOptions(files, names={"*.a.test": files}, client_verify="required", client_ca=ca)
        assert (calls[0].ssl_context, calls[0].redirect_http, calls[0].redirect_port) == (tls, (":80",), 443)
        assert invoke("run", site, "--certfile", cert, "--ca-certs", ca, "--client-certs", "optional").exit_code == 0
        assert calls[1].ssl_context.client_verify == "optional"
        assert invoke("run", site, "--cert", "adhoc").exit_code == 0
        assert calls[2].ssl_context == "adhoc"

    def test_a_context_by_its_import_name(self, invoke, site, calls, tmp_path, monkeypatch):
        (tmp_path / "contexts_of_tests.py").write_text("import ssl\nit = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n")
        monkeypatch.syspath_prepend(tmp_path)
        assert invoke("run", site, "--cert", "contexts_of_tests:it").exit_code == 0
        assert isinstance(calls[0].ssl_context, ssl.SSLContext)
        result = invoke("run", site, "--cert", "contexts_of_tests:it", "--key", __file__)
        assert "--keyfile: keyfile is not used if certfile is an SSLContext object." in result.output

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--cert", "nowhere.pem"], "File 'nowhere.pem' does not exist."),
            (["--key", __file__], "--keyfile: keyfile is of no use without certfile."),
            (["--ca-certs", __file__], "--ca-certs: ca_certs is of no use without certfile."),
            (["--cert", "adhoc", "--key", __file__], 'keyfile is not used if certfile is "adhoc".'),
            (["--trust-request-id"], "trust_request_id is from --trust-request-id"),
            (["--access-log-format", "%(nope)s"], "access_log_format is from --access-log-format"),
            (["--error-log-file", "/nowhere/at/all"], "error_log_file: /nowhere/at/all: No such file or directory."),
        ],
    )
    def test_settings_that_do_not_go_together(self, invoke, site, calls, words, message):
        result = invoke("run", site, *words)
        assert result.exit_code == 2
        assert message in " ".join(result.output.split())
        assert calls == []

    def test_mounts(self, invoke, site, calls, tmp_path):
        (tmp_path / "plain_of_tests.py").write_text("def app(environ, start_response): ...\n")
        assert (
            invoke("run", site, "--mount", "/in=plain_of_tests", "--mount", "a.test=plain_of_tests:app").exit_code == 0
        )
        assert [(mount.host, mount.prefix) for mount in calls[0].app.iter_mounts()] == [("a.test", ""), (None, "/in")]
        result = invoke("run", site, "--mount", "/in=nowhere")
        assert (result.exit_code, "There is no module 'nowhere'" in result.output) == (2, True)
        result = invoke("run", site, "--mount", "/<x>=plain_of_tests")
        assert (result.exit_code, "mount (--mount): " in result.output) == (2, True)

    def test_help_has_topics(self, invoke):
        output = invoke("run", "--help").output
        for title in ("Options", "Listening", "Processes and threads", "Logs", "TLS", "Limits"):
            assert f"\n{title}:\n" in output
        assert "-w, --workers, --processes N" in output
        assert "[default: 15s]" in output


class TestConfig:
    def test_each_value_and_where_it_is_from(self, invoke, monkeypatch, tmp_path):
        (tmp_path / "pyproject.toml").write_text("[tool.demijohn]\nthreads = 3\n")
        (tmp_path / "own.toml").write_text("keep-alive = '2m'\n")
        monkeypatch.setenv("DEMIJOHN_BACKLOG", "7")
        result = invoke("config", "--workers", "2", "--config", "own.toml")
        assert result.exit_code == 0
        lines = [" ".join(line.split()) for line in result.output.splitlines()]
        for line in (
            "workers = 2 (--workers)",
            "backlog = 7 (DEMIJOHN_BACKLOG)",
            f"keep_alive = 2m ({tmp_path}/own.toml)",
            f"threads = 3 ({tmp_path}/pyproject.toml [tool.demijohn])",
            "port = 5000 (default)",
        ):
            assert line in lines

    def test_which_application(self, invoke, monkeypatch):
        for words, line in (
            (("config", "shop"), "app = shop (APP)"),
            (("--app", "shop", "config"), "app = shop (--app)"),
            (("config",), "app = none (default)"),
        ):
            assert line in " ".join(invoke(*words).output.split())
        monkeypatch.setenv("FLASK_APP", "shop")
        assert "app = shop (FLASK_APP)" in " ".join(invoke("config").output.split())

    def test_as_json(self, invoke):
        result = json.loads(invoke("config", "--json", "--keep-alive", "90", "--access-log-skip", "/a").output)
        assert result["keep_alive"] == {"value": 90, "text": "90s", "source": "command_line", "where": "--keep-alive"}
        assert result["access_log_skip"]["value"] == ["/a"]
        assert result["port"] == {"value": 5000, "text": "5000", "source": "default", "where": "default"}

    def test_check(self, invoke, site, tmp_path, monkeypatch):
        monkeypatch.setenv("DEMIJOHN_PORT", "0")
        for words in (("check", site), ("config", site, "--check")):
            result = invoke(*words, "--workers", "2")
            assert result.exit_code == 0
            assert f"Application: {site}, served natively." in result.output
            assert "Processes: 2; threads in each: 16; runner: late; TLS: no; access log: no." in result.output
            assert "Addresses: free." in result.output
        (tmp_path / "plain_of_tests.py").write_text("def app(environ, start_response): ...\n")
        assert (
            "Application: function, served through WSGI: it is a WSGI application."
            in invoke("check", "plain_of_tests").output
        )

    @pytest.mark.parametrize(
        ("words", "code", "message"),
        [
            (("nowhere",), 2, "There is no module 'nowhere'"),
            (("broken_of_tests",), 3, "KeyError"),
            (("--user", "no such"), 2, "there is no user 'no such'"),
            (("--bind", "8000"), 2, "'8000' is no address to listen on"),
            (("--cert", __file__), 2, "test_cli.py"),
            (("--limit-chunk-line", "3"), 2, "limit_chunk_line is from --limit-chunk-line"),
        ],
    )
    def test_check_finds(self, invoke, site, tmp_path, words, code, message):
        (tmp_path / "broken_of_tests.py").write_text("{}['here']\n")
        if words[0].startswith("-"):
            words = (site, *words)
        result = invoke("check", *words)
        assert result.exit_code == code
        assert message in result.output

    def test_check_says_who_listens_there_already(self, invoke, site):
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            result = invoke("check", site, "--bind", f"127.0.0.1:{port}")
        assert result.exit_code == 1
        assert f"Cannot listen on 127.0.0.1:{port}: process {os.getpid()}" in result.output

    def test_check_warns(self, invoke, site):
        result = invoke("check", site, "--port", "0", "--trusted-peers", "*", "--forwarded", "x-forwarded")
        assert result.exit_code == 0
        assert "Warning: trusted_peers is *: whoever connects may claim any address" in result.output


class TestGroups:
    def test_a_group_of_ones_own(self, invoke):
        @click.group(cls=DemijohnGroup, create_app=lambda: Demijohn("made"))
        def manage():
            """Manage it."""

        @manage.command()
        def name():
            click.echo(current_app.name)

        @manage.command(with_appcontext=False)
        @pass_script_info
        def info(info):
            click.echo(f"{info.load_app() is info.load_app()} {bool(current_app)}")

        assert invoke("name", group=manage).output == "made\n"
        assert invoke("info", group=manage).output == "True False\n"
        assert "  name" in invoke("--help", group=manage).output

    def test_without_the_built_in_commands(self, invoke):
        group = DemijohnGroup(add_default_commands=False, add_version_option=False, create_app=lambda: Demijohn("x"))
        assert invoke("routes", group=group).exit_code == 2
        assert invoke("--version", group=group).exit_code == 2

    def test_with_appcontext_for_any_command(self, invoke, monkeypatch, site):
        @click.command()
        @with_appcontext
        def name():
            click.echo(current_app.name)

        assert CliRunner().invoke(name, obj=ScriptInfo(create_app=lambda: Demijohn("made"))).output == "made\n"
        monkeypatch.setenv("DEMIJOHN_APP", site)
        assert CliRunner().invoke(name).output == f"{site}\n", "found as the command does"

    def test_teardown_runs_when_the_command_is_done(self, invoke):
        app = Demijohn("x")
        seen = []
        app.teardown_appcontext(lambda error: seen.append("teardown"))

        @app.cli.command()
        def work():
            seen.append("work")

        result = app.test_cli_runner().invoke(args=["work"])
        assert result.exit_code == 0
        assert seen == ["work", "teardown"]

    def test_app_groups_nest(self):
        app = Demijohn("x")

        @app.cli.group()
        def user():
            """Users."""

        @user.command()
        def create():
            click.echo(current_app.name)

        assert isinstance(user, AppGroup)
        assert app.test_cli_runner().invoke(args=["user", "create"]).output == "x\n"

    @pytest.mark.parametrize(
        "options, register, words",
        [
            ({}, {}, ["blog", "post"]),
            ({"cli_group": "b"}, {}, ["b", "post"]),
            ({"cli_group": None}, {}, ["post"]),
            ({}, {"cli_group": "c"}, ["c", "post"]),
            ({"cli_group": "b"}, {"cli_group": None}, ["post"]),
        ],
    )
    def test_commands_of_blueprints(self, invoke, options, register, words):
        app, blueprint = Demijohn("x"), Blueprint("blog", __name__, **options)

        @blueprint.cli.command()
        def post():
            click.echo(f"posted to {current_app.name}")

        app.register_blueprint(blueprint, **register)
        assert app.test_cli_runner().invoke(args=words).output == "posted to x\n"
        assert invoke(*words, obj=ScriptInfo(create_app=lambda: app)).output == "posted to x\n"

    def test_the_test_runner_gives_the_script_info(self):
        app = Demijohn("x")
        app.debug = True

        @click.command()
        @pass_script_info
        def command(info):
            click.echo(f"{info.load_app().name} {info.load_app().debug}")

        assert app.test_cli_runner().invoke(command).output == "x True\n"
        assert app.test_cli_runner().invoke(main, ["routes"]).exit_code == 0


class TestScriptInfo:
    def test_no_application(self):
        with pytest.raises(NoAppException, match="Which application"):
            ScriptInfo().load_app()

    def test_debug_as_the_environment_says(self, monkeypatch):
        app = Demijohn("x")
        app.debug = True
        assert ScriptInfo(create_app=lambda: app, set_debug_flag=False).load_app().debug is True
        assert ScriptInfo(create_app=lambda: app).load_app().debug is False
        monkeypatch.setenv("DEMIJOHN_DEBUG", "1")
        assert ScriptInfo(create_app=lambda: app).load_app().debug is True

    def test_where_it_is(self, site):
        assert ScriptInfo(site).load_app().name == site
        assert ScriptInfo(f"{site}.py:app").load_app().name == site


class TestPlugins:
    @pytest.fixture
    def install(self, tmp_path, monkeypatch):
        def install(name, code, entry_points):
            (tmp_path / f"{name}.py").write_text(code)
            info = tmp_path / f"{name}-1.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
            (info / "entry_points.txt").write_text(entry_points)
            monkeypatch.syspath_prepend(str(tmp_path))

        return install

    CODE = "import click\n@click.command()\ndef hello():\n    'From a package.'\n    click.echo('plugged in')\n"

    @pytest.mark.parametrize("kind", ["demijohn.commands", "flask.commands"])
    def test_commands_of_packages(self, install, invoke, kind):
        name = f"plug_{kind.partition('.')[0]}"
        install(name, self.CODE, f"[{kind}]\nhello = {name}:hello\n")
        group = DemijohnGroup()
        assert invoke("hello", group=group).output == "plugged in\n"
        assert "  hello" in invoke("--help", group=group).stdout

    def test_a_built_in_command_stays(self, install, invoke):
        install("plug_taken", self.CODE, "[demijohn.commands]\nroutes = plug_taken:hello\n")
        assert "plugged in" not in invoke("routes", group=DemijohnGroup(create_app=lambda: Demijohn("x"))).output

    def test_a_broken_one_is_told_of_and_left_out(self, install, invoke, site):
        install("plug_broken", "import no_such_package\n", "[flask.commands]\nbroken = plug_broken:hello\n")
        result = invoke("--app", site, "greet", "Ada", group=DemijohnGroup())
        assert result.exit_code == 0
        assert "Hello Ada" in result.stdout
        result = invoke("--app", site, "--help", group=DemijohnGroup())
        assert "The command 'broken' of plug_broken:hello cannot be used" in result.stderr


class TestCompletion:
    """What a shell asks for; see docs/command-line.md."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_the_script(self, invoke, shell):
        result = invoke(env={"_DEMIJOHN_COMPLETE": f"{shell}_source"}, prog_name="demijohn")
        assert result.exit_code == 0
        assert "_DEMIJOHN_COMPLETE" in result.output

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("demijohn ru", {"plain,run"}),
            ("demijohn run --keep", {"plain,--keep-alive", "plain,--keepalive"}),
            ("demijohn run --runner l", {"plain,late"}),
            ("demijohn run sho", {"file,sho"}),
            ("demijohn ctl sta", {"plain,stacks", "plain,status"}),
            ("demijohn ctl log-level demijohn w", {"plain,warning"}),
            ("demijohn nothing-like-it x", set()),
        ],
    )
    def test_words(self, invoke, words, expected):
        environ = {
            "_DEMIJOHN_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        }
        result = invoke(env=environ, prog_name="demijohn")
        assert set(result.stdout.split()) == expected
        assert result.stderr == "", "it would be written into the line that somebody types"
