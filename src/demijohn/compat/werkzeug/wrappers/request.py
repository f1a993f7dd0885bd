"""What `werkzeug.wrappers.request` has, from its homes."""

from demijohn.http.errors import BadRequest, UnsupportedMediaType
from demijohn.http.forms import FormDataParser
from demijohn.http.headers import EnvironHeaders
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict
from demijohn.http.multidict_base import MultiDict, iter_multi_items
from demijohn.http.stream import get_input_stream
from demijohn.http.uploads import FileStorage, default_stream_factory
from demijohn.message.properties import cached_property, environ_property
from demijohn.message.request import Request
