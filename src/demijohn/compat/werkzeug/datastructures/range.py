"""What `werkzeug.datastructures.range` has, from its homes."""

from demijohn.http.ranges import ContentRange, IfRange, Range
