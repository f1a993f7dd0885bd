"""What `flask.sansio.blueprints` has, from its homes."""

from demijohn.app.blueprint import Blueprint
from demijohn.app.scaffold import Scaffold, setupmethod
from demijohn.app.scaffold import endpoint_of as _endpoint_from_view_func
from demijohn.app.setup_state import BlueprintSetupState
