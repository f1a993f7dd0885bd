"""Running every clean-up function, whatever the ones before it did, and raising afterwards what they raised."""

from collections.abc import Callable, Iterable
from typing import Any


def run_all(
    functions: Iterable[Callable[..., Any]], *args: Any, doing: str
) -> None:  # Any: hooks are the application's
    """Call each function with `args`.

    Raises:
        BaseException: what the one that failed raised; a group of that kind if several did.
    """
    errors: list[BaseException] = []
    for function in functions:
        try:
            function(*args)
        except BaseException as error:  # noqa: BLE001 - collected, and raised below
            errors.append(error)
    raise_all(errors, doing)


def raise_all(errors: list[BaseException], doing: str) -> None:
    """Raise the only error as it is, several as an (exception) group, nothing if there is none."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(f"Several errors while {doing}", errors)
