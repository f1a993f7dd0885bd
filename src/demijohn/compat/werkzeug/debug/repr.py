"""What `werkzeug.debug.repr` has, from its homes."""

from demijohn._base.sentinel import MISSING as missing
from demijohn.debug.repr import DebugReprGenerator, debug_repr, dump, helper
