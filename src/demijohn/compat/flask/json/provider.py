"""What `flask.json.provider` has, from its homes."""

from demijohn.app.json.provider import DefaultJSONProvider, JSONProvider, _default
from demijohn.http.dates import http_date
