"""What `werkzeug.sansio.response` has, from its homes."""

from demijohn.http.auth import WWWAuthenticate
from demijohn.http.cache_control import ResponseCacheControl, parse_cache_control_header
from demijohn.http.callbackdict import CallbackDict
from demijohn.http.cookies import dump_cookie
from demijohn.http.csp import ContentSecurityPolicy, parse_csp_header
from demijohn.http.dates import dump_age, http_date, parse_age, parse_date
from demijohn.http.etag import quote_etag, unquote_etag
from demijohn.http.headers import Headers
from demijohn.http.headerset import HeaderSet, parse_set_header
from demijohn.http.options import dump_header, dump_options_header, parse_options_header
from demijohn.http.ranges import ContentRange, parse_content_range_header
from demijohn.http.status import HTTP_STATUS_CODES
from demijohn.message.cross_origin import COEP, COOP
from demijohn.message.mediatype import get_content_type
from demijohn.message.properties import header_property
from demijohn.message.response import Response
from demijohn.message.response_policies import _set_property
