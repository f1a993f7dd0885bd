"""What `werkzeug.middleware.shared_data` has, from its homes."""

from demijohn.http.conditional import is_resource_modified
from demijohn.http.dates import http_date
from demijohn.http.etag import quote_etag
from demijohn.http.security import safe_join
from demijohn.message.mediatype import get_content_type
from demijohn.message.wsgi import get_path_info, wrap_file
from demijohn.middleware.shared_data import SharedDataMiddleware
