"""What `werkzeug.sansio.request` has, from its homes."""

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept, parse_accept_header
from demijohn.http.auth import Authorization
from demijohn.http.cache_control import RequestCacheControl, parse_cache_control_header
from demijohn.http.cookies import parse_cookie
from demijohn.http.dates import parse_date
from demijohn.http.etag import ETags, parse_etags
from demijohn.http.headers import Headers
from demijohn.http.headerset import HeaderSet, parse_set_header
from demijohn.http.host import get_current_url, get_host
from demijohn.http.immutable import ImmutableList
from demijohn.http.multidict import ImmutableMultiDict
from demijohn.http.multidict_base import MultiDict
from demijohn.http.options import parse_list_header, parse_options_header
from demijohn.http.ranges import IfRange, Range, parse_if_range_header, parse_range_header
from demijohn.http.stream import get_content_length
from demijohn.message.partsrequest import PartsRequest as Request
from demijohn.message.properties import cached_property, header_property
from demijohn.message.user_agent import UserAgent
