"""What `werkzeug.datastructures` has, from its homes."""

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept
from demijohn.http.auth import Authorization, WWWAuthenticate
from demijohn.http.cache_control import RequestCacheControl, ResponseCacheControl
from demijohn.http.callbackdict import CallbackDict, UpdateDictMixin
from demijohn.http.csp import ContentSecurityPolicy
from demijohn.http.etag import ETags
from demijohn.http.headers import EnvironHeaders, Headers, ImmutableHeadersMixin
from demijohn.http.headerset import HeaderSet
from demijohn.http.immutable import ImmutableDict, ImmutableDictMixin, ImmutableList, ImmutableListMixin
from demijohn.http.multidict import CombinedMultiDict, FileMultiDict, ImmutableMultiDict, ImmutableMultiDictMixin
from demijohn.http.multidict_base import MultiDict, iter_multi_items
from demijohn.http.ranges import ContentRange, IfRange, Range
from demijohn.http.typeconversion import ImmutableTypeConversionDict, TypeConversionDict
from demijohn.http.uploads import FileStorage
