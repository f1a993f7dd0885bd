"""What `werkzeug.datastructures.cache_control` has, from its homes."""

from demijohn.http.cache_control import RequestCacheControl, ResponseCacheControl, _CacheControl
from demijohn.http.callbackdict import CallbackDict
from demijohn.http.immutable import ImmutableDictMixin
