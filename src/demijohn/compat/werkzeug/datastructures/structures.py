"""What `werkzeug.datastructures.structures` has, from its homes."""

from demijohn.http.callbackdict import CallbackDict, UpdateDictMixin
from demijohn.http.headerset import HeaderSet
from demijohn.http.immutable import ImmutableDict, ImmutableDictMixin, ImmutableList, ImmutableListMixin
from demijohn.http.multidict import CombinedMultiDict, ImmutableMultiDict, ImmutableMultiDictMixin
from demijohn.http.multidict_base import MultiDict, iter_multi_items
from demijohn.http.orderedmultidict import ImmutableOrderedMultiDict as _ImmutableOrderedMultiDict
from demijohn.http.orderedmultidict import OrderedMultiDict as _OrderedMultiDict
from demijohn.http.typeconversion import ImmutableTypeConversionDict, TypeConversionDict
