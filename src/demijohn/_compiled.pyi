from collections.abc import Callable
from typing import Any

# Any: methods of different signatures.
def bind_app(
    classes: dict[str, type], constants: dict[str, object], /
) -> dict[tuple[type, str], Callable[..., Any]]: ...
def bind_server(
    classes: dict[str, type], constants: dict[str, object], /
) -> dict[tuple[type, str], Callable[..., Any]]: ...
