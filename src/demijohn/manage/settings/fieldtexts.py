"""`field_text`: what stands below a field of a dataclass. Read from the source when help is wanted, not before."""

import ast
import inspect
import textwrap
from functools import cache


def field_text(owner: type, name: str) -> str:
    """Return the docstring of a field, its lines joined; empty where Python's sources are not installed."""
    return _texts_of(owner).get(name, "")


@cache
def _texts_of(owner: type) -> dict[str, str]:
    try:
        source = inspect.getsource(owner)
    except (OSError, TypeError):
        return {}
    body = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - what a class's source is
    texts: dict[str, str] = {}
    for statement, below in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
        ):
            texts[statement.target.id] = " ".join(str(below.value.value).split())
    return texts
