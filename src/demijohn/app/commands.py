"""`AppGroup`: click commands that belong to an application and run inside its context. Made when `app.cli` is first touched."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

import click

from .scriptinfo import ScriptInfo
from .slot import has_app_context

F = TypeVar("F", bound=Callable[..., Any])


def with_appcontext(f: F) -> F:
    """Run a click callback in the context of the command line's application (see `ScriptInfo`), if none is at work."""

    @click.pass_context
    def wrapper(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        if not has_app_context():
            # The context is popped when click is done with the command, errors included.
            context.with_resource(context.ensure_object(ScriptInfo).load_app().app_context())
        return context.invoke(f, *args, **kwargs)

    return functools.update_wrapper(wrapper, f)  # type: ignore[return-value]  # click calls it like `f`


class AppGroup(click.Group):
    """A group whose commands run in the application's context unless they say `with_appcontext=False`."""

    def command(self, *args: Any, **kwargs: Any) -> Any:  # Any: click's decorator has many shapes
        """Add a command; as `click.Group.command`, and with the context."""
        wants_context = kwargs.pop("with_appcontext", True)
        decorate = super().command

        def decorator(f: Callable[..., Any]) -> click.Command:
            command: click.Command = decorate(*args, **kwargs)(with_appcontext(f) if wants_context else f)
            return command

        return decorator

    def group(self, *args: Any, **kwargs: Any) -> Any:
        """Add a group, by default of this class."""
        kwargs.setdefault("cls", AppGroup)
        return super().group(*args, **kwargs)
