"""What `werkzeug.urls` has, from its homes."""

from demijohn.http.multidict_base import iter_multi_items
from demijohn.http.urls import _unquote_user, iri_to_uri, uri_to_iri
from demijohn.http.urls import encode_query as _urlencode
