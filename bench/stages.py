"""Where a request's time goes in `app(environ, start_response)`: `python -m bench.stages`.

For each case of bench.application the Python calls and the microseconds of each stage. Calls are counted once and are exact;
a stage's time is the difference of two runs, one that ends before it and one behind, so small ones are noisy.
"""

import io
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import demijohn

from .application import environ_for, make_application
from .turns import Case, microseconds

BODY = b"a=1&b=2"
ROUNDS = 4
STAGES = (
    "request and context",
    "push (match) and pop",
    "hooks and view",
    "make_response",
    "process_response",
    "hand over",
)


def requests_of(app: Any) -> dict[str, Callable[[], dict[str, Any]]]:  # Any: an application; environs hold anything
    """Return what makes the environ of each case."""
    serializer = app.session_interface.get_signing_serializer(app)
    cookie = f"session={serializer.dumps({'name': 'zoe'})}"
    form: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(BODY)),
    }

    def with_body() -> dict[str, Any]:
        return {"wsgi.input": io.BytesIO(BODY)}

    return {
        "hello": lambda: environ_for("/"),
        "JSON": lambda: environ_for("/json/17", "q=abc"),
        "404": lambda: environ_for("/nowhere"),
        "session, read": lambda: environ_for("/session", HTTP_COOKIE=cookie),
        "session, written": lambda: environ_for("/login"),
        "form": lambda: environ_for("/form", "", **form, **with_body()),
        "two url_for": lambda: environ_for("/urls"),
    }


def up_to(app: Any, make_environ: Callable[[], dict[str, Any]], last: int) -> Case:  # Any: see requests_of
    """Return a request that stops behind a stage; stage -1 is making the environ."""

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        """Do nothing."""

    def work(environ: dict[str, Any]) -> None:
        try:
            value = app.preprocess_request()
            if value is None:
                value = app.dispatch_request()
        except Exception as error:  # noqa: BLE001 - as full_dispatch_request does
            value = app.handle_user_exception(error)
        if last >= 3:
            response = app.make_response(value)
            if last >= 4:
                response = app.process_response(response)
                if last >= 5:
                    body = response(environ, start_response)
                    for _ in body:
                        pass
                    body.close()

    def once() -> None:
        environ = make_environ()
        if last < 0:
            return
        ctx = app.request_context(environ)
        if last >= 1:
            ctx.push()
            try:
                if last >= 2:
                    work(environ)
            finally:
                ctx.pop(None)

    return once


def calls(case: Case) -> int:
    """Return how many Python functions a case enters."""
    count = 0

    def counter(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"

    for _ in range(5):  # plans, caches
        case()
    sys.setprofile(counter)
    try:
        case()
    finally:
        sys.setprofile(None)
    return count


def main() -> None:
    """Measure and print a table."""
    app = make_application(demijohn)
    print("| calls / us | " + " | ".join(STAGES) + " | all |\n|---|" + "--:|" * (len(STAGES) + 1))
    for name, make_environ in requests_of(app).items():
        cases = [up_to(app, make_environ, last) for last in range(-1, len(STAGES))]
        counts = [calls(case) for case in cases]
        rounds = [[microseconds(case) for case in cases] for _ in range(ROUNDS)]
        times = [min(several) for several in zip(*rounds, strict=True)]
        cells = [
            f"{counts[at + 1] - counts[at]} / {max(0.0, times[at + 1] - times[at]):.1f}" for at in range(len(STAGES))
        ]
        print(f"| {name} | " + " | ".join(cells) + f" | {counts[-1] - counts[0]} / {times[-1] - times[0]:.1f} |")


if __name__ == "__main__":
    main()
