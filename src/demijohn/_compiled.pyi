from collections.abc import Callable
from typing import Any

# Any: methods of different signatures.
def bind(classes: dict[str, type], constants: dict[str, object], /) -> dict[tuple[type, str], Callable[..., Any]]: ...
