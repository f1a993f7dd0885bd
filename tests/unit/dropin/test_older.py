"""Every older name of the table: it is there, warns once, at the line that asks, and is what the table says; in one process."""

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow


def run(tmp_path, code):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    done = subprocess.run([sys.executable, "-W", "error", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_name_and_module(tmp_path):
    run(
        tmp_path,
        """
        import importlib, sys, warnings
        import demijohn.compat
        from demijohn.dropin.older import OLDER, OLDER_MODULES

        def warned(action):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                value = action()
            assert [(each.category, each.filename) for each in caught] == [(DeprecationWarning, __file__)], (caught, value)
            return value, str(caught[0].message)

        for module, names in OLDER.items():
            public = importlib.import_module(module)
            for name, older in names.items():
                assert name not in vars(public), f"{module}.{name} is not older: it is there"
                value, message = warned(lambda: getattr(public, name))
                assert message.startswith(f"'{name}' of '{module}' was") and older.instead in message and older.gone in message
        quiet = {"werkzeug.contrib"}
        for module in OLDER_MODULES:
            if module in quiet:
                importlib.import_module(module)
            else:
                sys.modules.pop(module, None)
                _, message = warned(lambda: importlib.import_module(module))
                assert module in message
        """,
    )


def test_what_they_do(tmp_path):
    (tmp_path / "flask_thing.py").write_text("name = 'thing'\n")
    (tmp_path / "flask_pack").mkdir()
    (tmp_path / "flask_pack" / "__init__.py").write_text("")
    (tmp_path / "flask_pack" / "inner.py").write_text("name = 'inner'\n")
    run(
        tmp_path,
        """
        import warnings
        import demijohn.compat
        warnings.simplefilter("ignore")
        import hashlib, io

        # extensions
        import flask.ext.thing, flask_thing
        from flask.ext.pack.inner import name
        import flask_pack.inner
        assert flask.ext.thing is flask_thing and flask_thing.__spec__.name == "flask_thing" and name == "inner"
        try:
            import flask.ext.nowhere
        except ImportError as error:
            assert "flask.ext.nowhere" in str(error)
        else:
            raise AssertionError

        # quoting
        from werkzeug.urls import Href, url_decode, url_encode, url_fix, url_parse, url_quote, url_quote_plus, url_unquote
        assert (url_quote("a b/\\xfc&="), url_quote("a/b", safe=""), url_quote(5)) == ("a%20b/%C3%BC%26%3D", "a%2Fb", "5")
        assert (url_quote_plus("a b/"), url_unquote("a%20b%ff")) == ("a+b%2F", "a b\\ufffd")
        assert url_encode({"a": [1, 2], "b": None, "c": "x y"}) == "a=1&a=2&c=x+y"
        assert url_encode([("b", 1), ("a", 2)], sort=True) == "a=2&b=1"
        assert url_decode("a=1&a=2&c").to_dict(flat=False) == {"a": ["1", "2"], "c": [""]}
        assert url_fix("http://x/Elf (B)?c d=1") == "http://x/Elf%20(B)?c+d=1"
        url = url_parse("http://u:p%20w@h:80/a?x=1&x=2#f")
        assert (url.host, url.port, url.username, url.password, url.auth) == ("h", 80, "u", "p w", "u:p%20w")
        assert url.decode_query().getlist("x") == ["1", "2"] and url.replace(path="/z", query="", fragment="").to_url()[-2:] == "/z"
        href = Href("/foo")
        assert (href("bar", 23), href("a", {"q": "1 2"}), href.x.y(1), href()) == ("/foo/bar/23", "/foo/a?q=1+2", "/foo/x/y/1", "/foo")

        # markup
        from werkzeug.utils import escape, html, unescape, xhtml
        from flask import Markup, json
        assert html.p("a", html("<"), class_="k") == '<p class="k">a&lt;</p>' and (html.br(), xhtml.br()) == ("<br>", "<br />")
        assert (str(escape("<")), unescape("&lt;&eacute;"), html.input(checked=True, disabled=False)) == ("&lt;", "<\\xe9", "<input checked>")
        assert json.htmlsafe_dumps("</script>") == '"\\\\u003c/script\\\\u003e"'

        # secrets
        from werkzeug.security import pbkdf2_bin, pbkdf2_hex, safe_str_cmp
        assert safe_str_cmp("\\xfc", "\\xfc".encode()) and not safe_str_cmp("a", "ab")
        assert pbkdf2_bin("a", "b", 10, 16, hashlib.sha1) == hashlib.pbkdf2_hmac("sha1", b"a", b"b", 10, 16)
        assert pbkdf2_hex("a", "b", 10) == hashlib.pbkdf2_hmac("sha256", b"a", b"b", 10).hex()

        # environs and streams
        from werkzeug.wsgi import extract_path_info, make_chunk_iter, make_line_iter, peek_path_info, pop_path_info
        environ = {"SCRIPT_NAME": "/foo", "PATH_INFO": "/a/b"}
        assert pop_path_info(environ) == "a" and environ == {"SCRIPT_NAME": "/foo/a", "PATH_INFO": "/b"}
        assert peek_path_info(environ) == "b"
        assert extract_path_info("http://e.com/app", "/app/hello") == "/hello"
        assert extract_path_info("http://e.com/app", "http://f.com/app/hello") is None
        assert list(make_line_iter(io.BytesIO(b"a\\r\\nb\\rc\\nd!"), limit=8, buffer_size=2)) == [b"a\\r\\n", b"b\\r", b"c\\n", b"d"]
        assert list(make_chunk_iter([b"a|b", b"c|d"], "|")) == [b"a", b"bc", b"d"]

        # classes that were put together
        from werkzeug.wrappers import AcceptMixin, BaseRequest, BaseResponse, ETagResponseMixin, Request
        class Mine(BaseRequest, AcceptMixin): pass
        class Answer(BaseResponse, ETagResponseMixin): pass
        assert Mine({"HTTP_ACCEPT": "a/b", "wsgi.url_scheme": "http"}).accept_mimetypes.best == "a/b"
        assert isinstance(Answer("x"), BaseResponse)
        from werkzeug.useragents import UserAgent
        agent = UserAgent({"HTTP_USER_AGENT": "Mozilla/5.0 (X11; Linux x86_64; rv:94.0) Gecko/20100101 Firefox/94.0"})
        assert (agent.browser, agent.platform, agent.version, bool(agent)) == ("firefox", "linux", "94.0", True)

        # middleware
        from werkzeug.contrib.fixers import CGIRootFix, HeaderRewriterFix, ProxyFix
        from werkzeug.contrib.cache import SimpleCache
        from werkzeug.test import run_wsgi_app, create_environ
        cache = SimpleCache()
        cache.set("a", 1)
        assert cache.get("a") == 1
        def app(environ, start_response):
            start_response("200 OK", [("X-A", environ["REMOTE_ADDR"]), ("X-B", environ["HTTP_HOST"])])
            return [environ["SCRIPT_NAME"].encode()]
        environ = create_environ(headers={"X-Forwarded-For": "9.9.9.9, 1.2.3.4", "X-Forwarded-Host": "h"})
        body, _, headers = run_wsgi_app(ProxyFix(CGIRootFix(app, "/cgi/")), environ)
        assert (headers["X-A"], headers["X-B"], b"".join(body)) == ("1.2.3.4", "h", b"cgi")
        _, _, headers = run_wsgi_app(HeaderRewriterFix(ProxyFix(app), ["X-A"], {"X-C": "c"}), environ)
        assert "X-A" not in headers and headers["X-C"] == "c"

        # the rest
        from werkzeug.utils import ArgumentValidationError, bind_arguments, validate_arguments
        def function(a, b=2, *c, **d): pass
        assert bind_arguments(function, (1,), {})["b"] == 2
        assert validate_arguments(lambda a: None, (1, 2), {"x": 1}) == ((1,), {})
        try:
            validate_arguments(lambda a: None, (), {})
        except ArgumentValidationError as error:
            assert error.missing == {"a"}
        else:
            raise AssertionError
        from flask.helpers import locked_cached_property, total_seconds
        class Thing:
            @locked_cached_property
            def made(self): return object()
        thing = Thing()
        assert thing.made is thing.made
        from datetime import timedelta
        assert total_seconds(timedelta(minutes=1)) == 60
        from werkzeug.http import parse_authorization_header, parse_multipart_headers
        assert parse_authorization_header("Basic dTpw").username == "u"
        assert dict(parse_multipart_headers(["A: 1\\r\\n", " 2\\r\\n", "\\r\\n"])) == {"A": "1 2"}
        from werkzeug.routing import parse_rule
        assert list(parse_rule("/a/<int(min=1):x>/")) == [(None, None, "/a/"), ("int", "min=1", "x"), (None, None, "/")]
        """,
    )
