"""What `flask.blueprints` has, from its homes."""

from demijohn import send_from_directory
from demijohn.app.blueprint import Blueprint
from demijohn.app.blueprint import Blueprint as SansioBlueprint
from demijohn.app.globals import current_app
from demijohn.app.setup_state import BlueprintSetupState
from demijohn.manage.cli import AppGroup
