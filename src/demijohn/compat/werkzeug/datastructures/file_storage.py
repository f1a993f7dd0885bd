"""What `werkzeug.datastructures.file_storage` has, from its homes."""

from demijohn.http.headers import Headers
from demijohn.http.multidict import FileMultiDict
from demijohn.http.multidict_base import MultiDict
from demijohn.http.uploads import FileStorage
