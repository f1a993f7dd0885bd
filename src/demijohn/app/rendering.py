"""`render_template` and its kin: templates with the variables of application and blueprints.

Knows no Jinja2, only `app.jinja_env`.
"""

from collections.abc import Iterator
from typing import Any

from .globals import current_context, g
from .signals import before_render_template, template_rendered
from .slot import current
from .travel import stream_with_context

# Any throughout: templates and their variables.
TemplateNames = Any


def default_variables() -> dict[str, Any]:
    """`g` and `request`, where they exist; every application's first context processor.

    Not the session: the environment's globals have its proxy, so a template that does not touch it leaves it closed, and the
    answer without `Vary: Cookie`.
    """
    ctx = current(None)
    if ctx is None:
        return {}
    if not ctx.has_request:
        return {"g": g._get_current_object()}
    return {"g": ctx.g, "request": ctx.request}


def _prepare(app: Any, template: Any, context: dict[str, Any]) -> None:
    app.update_template_context(context)
    if before_render_template.receivers:
        before_render_template.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _done(app: Any, template: Any, context: dict[str, Any]) -> None:
    if template_rendered.receivers:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, template=template, context=context)


def _render(app: Any, template: Any, context: dict[str, Any]) -> str:
    _prepare(app, template, context)
    text: str = template.render(context)
    _done(app, template, context)
    return text


def _stream(app: Any, template: Any, context: dict[str, Any]) -> Iterator[str]:
    _prepare(app, template, context)

    def generate() -> Iterator[str]:
        yield from template.generate(context)
        _done(app, template, context)

    ctx = current(None)
    return stream_with_context(generate()) if ctx is not None and ctx.has_request else generate()


def render_template(template_name_or_list: TemplateNames, **context: Any) -> str:
    """Render a template by name (of several, the first that exists) with `context`.

    Raises:
        jinja2.TemplateNotFound: there is none.
        RuntimeError: there is no application context.
    """
    app = current_context().app
    return _render(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def render_template_string(source: str, **context: Any) -> str:
    """Render template source, autoescaped, with `context`.

    Raises:
        RuntimeError: there is no application context.
    """
    app = current_context().app
    return _render(app, app.jinja_env.from_string(source), context)


def stream_template(template_name_or_list: TemplateNames, **context: Any) -> Iterator[str]:
    """As `render_template`, but piece by piece: return the iterator from a view to send the page while it is rendered."""
    app = current_context().app
    return _stream(app, app.jinja_env.get_or_select_template(template_name_or_list), context)


def stream_template_string(source: str, **context: Any) -> Iterator[str]:
    """As `render_template_string`, but piece by piece."""
    app = current_context().app
    return _stream(app, app.jinja_env.from_string(source), context)


def get_template_attribute(template_name: str, attribute: str) -> Any:
    """Return a macro or variable that a template exports, to use it from Python.

    Raises:
        AttributeError: the template has none of that name.
    """
    return getattr(current_context().app.jinja_env.get_template(template_name).module, attribute)
