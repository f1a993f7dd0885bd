"""What `flask.config` has, from its homes."""

from demijohn._base.imports import import_string
from demijohn.app.config import Config, ConfigAttribute
