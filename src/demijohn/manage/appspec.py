"""`AppSpec`: an application that is not there yet: each process that serves it loads it. Plain data."""

from collections.abc import Callable
from typing import Any

from .._base.record import record
from .settings.load import Settings


@record
class AppSpec:
    """Where an application is: to be loaded in the process that serves it, so that another process gets its code of today."""

    load: Callable[[], Any]
    """Returns it. Raises `BootError` with a message for a person, `NoApplicationError` if there is none; or what it raises."""
    anew: Callable[[Settings], "AppSpec"] | None = None
    """Returns where it is by settings that were read anew."""

    def wrapped(self, wrap: Callable[[Any], Any]) -> "AppSpec":  # Any: applications
        """Return where it is, to be wrapped when it is loaded."""
        load, anew = self.load, self.anew
        return AppSpec(lambda: wrap(load()), None if anew is None else lambda settings: anew(settings).wrapped(wrap))
