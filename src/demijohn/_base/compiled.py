"""`Twins`: compiled methods in the place of Python's, if there are any, and back.

A twin (src/c) does the plain case of a Python method, and calls that method for whatever is not plain: with twins everything is
done the same, sooner. They are optional: where the package was built without a compiler, or with `DEMIJOHN_PURE` in the
environment, everything runs in Python. Each room that has twins says so in its `compiled.py`.
"""

import os
from collections.abc import Callable, Mapping
from typing import Any, Final

Method = Callable[..., Any]  # Any: of different signatures

PURE: Final = "DEMIJOHN_PURE"
"""The environment variable: with any value but an empty one, nothing compiled is used."""


class Twins:
    """The twins of one room. For the thread that starts the process, while nothing is served.

    `binder` is the function of `demijohn._compiled` that makes them of the room's classes and constants, by their names.
    """

    def __init__(self, binder: str, classes: Mapping[str, type], constants: Mapping[str, object]) -> None:
        self.binder = binder
        self.classes = dict(classes)
        self.constants = dict(constants)
        self._compiled: dict[tuple[type, str], Method] = {}
        # What stands in the class when its twin is not in use; `None`: nothing does, it is inherited.
        self._python: dict[tuple[type, str], Method | None] = {}
        if not os.environ.get(PURE):
            self.use()

    def use(self) -> bool:
        """Put the twins in their places; False if there are none."""
        if not self._compiled:
            try:
                import demijohn._compiled as compiled

                self._compiled = getattr(compiled, self.binder)(self.classes, self.constants)
            except ImportError:  # not built, or not for this interpreter
                return False
            self._python = {(kind, name): vars(kind).get(name) for kind, name in self._compiled}
        for (kind, name), method in self._compiled.items():
            setattr(kind, name, method)
        return True

    def drop(self) -> None:
        """Put the Python methods back."""
        for (kind, name), method in self._python.items():
            if method is not None:
                setattr(kind, name, method)
            elif name in vars(kind):
                delattr(kind, name)

    @property
    def are_used(self) -> bool:
        """Whether they are in use."""
        return any(vars(kind).get(name) is method for (kind, name), method in self._compiled.items())
