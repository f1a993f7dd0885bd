"""What `flask.json` has, from its homes."""

from demijohn.app.globals import current_app
from demijohn.app.json import dump, dumps, jsonify, load, loads
from demijohn.app.json.provider import _default
