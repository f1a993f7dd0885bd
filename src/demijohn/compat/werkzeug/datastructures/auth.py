"""What `werkzeug.datastructures.auth` has, from its homes."""

from demijohn.http.auth import Authorization, WWWAuthenticate
from demijohn.http.callbackdict import CallbackDict
from demijohn.http.options import dump_header, parse_dict_header, quote_header_value
