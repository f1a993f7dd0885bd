"""Credentials and challenges: the `Authorization` and `WWW-Authenticate` fields (RFC 9110 §11, RFC 7617, RFC 7616)."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, Self

from .callbackdict import CallbackDict
from .options import parse_dict_header, quote_header_value, render_dict_header

# RFC 7616 §3.3: these are quoted whatever they contain; the others of a challenge are not.
_QUOTED_IN_DIGEST: Final = frozenset({"domain", "nonce", "opaque", "qop", "realm"})


def _parse(value: str) -> tuple[str, str]:
    """Split into lower-case scheme and the rest."""
    scheme, _, rest = value.partition(" ")
    return scheme.lower(), rest.strip()


def _decode_basic(credentials: str) -> dict[str, str | None] | None:
    """Return user name and password of Basic credentials (RFC 7617 §2); `None` if they are not base64 of UTF-8."""
    try:
        text = base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    username, _, password = text.partition(":")
    return {"username": username, "password": password}


class Authorization:
    """The credentials of a request: a scheme with parameters, or with a token.

    Parameters are items and attributes too; those that are missing are `None`. Basic has `username` and `password`.

    Attributes:
        type: the scheme in lower case.
        parameters: the parameters; empty if there is a token.
        token: what follows the scheme, if that is no list of parameters, as for Bearer.
    """

    __slots__ = ("__weakref__", "parameters", "token", "type")

    def __init__(self, auth_type: str, data: dict[str, str | None] | None = None, token: str | None = None) -> None:
        self.type = auth_type
        self.parameters: dict[str, str | None] = {} if data is None else data
        self.token = token

    def __getattr__(self, name: str) -> str | None:
        # Names with underscores are what copy and pickle probe for on half-made objects; no parameter has such a name.
        if name.startswith("_") or name in self.__slots__:
            raise AttributeError(name)
        return self.parameters.get(name)

    def __getitem__(self, name: str) -> str | None:
        return self.parameters.get(name)

    def get(self, key: str, default: str | None = None) -> str | None:
        """Return a parameter, the default if it is missing."""
        return self.parameters.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self.parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Authorization):
            return NotImplemented
        return (self.type, self.token, self.parameters) == (other.type, other.token, other.parameters)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __copy__(self) -> Self:
        return type(self)(self.type, dict(self.parameters), self.token)

    @classmethod
    def from_header(cls, value: str | None) -> Self | None:
        """Parse a field value; `None` if it is missing, or Basic credentials are malformed."""
        if not value:
            return None
        scheme, rest = _parse(value)
        if scheme == "basic":
            basic = _decode_basic(rest)
            return None if basic is None else cls(scheme, basic)
        # RFC 9110 §11.2: a token has `=` at its end only, and parameters have them elsewhere.
        if "=" not in rest.rstrip("="):
            return cls(scheme, None, rest)
        return cls(scheme, parse_dict_header(rest))

    def to_header(self) -> str:
        """Render the field value."""
        if self.type == "basic":
            pair = f"{self.username or ''}:{self.password or ''}"
            return f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
        rest = render_dict_header(self.parameters) if self.token is None else self.token
        return f"{self.type.title()} {rest}".rstrip()

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        # SECURITY: what is logged must not contain the credentials.
        return f"<{type(self).__name__} {self.type.title()}>"


class WWWAuthenticate:
    """A challenge of an answer: a scheme with parameters, or with a token. Calls `_on_update(self)` after each change.

    Parameters are items and attributes too; those that are missing are `None`, and setting `None` removes them.
    Attributes that begin with an underscore, and the properties, are no parameters.
    """

    __slots__ = ("__weakref__", "_on_update", "_parameters", "_token", "_type")

    _type: str
    _token: str | None
    _parameters: dict[str, str | None]
    _on_update: Callable[["WWWAuthenticate"], None] | None

    def __init__(self, auth_type: str, values: dict[str, str | None] | None = None, token: str | None = None) -> None:
        self._on_update = None
        self._type = auth_type.lower()
        self._token = token
        self._set_parameters(values or {})

    def _set_parameters(self, values: Mapping[str, str | None]) -> None:
        self._parameters = CallbackDict(values, lambda _: self._changed())

    def _changed(self) -> None:
        if self._on_update is not None:
            self._on_update(self)

    @property
    def type(self) -> str:
        """The scheme in lower case."""
        return self._type

    @type.setter  # noqa: A003  # COMPAT: the public name
    def type(self, value: str) -> None:
        self._type = value.lower()
        self._changed()

    @property
    def parameters(self) -> dict[str, str | None]:
        """The parameters; a change of them is a change of the challenge."""
        return self._parameters

    @parameters.setter
    def parameters(self, value: Mapping[str, str | None]) -> None:
        self._set_parameters(value)
        self._changed()

    @property
    def token(self) -> str | None:
        """What follows the scheme instead of parameters."""
        return self._token

    @token.setter
    def token(self, value: str | None) -> None:
        self._token = value
        self._changed()

    def __getitem__(self, key: str) -> str | None:
        return self._parameters.get(key)

    def __setitem__(self, key: str, value: str | None) -> None:
        if value is not None:
            self._parameters[key] = value
        elif key in self._parameters:
            del self._parameters[key]

    def __delitem__(self, key: str) -> None:
        self[key] = None

    def __getattr__(self, name: str) -> str | None:
        # As in Authorization.
        if name.startswith("_"):
            raise AttributeError(name)
        return self._parameters.get(name)

    def __setattr__(self, name: str, value: Any) -> None:  # Any: of a parameter, or of a property
        if name.startswith("_") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __delattr__(self, name: str) -> None:
        if name.startswith("_") or hasattr(type(self), name):
            object.__delattr__(self, name)
        else:
            self[name] = None

    def get(self, key: str, default: str | None = None) -> str | None:
        """Return a parameter, the default if it is missing."""
        return self._parameters.get(key, default)

    def __contains__(self, key: str) -> bool:
        return key in self._parameters

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WWWAuthenticate):
            return NotImplemented
        return (self._type, self._token, self._parameters) == (other._type, other._token, other._parameters)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __reduce__(self) -> tuple[Any, ...]:  # Any: what pickle asks for
        # The callback belongs to the response that made this one; a copy has none.
        return type(self), (self._type, dict(self._parameters), self._token)

    @classmethod
    def from_header(cls, value: str | None) -> Self | None:
        """Parse a field value with one challenge; `None` if it is missing."""
        if not value:
            return None
        scheme, rest = _parse(value)
        # As in Authorization.
        if "=" not in rest.rstrip("="):
            return cls(scheme, None, rest or None)
        return cls(scheme, parse_dict_header(rest))

    def to_header(self) -> str:
        """Render the field value."""
        if self._token is not None:
            rest = self._token
        elif self._type == "digest":
            rest = ", ".join([_digest_parameter(key, value) for key, value in self._parameters.items()])
        else:
            rest = render_dict_header(self._parameters)
        return f"{self._type.title()} {rest}".rstrip()

    def __str__(self) -> str:
        return self.to_header()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.to_header()}>"


def _digest_parameter(key: str, value: object) -> str:
    if value is None:
        return key
    return f"{key}={quote_header_value(value, allow_token=key not in _QUOTED_IN_DIGEST)}"


def parse_authorization(value: str | None) -> Authorization | None:
    """Parse an `Authorization` field value."""
    return Authorization.from_header(value)


def render_authorization(value: Authorization) -> str:
    """Render an `Authorization` field value."""
    return value.to_header()


def parse_www_authenticate(value: str | None) -> WWWAuthenticate | None:
    """Parse a `WWW-Authenticate` field value with one challenge."""
    return WWWAuthenticate.from_header(value)


def render_www_authenticate(value: WWWAuthenticate) -> str:
    """Render a `WWW-Authenticate` field value."""
    return value.to_header()
