"""Whether this process imports `flask` and `werkzeug` from this package; `demijohn.dropin` says so, once and for good.

For the few texts in which programs look for the name (`<flask.g of ...>`). Any thread may read it.
"""

_names: list[str] = []


def serve_flask() -> None:
    """Say that they are."""
    _names[:] = ["flask"]


def own_name() -> str:
    """Return what this package is called by who uses it: `flask` or `demijohn`."""
    return _names[0] if _names else "demijohn"
