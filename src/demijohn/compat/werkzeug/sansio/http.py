"""What `werkzeug.sansio.http` has, from its homes."""

from demijohn.http.conditional import is_resource_modified
from demijohn.http.cookies import parse_cookie
from demijohn.http.dates import parse_date
from demijohn.http.etag import generate_etag, parse_etags, unquote_etag
from demijohn.http.ranges import parse_if_range_header
