"""Attribute access through a LocalProxy, beside direct access. `python -m bench.micro_local`.

The proxies are bound as `request`, `g` and `session` are: to a ContextVar and the name of a slot of what it holds.
"""

import timeit
from contextvars import ContextVar

from demijohn.local import Local, LocalProxy

LOOP = 1000
REPEATS = 15


class Context:
    """Stands for an application context."""

    __slots__ = ("request",)

    def __init__(self, request: object) -> None:
        self.request = request


class Request:
    """Stands for a request."""

    def __init__(self) -> None:
        self.path = "/"


def microseconds(statement: str, names: dict[str, object]) -> float:
    """Return the best time of one statement, without the loop around it."""

    def best(code: str) -> float:
        body = "\n    ".join([code] * 10)
        timer = timeit.Timer(f"for _ in range({LOOP // 10}):\n    {body}", globals=names)
        return min(timer.repeat(REPEATS, 20)) / 20 / LOOP * 1e6

    return best(statement) - best("pass")


def main() -> None:
    """Measure and print."""
    request = Request()
    variable: ContextVar[Context] = ContextVar("context")
    variable.set(Context(request))
    local = Local()
    local.request = request
    names: dict[str, object] = {
        "direct": request,
        "variable": variable,
        "proxy": LocalProxy(variable, "request"),
        "local": local,
        "local_proxy": local("request"),
        "function_proxy": LocalProxy(lambda: request),
    }
    direct = microseconds("direct.path", names)
    print(f"{'statement':34}{'us':>8}{'over direct':>13}")
    for statement in (
        "direct.path",
        "variable.get().request.path",
        "proxy.path",
        "proxy.path = '/'",
        "bool(proxy)",
        "proxy._get_current_object()",
        "local.request.path",
        "local_proxy.path",
        "function_proxy.path",
    ):
        taken = microseconds(statement, names)
        print(f"{statement:34}{taken:8.3f}{taken - direct:13.3f}")


if __name__ == "__main__":
    main()
