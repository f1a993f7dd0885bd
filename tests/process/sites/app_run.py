"""A script that ends in app.run, as tutorials have it."""

import os
import sys

from demijohn import Demijohn, request

app = Demijohn(__name__)


@app.route("/")
def index():
    return f"{os.getpid()} {request.environ['wsgi.multiprocess']} {app.debug}"


if __name__ == "__main__":
    more = {"reload_on_change": True} if "reload_on_change" in sys.argv else {}
    app.run(port=0, debug="debug" in sys.argv, processes=2 if "processes" in sys.argv else 1, **more)
