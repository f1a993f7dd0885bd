"""`test_app`: a WSGI application that shows what it is run with, to see whether a server works. COMPAT: `werkzeug.testapp`."""

import os
import sys
from collections.abc import Iterator

from markupsafe import Markup, escape

from demijohn.message.request import Request
from demijohn.message.response import Response

_PAGE = Markup("""<!doctype html>
<html lang=en>
<title>It works</title>
<h1>It works</h1>
<p>Python {version} on {platform} ({os})
<h2>WSGI environment</h2>
<table>{rows}</table>
<h2>sys.path</h2>
<ul>{path}</ul>
""")


def iter_sys_path() -> Iterator[tuple[str, bool, bool]]:
    """Yield each entry of `sys.path` as an absolute path, whether it is not there, and whether it was written otherwise."""
    for entry in sys.path:
        path = os.path.abspath(entry)
        yield path, not os.path.exists(path), path != entry


@Request.application
def test_app(req: Request) -> Response:
    """Show the environ and `sys.path`. For development: it tells everything."""
    rows = Markup("\n").join(
        Markup("<tr><th>{}<td><code>{}</code>").format(key, repr(value)) for key, value in sorted(req.environ.items())
    )
    path = Markup("\n").join(Markup("<li><code>{}</code>").format(each) for each, _, _ in iter_sys_path())
    page = _PAGE.format(version=escape(sys.version), platform=sys.platform, os=os.name, rows=rows, path=path)
    return Response(page, mimetype="text/html")


test_app.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for a test
