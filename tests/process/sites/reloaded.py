"""Served with the reloader as its first argument says: what tells how a child is started, and that it is one."""

import json
import os
import sys

from demijohn import Demijohn
from demijohn.serving import is_running_from_reloader, run_simple

app = Demijohn(__name__)


@app.get("/")
def tell():
    return {
        "pid": os.getpid(),
        "parent": os.getppid(),
        "argv": sys.argv,
        "main": sys.modules["__main__"].__file__,
        "package": sys.modules["__main__"].__package__,
        "from_reloader": is_running_from_reloader(),
        "path": os.environ.get("PYTHONPATH"),
        "left": sorted(name for name in os.environ if name.startswith("DEMIJOHN_RELOADER")),
    }


if __name__ == "__main__":
    run_simple("127.0.0.1", 0, app, use_reloader=True, **json.loads(sys.argv[1]))
