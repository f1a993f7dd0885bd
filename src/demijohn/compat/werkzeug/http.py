"""What `werkzeug.http` has, from its homes."""

from demijohn.http.accept import parse_accept_header
from demijohn.http.cache_control import parse_cache_control_header
from demijohn.http.conditional import (
    is_entity_header,
    is_hop_by_hop_header,
    is_resource_modified,
    remove_entity_headers,
    remove_hop_by_hop_headers,
)
from demijohn.http.cookies import dump_cookie, parse_cookie
from demijohn.http.csp import dump_csp_header, parse_csp_header
from demijohn.http.dates import dump_age, http_date, parse_age, parse_date
from demijohn.http.etag import generate_etag, parse_etags, quote_etag, unquote_etag
from demijohn.http.headerset import parse_set_header
from demijohn.http.options import (
    dump_header,
    dump_options_header,
    parse_dict_header,
    parse_list_header,
    parse_options_header,
    quote_header_value,
    unquote_header_value,
)
from demijohn.http.ranges import (
    is_byte_range_valid,
    parse_content_range_header,
    parse_if_range_header,
    parse_range_header,
)
from demijohn.http.status import HTTP_STATUS_CODES
from demijohn.message.cross_origin import COEP, COOP
