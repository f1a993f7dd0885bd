"""Small things that are gone: flags that are always true, messages, and what the environment says."""

import ipaddress
import os
from collections.abc import Callable
from typing import Any, Final

from demijohn.app.slot import NO_APP_CONTEXT, NO_REQUEST_CONTEXT

ALWAYS: Final = True
NO_APP: Final = str(NO_APP_CONTEXT[:])
NO_REQUEST: Final = str(NO_REQUEST_CONTEXT[:])


def get_env() -> str:
    """Return FLASK_ENV, by default `production`."""
    return os.environ.get("FLASK_ENV") or "production"


def is_ip(value: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def call_factory(script_info: Any, app_factory: Callable[..., Any], args: Any = None, kwargs: Any = None) -> Any:
    """Call a factory of applications."""  # Any: as its author has it
    return app_factory(*(args or ()), **(kwargs or {}))
