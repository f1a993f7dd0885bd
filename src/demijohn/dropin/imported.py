"""Modules that the originals import, by the names they have there: `from flask.cli import click` is written in the wild.

Data only, a line for each module: `name`, or `name=module` where it is imported under another one. The finder gives them when
they are asked for; a test holds the table against the originals.
"""

from typing import Final

_LINES: Final = {
    "flask": "t=typing",
    "flask.app": "cabc=collections.abc cli=flask.cli click ft=flask.typing os sys t=typing weakref",
    "flask.blueprints": "os t=typing",
    "flask.cli": "ast cabc=collections.abc click importlib inspect os platform re sys t=typing traceback",
    "flask.config": "errno json os t=typing types",
    "flask.ctx": "contextvars ft=flask.typing sys t=typing",
    "flask.debughelpers": "t=typing",
    "flask.globals": "t=typing",
    "flask.helpers": "importlib os sys t=typing werkzeug",
    "flask.json": "_json=json t=typing",
    "flask.json.provider": "dataclasses decimal json t=typing uuid weakref",
    "flask.json.tag": "t=typing",
    "flask.logging": "logging sys t=typing",
    "flask.sessions": "c=collections.abc t=typing",
    "flask.templating": "t=typing",
    "flask.testing": "importlib t=typing werkzeug",
    "flask.typing": "cabc=collections.abc t=typing",
    "flask.views": "ft=flask.typing t=typing",
    "flask.wrappers": "json=flask.json t=typing",
    "flask.sansio.app": "ft=flask.typing logging os sys t=typing",
    "flask.sansio.blueprints": "ft=flask.typing os t=typing",
    "flask.sansio.scaffold": "ft=flask.typing importlib os pathlib sys t=typing",
    "werkzeug._internal": "re sys t=typing",
    "werkzeug._reloader": "fnmatch os subprocess t=typing threading time",
    "werkzeug.datastructures": "t=typing",
    "werkzeug.datastructures.accept": "cabc=collections.abc codecs re t=typing",
    "werkzeug.datastructures.auth": "base64 binascii cabc=collections.abc t=typing",
    "werkzeug.datastructures.cache_control": "cabc=collections.abc http=werkzeug.http t=typing",
    "werkzeug.datastructures.csp": "cabc=collections.abc t=typing",
    "werkzeug.datastructures.etag": "cabc=collections.abc",
    "werkzeug.datastructures.file_storage": "cabc=collections.abc http=werkzeug.http mimetypes os t=typing",
    "werkzeug.datastructures.headers": "cabc=collections.abc http=werkzeug.http re t=typing",
    "werkzeug.datastructures.mixins": "cabc=collections.abc t=typing",
    "werkzeug.datastructures.range": "cabc=collections.abc http=werkzeug.http t=typing",
    "werkzeug.datastructures.structures": "cabc=collections.abc exceptions=werkzeug.exceptions http=werkzeug.http t=typing",
    "werkzeug.debug": "getpass hashlib json os pkgutil re sys t=typing time uuid",
    "werkzeug.debug.console": "code t=typing",
    "werkzeug.debug.repr": "codecs re sys t=typing",
    "werkzeug.debug.tbtools": "itertools linecache os re sys sysconfig t=typing traceback",
    "werkzeug.exceptions": "t=typing",
    "werkzeug.formparser": "t=typing",
    "werkzeug.http": "_sansio_http=werkzeug.sansio.http ds=werkzeug.datastructures email re t=typing warnings",
    "werkzeug.local": "copy math operator t=typing",
    "werkzeug.middleware.dispatcher": "t=typing",
    "werkzeug.middleware.http_proxy": "client=http.client t=typing",
    "werkzeug.middleware.lint": "t=typing",
    "werkzeug.middleware.profiler": "os sys t=typing time",
    "werkzeug.middleware.proxy_fix": "t=typing",
    "werkzeug.middleware.shared_data": "cabc=collections.abc importlib mimetypes os posixpath t=typing",
    "werkzeug.routing.converters": "re t=typing uuid",
    "werkzeug.routing.exceptions": "difflib t=typing",
    "werkzeug.routing.map": "t=typing warnings",
    "werkzeug.routing.matcher": "re t=typing",
    "werkzeug.routing.rules": "ast re t=typing",
    "werkzeug.sansio.http": "ds=werkzeug.datastructures re t=typing",
    "werkzeug.sansio.multipart": "re t=typing",
    "werkzeug.sansio.request": "t=typing",
    "werkzeug.sansio.response": "t=typing",
    "werkzeug.sansio.utils": "re t=typing",
    "werkzeug.security": "hashlib hmac os posixpath secrets",
    "werkzeug.serving": "errno io os selectors socket socketserver ssl sys t=typing",
    "werkzeug.test": "dataclasses mimetypes sys t=typing",
    "werkzeug.testapp": "importlib os sys t=typing",
    "werkzeug.urls": "codecs re t=typing urllib",
    "werkzeug.utils": "io mimetypes os pkgutil re sys t=typing unicodedata",
    "werkzeug.wrappers.request": "cabc=collections.abc functools json t=typing",
    "werkzeug.wrappers.response": "json t=typing",
    "werkzeug.wsgi": "_sansio_utils=werkzeug.sansio.utils io t=typing",
}

IMPORTED: Final = {
    module: {name: home or name for name, _, home in (each.partition("=") for each in line.split())}
    for module, line in _LINES.items()
}
"""Module -> name there -> the module that it is."""
