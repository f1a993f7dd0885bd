"""What `werkzeug.debug.tbtools` has, from its homes."""

from demijohn.message.properties import cached_property
