"""The names that probes use, bound to the originals or to demijohn.

Each name is listed once, with its two homes. A probe takes the namespace as its first argument and does not know which it has.
"""

import importlib
from types import SimpleNamespace

# name -> (home in the originals, home in demijohn); "module:name" where the names differ
_STRUCTURES = "werkzeug.datastructures"
_HTTP = "werkzeug.http"
_HOMES = {
    **dict.fromkeys(
        ["MultiDict", "ImmutableMultiDict", "CombinedMultiDict", "FileMultiDict"],
        (_STRUCTURES, "demijohn.http.multidict"),
    ),
    **dict.fromkeys(
        ["TypeConversionDict", "ImmutableTypeConversionDict"], (_STRUCTURES, "demijohn.http.typeconversion")
    ),
    **dict.fromkeys(["ImmutableDict", "ImmutableList"], (_STRUCTURES, "demijohn.http.immutable")),
    "CallbackDict": (_STRUCTURES, "demijohn.http.callbackdict"),
    **dict.fromkeys(["Headers", "EnvironHeaders"], (_STRUCTURES, "demijohn.http.headers")),
    "HeaderSet": (_STRUCTURES, "demijohn.http.headerset"),
    **dict.fromkeys(["Accept", "MIMEAccept", "LanguageAccept", "CharsetAccept"], (_STRUCTURES, "demijohn.http.accept")),
    **dict.fromkeys(["RequestCacheControl", "ResponseCacheControl"], (_STRUCTURES, "demijohn.http.cache_control")),
    "ContentSecurityPolicy": (_STRUCTURES, "demijohn.http.csp"),
    "ETags": (_STRUCTURES, "demijohn.http.etag"),
    **dict.fromkeys(["IfRange", "Range", "ContentRange"], (_STRUCTURES, "demijohn.http.ranges")),
    **dict.fromkeys(["Authorization", "WWWAuthenticate"], (_STRUCTURES, "demijohn.http.auth")),
    "FileStorage": (_STRUCTURES, "demijohn.http.uploads"),
    "parse_accept_header": (_HTTP, "demijohn.http.accept"),
    "parse_cache_control_header": (_HTTP, "demijohn.http.cache_control"),
    **dict.fromkeys(["parse_csp_header", "dump_csp_header"], (_HTTP, "demijohn.http.csp")),
    "parse_set_header": (_HTTP, "demijohn.http.headerset"),
    **dict.fromkeys(
        [
            "dump_header",
            "dump_options_header",
            "parse_dict_header",
            "parse_list_header",
            "parse_options_header",
            "quote_header_value",
            "unquote_header_value",
        ],
        (_HTTP, "demijohn.http.options"),
    ),
    **dict.fromkeys(["parse_if_range_header", "parse_range_header"], (_HTTP, "demijohn.http.ranges")),
    **dict.fromkeys(["parse_content_range_header", "is_byte_range_valid"], (_HTTP, "demijohn.http.ranges")),
    **dict.fromkeys(["parse_date", "http_date", "parse_age", "dump_age"], (_HTTP, "demijohn.http.dates")),
    **dict.fromkeys(["parse_cookie", "dump_cookie"], (_HTTP, "demijohn.http.cookies")),
    **dict.fromkeys(["parse_etags", "quote_etag", "unquote_etag", "generate_etag"], (_HTTP, "demijohn.http.etag")),
    **dict.fromkeys(
        [
            "is_resource_modified",
            "is_entity_header",
            "is_hop_by_hop_header",
            "remove_entity_headers",
            "remove_hop_by_hop_headers",
        ],
        (_HTTP, "demijohn.http.conditional"),
    ),
    "HTTP_STATUS_CODES": (_HTTP, "demijohn.http.status"),
    **dict.fromkeys(["iri_to_uri", "uri_to_iri"], ("werkzeug.urls", "demijohn.http.urls")),
    "get_host": ("werkzeug.sansio.utils", "demijohn.http.host"),
    "host_is_trusted": ("werkzeug.sansio.utils", "demijohn.http.host"),
    "get_current_url": ("werkzeug.sansio.utils", "demijohn.http.host"),
    "safe_join": ("werkzeug.security", "demijohn.http.security"),
    "secure_filename": ("werkzeug.utils", "demijohn.http.security"),
    **dict.fromkeys(["generate_password_hash", "check_password_hash"], ("werkzeug.security", "demijohn.http.security")),
    **dict.fromkeys(
        ["HTTPException", "Aborter", "abort", "default_exceptions", "MethodNotAllowed", "Unauthorized"],
        ("werkzeug.exceptions", "demijohn.http.errors"),
    ),
    **dict.fromkeys(
        ["RequestedRangeNotSatisfiable", "TooManyRequests", "ServiceUnavailable", "BadRequestKeyError", "NotFound"],
        ("werkzeug.exceptions", "demijohn.http.errors"),
    ),
    **dict.fromkeys(["InternalServerError", "Forbidden"], ("werkzeug.exceptions", "demijohn.http.errors")),
    "LimitedStream": ("werkzeug.wsgi", "demijohn.http.stream"),
    "Request": ("werkzeug.wrappers", "demijohn.message.request"),
    "Response": ("werkzeug.wrappers", "demijohn.message.response"),
    "send_file": ("werkzeug.utils", "demijohn.message.files"),
    "send_from_directory": ("werkzeug.utils", "demijohn.message.files"),
    "redirect": ("werkzeug.utils", "demijohn.message.redirect"),
    "append_slash_redirect": ("werkzeug.utils", "demijohn.message.redirect"),
    "EnvironBuilder": ("werkzeug.test", "demijohn.testing"),
    "Client": ("werkzeug.test", "demijohn.testing"),
    "run_wsgi_app": ("werkzeug.test", "demijohn.testing"),
    **dict.fromkeys(
        ["Map", "Rule", "Submount", "Subdomain", "EndpointPrefix", "RuleTemplate", "RequestRedirect", "BuildError"],
        ("werkzeug.routing", "demijohn.routing"),
    ),
    **dict.fromkeys(["ClosingIterator", "FileWrapper", "wrap_file"], ("werkzeug.wsgi", "demijohn.message.wsgi")),
    **dict.fromkeys(["get_input_stream", "get_content_length"], ("werkzeug.wsgi", "demijohn.http.stream")),
    "ProxyFix": ("werkzeug.middleware.proxy_fix", "demijohn.middleware"),
    "SharedDataMiddleware": ("werkzeug.middleware.shared_data", "demijohn.middleware"),
    "DispatcherMiddleware": ("werkzeug.middleware.dispatcher", "demijohn.middleware"),
    **dict.fromkeys(
        ["Local", "LocalStack", "LocalProxy", "LocalManager", "release_local"], ("werkzeug.local", "demijohn.local")
    ),
    "BaseConverter": ("werkzeug.routing", "demijohn.routing"),
    "Flask": ("flask", "demijohn:Demijohn"),
    **dict.fromkeys(
        [
            "Blueprint",
            "after_this_request",
            "flash",
            "g",
            "get_flashed_messages",
            "jsonify",
            "make_response",
            "render_template_string",
            "request",
            "session",
            "stream_with_context",
            "url_for",
        ],
        ("flask", "demijohn"),
    ),
    "flask": ("flask:", "demijohn:"),
    **dict.fromkeys(["MethodView", "View"], ("flask.views", "demijohn.app.views")),
    "Config": ("flask", "demijohn"),
    **dict.fromkeys(["ScriptInfo", "load_dotenv"], ("flask.cli", "demijohn.manage.cli")),
    **dict.fromkeys(["SessionInterface", "SessionMixin"], ("flask.sessions", "demijohn.app.sessions")),
    "TaggedJSONSerializer": ("flask.json.tag", "demijohn.app.json.tag"),
}


def bind(is_original: bool) -> SimpleNamespace:
    """The namespace of one side."""
    bound = SimpleNamespace()
    for name, homes in _HOMES.items():
        module, colon, other_name = homes[0 if is_original else 1].partition(":")
        home = importlib.import_module(module)
        setattr(bound, name, home if colon and not other_name else getattr(home, other_name or name))
    return bound
