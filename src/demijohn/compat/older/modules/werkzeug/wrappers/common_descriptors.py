"""What `werkzeug.wrappers.common_descriptors` had."""

from demijohn._base.older import warn_older
from demijohn.compat.older.mixins import CommonRequestDescriptorsMixin, CommonResponseDescriptorsMixin

warn_older(
    "'werkzeug.wrappers.common_descriptors' was removed in Werkzeug 2.1. Use 'werkzeug.wrappers', whose classes have it all."
)
