"""What `flask.cli` has, from its homes."""

from demijohn._base.imports import import_string
from demijohn.app.commands import AppGroup, with_appcontext
from demijohn.app.dotenv import load_dotenv
from demijohn.app.globals import current_app
from demijohn.app.helpers import get_debug_flag, get_load_dotenv
from demijohn.app.scriptinfo import ScriptInfo, pass_script_info
from demijohn.manage.cli.builtins import routes_command, shell_command
from demijohn.manage.cli.discovery import NoAppException
from demijohn.manage.cli.flaskrun import (
    CertParamType,
    FlaskGroup,
    SeparatedPathType,
    cli,
    get_version,
    main,
    run_command,
    show_server_banner,
    version_option,
)
from demijohn.manage.cli.flasksteps import find_app_by_string, find_best_app, locate_app, prepare_import
from demijohn.manage.devserver import run_simple
