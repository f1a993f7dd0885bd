"""Imported by a child's interpreter before the program: whatever ends it, the parent is told.

It is found through PYTHONPATH, which it puts back at once, and gives way to the module of the same name that there may be
otherwise. Where an interpreter is told to look at neither (`-E`, `-I`, `-S`), the parent knows an exit code only.
"""

import atexit
import importlib.util
import os
import sys

_VARIABLE = "DEMIJOHN_RELOADER_PYTHONPATH"


def _give_way() -> None:
    """Let everything be as if this file was not there."""
    here = os.path.dirname(os.path.abspath(__file__))
    before = os.environ.pop(_VARIABLE, None)
    if before is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = before
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here]
    sys.path_importer_cache.pop(here, None)
    spec = importlib.util.find_spec("sitecustomize") if sys.modules.pop("sitecustomize", None) else None
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


def _tell() -> None:
    """Tell of the exception that ends the program, if one does; its traceback has been printed."""
    error = getattr(sys, "last_value", None)
    if error is not None and not isinstance(error, KeyboardInterrupt):
        from demijohn.manage.reloader.current import current_child

        child = current_child()
        if child is not None:
            child.failed(error)


atexit.register(_tell)
_ours = sys.modules.get(__name__)
_give_way()
if __name__ not in sys.modules and _ours is not None:
    sys.modules[__name__] = _ours  # the import system expects to find what it has imported
