"""`RefreshedApplication`: an application whose pages load themselves anew when something has changed; who gets that.

Here: from settings to `demijohn.debug.refresh`. Not here: what that does. In the processes that load the application.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from .._base.changefeed import ChangeFeed
from ..debug.refresh import refreshing
from ..doors.choose import handler_for
from ..seam import Handler
from .appspec import AppSpec
from .debugging import hosts_of
from .reloader.child import Child
from .settings.load import Settings


def refresh_hosts(settings: Settings, *, is_debug: bool) -> tuple[str, ...] | None:
    """Return the names at which pages refresh themselves, beside this machine's own; `None`: they do so nowhere."""
    is_debug = is_debug or settings["debugger"] is True
    return hosts_of(settings)[0] if is_debug and settings["browser_refresh"] else None


def with_refresh(
    application: Any, *, child: Child, settings: Settings, is_debug: bool
) -> Any:  # Any: a WSGI application, or an AppSpec
    """Return the application, with pages that refresh themselves if that is wanted; of one that is to be loaded, when it is."""
    hosts = refresh_hosts(settings, is_debug=is_debug)
    if hosts is None:
        return application
    if isinstance(application, AppSpec):
        return application.wrapped(lambda loaded: RefreshedApplication(loaded, lambda: child.feed, hosts))
    return RefreshedApplication(application, lambda: child.feed, hosts)


class RefreshedApplication:
    """Served as the application itself is, through the same door. As a WSGI application it adds nothing."""

    def __init__(
        self, application: Any, feed: Callable[[], ChangeFeed], hosts: Collection[str]
    ) -> None:  # Any: any application
        self.app = application
        self._feed = feed
        self._hosts = hosts

    @property
    def lifecycle(self) -> Any:  # Any: whatever the application has
        """What the application does when serving begins and ends."""
        return getattr(self.app, "lifecycle", None)

    def exchange_handler(self) -> Handler:
        """Return what serves this."""
        return refreshing(handler_for(self.app), self._feed, self._hosts)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # Any: see PEP 3333
        """Answer as a WSGI application."""
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer
