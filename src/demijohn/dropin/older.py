"""What older versions of Flask and Werkzeug had, and programs and books still use: where it is today. One table.

A module that is asked for such a name warns (`DeprecationWarning`), names today's home, and gives it; see `CompatModule`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Older:
    """A name of an older version."""

    home: str
    """`module:attribute` of what it is here."""
    instead: str
    """What to write today."""


OLDER: Final[dict[str, dict[str, Older]]] = {
    "flask": {
        "Markup": Older("markupsafe:Markup", "markupsafe.Markup"),
        "escape": Older("markupsafe:escape", "markupsafe.escape"),
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "flask.g or flask.globals.app_ctx"),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "flask.g or flask.globals.request_ctx"),
    },
    "flask.globals": {
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "flask.g or flask.globals.app_ctx"),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "flask.g or flask.globals.request_ctx"),
    },
    "werkzeug.datastructures": {
        "OrderedMultiDict": Older(
            "demijohn.http.orderedmultidict:OrderedMultiDict", "MultiDict, whose keys are in order"
        ),
        "ImmutableOrderedMultiDict": Older(
            "demijohn.http.orderedmultidict:ImmutableOrderedMultiDict", "ImmutableMultiDict, whose keys are in order"
        ),
    },
    "werkzeug.wsgi": {
        "DispatcherMiddleware": Older(
            "demijohn.middleware.dispatcher:DispatcherMiddleware", "werkzeug.middleware.dispatcher.DispatcherMiddleware"
        ),
        "SharedDataMiddleware": Older(
            "demijohn.middleware.shared_data:SharedDataMiddleware",
            "werkzeug.middleware.shared_data.SharedDataMiddleware",
        ),
    },
}
"""Module -> name -> what it is."""

OLDER_MODULES: Final[dict[str, str]] = {}
"""Modules, files of `compat/`, that are there for older programs and warn when they are imported -> what to write today."""
