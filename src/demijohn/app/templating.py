"""Jinja2 with an application around it: the environment, and the loader that knows all blueprints' template folders.

The only importer of Jinja2; imported when an application needs its first template (or filter, or test).
"""

from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import BaseLoader, FileSystemLoader, TemplateNotFound
from jinja2 import Environment as BaseEnvironment

from .flashing import get_flashed_messages
from .globals import g, request, session
from .slot import current

Source = tuple[str, str | None, Callable[[], bool] | None]


class Environment(BaseEnvironment):
    """A Jinja environment that knows its application, and looks for templates in all its folders."""

    def __init__(self, app: Any, **options: Any) -> None:  # Any: the application imports this file
        if "loader" not in options:
            options["loader"] = app.create_global_jinja_loader()
        super().__init__(**options)
        self.app = app


def create_environment(app: Any) -> Any:  # Any: of the application's environment class
    """Make the environment of an application from `jinja_options` and the config."""
    options = dict(app.jinja_options)
    options.setdefault("autoescape", app.select_jinja_autoescape)
    if "auto_reload" not in options:
        wanted = app.config["TEMPLATES_AUTO_RELOAD"]
        options["auto_reload"] = app.debug if wanted is None else wanted
    environment = app.jinja_environment(app, **options)
    # Proxies, so that templates imported without context have them too.
    environment.globals.update(
        url_for=app.url_for,
        get_flashed_messages=get_flashed_messages,
        config=app.config,
        request=request,
        session=session,
        g=g,
    )
    environment.policies["json.dumps_function"] = app.json.dumps
    return environment


def folder_loader(path: str) -> FileSystemLoader:
    """Return a loader of the templates in a folder."""
    return FileSystemLoader(path)


class DispatchingJinjaLoader(BaseLoader):
    """Asks the application's loader, then those of the blueprints in the order of their registration."""

    def __init__(self, app: Any) -> None:  # Any: see Environment
        self.app = app

    def get_source(self, environment: BaseEnvironment, template: str) -> Source:
        """Return the source of the first folder that has the template.

        Raises:
            jinja2.TemplateNotFound: none has it.
        """
        explains = self.app.config["EXPLAIN_TEMPLATE_LOADING"]
        attempts: list[tuple[Any, BaseLoader, Source | None]] = []
        found: Source | None = None
        for owner, loader in self._iter_loaders():
            try:
                source: Source | None = loader.get_source(environment, template)
            except TemplateNotFound:
                source = None
            found = found or source
            attempts.append((owner, loader, source))
            if found is not None and not explains:
                break
        if explains:
            explain_loading(self.app, template, attempts)
        if found is None:
            raise TemplateNotFound(template)
        return found

    def _iter_loaders(self) -> Iterator[tuple[Any, BaseLoader]]:
        for owner in (self.app, *self.app.iter_blueprints()):
            if owner.jinja_loader is not None:
                yield owner, owner.jinja_loader

    def list_templates(self) -> list[str]:
        """Return the names of all templates."""
        return sorted({name for _, loader in self._iter_loaders() for name in loader.list_templates()})


def explain_loading(app: Any, template: str, attempts: list[tuple[Any, BaseLoader, Source | None]]) -> None:
    """Log where a template was looked for, and what was found; for `EXPLAIN_TEMPLATE_LOADING`."""
    lines = [f"Looking for the template {template!r}:"]
    for number, (owner, loader, source) in enumerate(attempts, 1):
        kind = "application" if owner is app else "blueprint"
        lines.append(
            f"{number:5}: trying loader of {kind} {owner.name!r} ({owner.import_name}), {type(loader).__name__}"
        )
        lines += [f"       folder {path}" for path in getattr(loader, "searchpath", ())]
        lines.append("       -> no match" if source is None else f"       -> found ({source[1] or '<string>'})")
    found = sum(source is not None for _, _, source in attempts)
    if found == 0:
        lines.append(
            "Error: the template could not be found. Is the folder where the application (or blueprint) expects it?"
        )
    elif found > 1:
        lines.append(
            f"{found} folders have it; the first is taken. Blueprints usually give their templates a folder of their own."
        )
    if found != 1:
        ctx = current(None)
        blueprint = ctx.request.blueprint if ctx is not None and ctx.has_request else None
        if blueprint is not None:
            lines.append(f"It was looked up from an endpoint that belongs to the blueprint {blueprint!r}.")
            lines.append(
                "See https://flask.palletsprojects.com/blueprints/#templates for where blueprints have theirs."
            )
    app.logger.info("\n".join(lines))
