"""What `werkzeug.datastructures.mixins` has, from its homes."""

from demijohn.http.callbackdict import UpdateDictMixin
from demijohn.http.headers import ImmutableHeadersMixin
from demijohn.http.immutable import ImmutableDictMixin, ImmutableListMixin
from demijohn.http.multidict import ImmutableMultiDictMixin
