"""What `werkzeug.datastructures.accept` has, from its homes."""

from demijohn.http.accept import Accept, CharsetAccept, LanguageAccept, MIMEAccept
from demijohn.http.immutable import ImmutableList
