"""Header fields of a test request: setting them, and what they are in an environ. Functions without state."""

from base64 import b64encode
from typing import Any

from demijohn.http.headers import Headers


def render_auth(auth: Any) -> str:  # Any: an `Authorization`, or a pair of str
    """Render an Authorization field; a pair is user name and password for Basic (RFC 7617)."""
    if isinstance(auth, tuple):
        user, password = auth
        return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
    return str(auth.to_header())


def set_field(headers: Headers, name: str, value: str | None) -> None:
    """Set a field, or remove it with `None`."""
    if value is None:
        headers.remove(name)
    else:
        headers[name] = value


def field_variables(headers: Headers) -> dict[str, str]:
    """Return header fields as an environ has them: the lines of a name joined, in order."""
    variables: dict[str, str] = {}
    for name, value in headers:
        key = "HTTP_" + name.upper().replace("-", "_")
        if key in variables:
            # RFC 9110 §5.3; cookies are the exception, RFC 6265 §5.4.
            variables[key] += f"{'; ' if key == 'HTTP_COOKIE' else ', '}{value}"
        elif key not in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
            variables[key] = value
    return variables
