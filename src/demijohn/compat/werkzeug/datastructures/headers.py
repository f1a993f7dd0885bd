"""What `werkzeug.datastructures.headers` has, from its homes."""

from demijohn.http.errors import BadRequestKeyError
from demijohn.http.headers import EnvironHeaders, Headers, ImmutableHeadersMixin
from demijohn.http.multidict_base import MultiDict, iter_multi_items
