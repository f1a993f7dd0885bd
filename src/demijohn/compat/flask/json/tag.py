"""What `flask.json.tag` has, from its homes."""

from demijohn.app.json import dumps, loads
from demijohn.app.json.tag import (
    JSONTag,
    PassDict,
    PassList,
    TagBytes,
    TagDateTime,
    TagDict,
    TaggedJSONSerializer,
    TagMarkup,
    TagTuple,
    TagUUID,
)
from demijohn.http.dates import http_date, parse_date
