"""Views as classes: `View`, and `MethodView` with a method per HTTP method."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar

from .globals import current_context, request

_HTTP_METHODS = frozenset({"get", "post", "head", "options", "delete", "put", "trace", "patch"})


class View:
    """A view that is a class: `app.add_url_rule("/x", view_func=MyView.as_view("x"))`. Subclasses give `dispatch_request`."""

    methods: ClassVar[Collection[str] | None] = None
    """Methods the view takes; as for `route`."""

    provide_automatic_options: ClassVar[bool | None] = None
    """Whether OPTIONS is answered for it; as for `route`."""

    decorators: ClassVar[Sequence[Callable[..., Any]]] = ()
    """Applied to the view function, first one first (so the last is the outermost)."""

    init_every_request: ClassVar[bool] = True
    """Make an instance per request. With `False` there is one for all, which then may not keep anything on `self`."""

    def dispatch_request(self, **kwargs: Any) -> Any:  # Any: whatever a view may return
        """Answer the request; called with the values of the rule."""
        raise NotImplementedError

    @classmethod
    def as_view(cls, name: str, *class_args: Any, **class_kwargs: Any) -> Callable[..., Any]:
        """Return a view function named `name`, which is the endpoint; the other arguments go to the class."""
        view: Any  # Any: a function with attributes
        if cls.init_every_request:

            def view(**kwargs: Any) -> Any:
                instance = view.view_class(*class_args, **class_kwargs)
                return current_context().app.ensure_sync(instance.dispatch_request)(**kwargs)

        else:
            instance = cls(*class_args, **class_kwargs)

            def view(**kwargs: Any) -> Any:
                return current_context().app.ensure_sync(instance.dispatch_request)(**kwargs)

        # Decorators may look at the names, and may not pass them on.
        view.__module__, view.__name__ = cls.__module__, name
        for decorate in cls.decorators:
            view = decorate(view)
        view.__module__, view.__name__, view.__doc__ = cls.__module__, name, cls.__doc__
        # On the outermost function: extensions look there, and `view_class` may be replaced there (mocks do).
        view.methods, view.provide_automatic_options = cls.methods, cls.provide_automatic_options
        view.view_class = cls
        function: Callable[..., Any] = view
        return function


class MethodView(View):
    """A view whose methods `get`, `post` ... answer the HTTP methods; `methods` follows from which there are."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "methods" in cls.__dict__:
            return
        methods: set[str] = set()
        for base in cls.__bases__:
            methods.update(getattr(base, "methods", None) or ())
        methods.update(name.upper() for name in _HTTP_METHODS if hasattr(cls, name))
        if methods:
            cls.methods = methods

    def dispatch_request(self, **kwargs: Any) -> Any:
        """Call the method of the request's method; `get` also answers HEAD."""
        name = request.method.lower()
        method = getattr(self, name, None)
        if method is None and name == "head":
            method = getattr(self, "get", None)
        assert method is not None, f"{type(self).__name__} has no method for {request.method}"  # noqa: S101 - COMPAT
        return current_context().app.ensure_sync(method)(**kwargs)
