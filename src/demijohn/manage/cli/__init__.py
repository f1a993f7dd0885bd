"""The `demijohn` command, and what an application's own commands are made of; the names are those of `flask.cli`.

`main` is the entry point. What a command needs to serve is imported when it runs.
"""

from ...app.commands import AppGroup, with_appcontext
from ...app.dotenv import load_dotenv
from ...app.scriptinfo import ScriptInfo, pass_script_info
from .builtins import routes_command, shell_command
from .discovery import NoAppException
from .group import DemijohnGroup
from .main import main
from .running import check_command, config_command, run_command

__all__ = [
    "AppGroup",
    "DemijohnGroup",
    "NoAppException",
    "ScriptInfo",
    "check_command",
    "config_command",
    "load_dotenv",
    "main",
    "pass_script_info",
    "routes_command",
    "run_command",
    "shell_command",
    "with_appcontext",
]
