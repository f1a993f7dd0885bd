"""Options of commands by Flask's environment variables."""

import click
import pytest
from click.testing import CliRunner

from demijohn import Demijohn
from demijohn.manage.cli import DemijohnGroup


@pytest.fixture
def invoke():
    app = Demijohn(__name__)

    @app.cli.command("greet-all")
    @click.option("--name", default="nobody")
    @click.option("--times", type=int, default=1)
    @click.option("--tag", multiple=True)
    @click.option("--flag/--no-flag")
    def greet(name, times, tag, flag):
        click.echo(f"{name} {times} {','.join(tag)} {flag}")

    group = click.Group("db")
    group.add_command(
        click.Command("up", callback=lambda to: click.echo(to), params=[click.Option(["--to"], default="x")])
    )
    app.cli.add_command(group)

    def run(*args, **env):
        cli = DemijohnGroup(create_app=lambda: app, load_dotenv=False)
        result = CliRunner().invoke(cli, list(args), env=env)
        return result.output.strip()

    return run


def test_flasks_variables_give_options(invoke):
    env = {
        "FLASK_GREET_ALL_NAME": "ann",
        "FLASK_GREET_ALL_TIMES": "3",
        "FLASK_GREET_ALL_TAG": "a b",
        "FLASK_GREET_ALL_FLAG": "1",
    }
    assert invoke("greet-all", **env) == "ann 3 a,b True"


def test_nearer_words_win(invoke):
    env = {"FLASK_GREET_ALL_NAME": "ann", "DEMIJOHN_GREET_ALL_NAME": "bob"}
    assert invoke("greet-all", **env) == "bob 1  False"
    assert invoke("greet-all", "--name", "carl", **env) == "carl 1  False"
    assert invoke("greet-all", FLASK_GREET_ALL_NAME="") == "nobody 1  False"


def test_a_value_that_does_not_fit_is_an_error(invoke):
    assert "'three' is not a valid integer" in invoke("greet-all", FLASK_GREET_ALL_TIMES="three")


def test_groups_have_them_too(invoke):
    assert invoke("db", "up", FLASK_DB_UP_TO="head") == "head"
