"""`with_mounts`: several applications behind one address, as the setting `mount` says. Before anything is served."""

from collections.abc import Callable, Mapping
from typing import Any

from ..app.application import Demijohn
from ..app.mounts import Mount, MountTable


class Switchboard(Demijohn):
    """An application that only has mounts: what none of them takes is for `rest`, or not found."""

    def __init__(self, rest: Any) -> None:  # Any: a foreign WSGI application, or None
        super().__init__("demijohn.manage.mounting", static_folder=None)
        self._mounts = MountTable()
        if rest is not None:
            self._mounts.add(Mount("rest", "", None, rest, self))


def with_mounts(application: Any, places: Mapping[str, str], load: Callable[[str], Any]) -> Any:
    """Return an application with others in it.

    Args:
        application: the one for everything else, which is given the mounts if it is a `Demijohn`; `None` for none.
        places: `/path`, `host` or `host/path` -> the words that lead to an application.
        load: returns the application that words lead to.

    Raises:
        ValueError: a place is none, or taken.
    """
    # Any throughout: an application is a `Demijohn` or a foreign one.
    root = application if isinstance(application, Demijohn) else Switchboard(application)
    for place, words in places.items():
        host, slash, path = place.partition("/")
        root.mount(f"{slash}{path}" or "/", load(words), host=host or None)
    return root
