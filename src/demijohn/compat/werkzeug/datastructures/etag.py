"""What `werkzeug.datastructures.etag` has, from its homes."""

from demijohn.http.etag import ETags
