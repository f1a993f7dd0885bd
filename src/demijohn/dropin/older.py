"""What older versions of Flask and Werkzeug had, and programs and books still use: where it is today. One table.

A module that is asked for such a name warns (`DeprecationWarning`), names today's home, and gives it; see `CompatModule`.
Data only. Read by the finder, by `demijohn drop-in check`, by the docs and by the tests, which use every entry.
"""

from typing import Final, NamedTuple


class Older(NamedTuple):
    """A name of an older version."""

    home: str
    """`module:attribute` of what it is here."""

    gone: str
    """The release that removed it."""

    instead: str
    """What to write today."""


_OLDER = "demijohn.compat.older"
_PARSE = "urllib.parse"


def _from(gone: str, home: str, names: str, today: str | None = None) -> dict[str, Older]:
    """Return entries of names that are called the same in `home`; `today` is where people find them, by default there."""
    return {name: Older(f"{home}:{name}", gone, f"'{today or home}.{name}'") for name in names.split()}


_STACK = "'flask.g' for data of a request, 'flask.globals.app_ctx' or 'request_ctx' for the context"
_CACHED = "'functools.cached_property'"
_PROVIDER = "'flask.json.provider.DefaultJSONProvider' and 'app.json'"

_FLASK: Final = {
    "flask": {
        **_from("Flask 3.0", "markupsafe", "Markup escape"),
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "Flask 2.4", _STACK),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.4", _STACK),
        "safe_join": Older("werkzeug.utils:safe_join", "Flask 2.1", "'werkzeug.utils.safe_join'"),
        "json_available": Older(f"{_OLDER}.flags:ALWAYS", "Flask 2.0", "nothing: JSON is always there"),
        "signals_available": Older(f"{_OLDER}.flags:ALWAYS", "Flask 2.3", "nothing: signals are always there"),
    },
    "flask.globals": {
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "Flask 2.4", _STACK),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.4", _STACK),
        "_app_ctx_err_msg": Older(f"{_OLDER}.flags:NO_APP", "Flask 2.2", "the message of the RuntimeError"),
        "_request_ctx_err_msg": Older(f"{_OLDER}.flags:NO_REQUEST", "Flask 2.2", "the message of the RuntimeError"),
        "_lookup_req_object": Older(f"{_OLDER}.contexts:lookup_req_object", "Flask 2.2", "'flask.globals.request_ctx'"),
        "_lookup_app_object": Older(f"{_OLDER}.contexts:lookup_app_object", "Flask 2.2", "'flask.globals.app_ctx'"),
        "_find_app": Older(f"{_OLDER}.contexts:find_app", "Flask 2.2", "'flask.current_app'"),
        "LocalStack": Older("werkzeug.local:LocalStack", "Flask 2.2", "'werkzeug.local.LocalStack'"),
    },
    "flask.ctx": {
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "Flask 2.2", _STACK),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.2", _STACK),
    },
    "flask.app": {
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "Flask 2.2", _STACK),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.2", _STACK),
        "setupmethod": Older("demijohn.app.scaffold:setupmethod", "Flask 2.3", "'flask.sansio.scaffold.setupmethod'"),
        "_endpoint_from_view_func": Older(
            "flask.sansio.scaffold:_endpoint_from_view_func", "Flask 2.0", "the function's '__name__'"
        ),
    },
    "flask.helpers": {
        "safe_join": Older("werkzeug.utils:safe_join", "Flask 2.1", "'werkzeug.utils.safe_join'"),
        "total_seconds": Older("datetime:timedelta.total_seconds", "Flask 2.1", "'timedelta.total_seconds()'"),
        "locked_cached_property": Older(f"{_OLDER}.properties:locked_cached_property", "Flask 3.0", _CACHED),
        "get_env": Older(f"{_OLDER}.flags:get_env", "Flask 2.3", "'flask.helpers.get_debug_flag'"),
        "is_ip": Older(f"{_OLDER}.flags:is_ip", "Flask 2.3", "'ipaddress.ip_address'"),
        "find_package": Older("demijohn.app.setup:find_package", "Flask 2.0", "'flask.sansio.scaffold.find_package'"),
        "_endpoint_from_view_func": Older(
            "flask.sansio.scaffold:_endpoint_from_view_func", "Flask 2.0", "the function's '__name__'"
        ),
        "_PackageBoundObject": Older("demijohn.app.scaffold:Scaffold", "Flask 2.0", "'flask.sansio.scaffold.Scaffold'"),
        "url_quote": Older(f"{_OLDER}.urls:url_quote", "Flask 2.2", f"'{_PARSE}.quote'"),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.2", _STACK),
        "_app_ctx_stack": Older("demijohn.app.globals:_app_ctx_stack", "Flask 2.2", _STACK),
    },
    "flask.json": {
        "JSONEncoder": Older(f"{_OLDER}.encoding:JSONEncoder", "Flask 2.3", _PROVIDER),
        "JSONDecoder": Older(f"{_OLDER}.encoding:JSONDecoder", "Flask 2.3", _PROVIDER),
        "htmlsafe_dumps": Older("jinja2.utils:htmlsafe_json_dumps", "Flask 2.3", "'jinja2.utils.htmlsafe_json_dumps'"),
        "htmlsafe_dump": Older(f"{_OLDER}.encoding:htmlsafe_dump", "Flask 2.3", "'jinja2.utils.htmlsafe_json_dumps'"),
        "tojson_filter": Older("jinja2.utils:htmlsafe_json_dumps", "Flask 2.2", "'jinja2.utils.htmlsafe_json_dumps'"),
        "detect_encoding": Older("json:detect_encoding", "Flask 2.0", "'json.loads', which takes bytes"),
    },
    "flask.signals": {
        "signals_available": Older(f"{_OLDER}.flags:ALWAYS", "Flask 2.3", "nothing: signals are always there"),
    },
    "flask.sessions": {
        "total_seconds": Older("datetime:timedelta.total_seconds", "Flask 2.1", "'timedelta.total_seconds()'"),
        "is_ip": Older(f"{_OLDER}.flags:is_ip", "Flask 2.3", "'ipaddress.ip_address'"),
    },
    "flask.wrappers": {
        "JSONMixin": Older(f"{_OLDER}.mixins:JSONMixin", "Flask 2.1", "'flask.Request', which has it all"),
        "_request_ctx_stack": Older("demijohn.app.globals:_request_ctx_stack", "Flask 2.2", _STACK),
    },
    "flask.views": {
        "MethodViewType": Older("builtins:type", "Flask 2.2", "'type': views have no metaclass"),
    },
    "flask.cli": {
        "call_factory": Older("demijohn.compat.older.flags:call_factory", "Flask 2.2", "'factory()'"),
        "get_env": Older(f"{_OLDER}.flags:get_env", "Flask 2.3", "'flask.helpers.get_debug_flag'"),
    },
    "flask.testing": {
        "make_test_environ_builder": Older(
            "flask.testing:EnvironBuilder", "Flask 2.0", "'flask.testing.EnvironBuilder'"
        ),
    },
}

_QUOTING = {
    "url_quote": Older(f"{_OLDER}.urls:url_quote", "Werkzeug 3.0", f"'{_PARSE}.quote'"),
    "url_quote_plus": Older(f"{_OLDER}.urls:url_quote_plus", "Werkzeug 3.0", f"'{_PARSE}.quote_plus'"),
    "url_unquote": Older(f"{_OLDER}.urls:url_unquote", "Werkzeug 3.0", f"'{_PARSE}.unquote'"),
    "url_unquote_plus": Older(f"{_OLDER}.urls:url_unquote_plus", "Werkzeug 3.0", f"'{_PARSE}.unquote_plus'"),
    "url_encode": Older(f"{_OLDER}.urls:url_encode", "Werkzeug 3.0", f"'{_PARSE}.urlencode'"),
    "url_decode": Older(f"{_OLDER}.urls:url_decode", "Werkzeug 3.0", f"'{_PARSE}.parse_qsl'"),
    "url_join": Older(f"{_OLDER}.urls:url_join", "Werkzeug 3.0", f"'{_PARSE}.urljoin'"),
    "url_parse": Older(f"{_OLDER}.parts:url_parse", "Werkzeug 3.0", f"'{_PARSE}.urlsplit'"),
    "url_unparse": Older(f"{_OLDER}.parts:url_unparse", "Werkzeug 3.0", f"'{_PARSE}.urlunsplit'"),
    "url_fix": Older(f"{_OLDER}.urls:url_fix", "Werkzeug 3.0", "'werkzeug.urls.iri_to_uri'"),
}
_MARKUP = {
    "unescape": Older("html:unescape", "Werkzeug 2.1", "'html.unescape'"),
    "html": Older(f"{_OLDER}.markup:html", "Werkzeug 2.1", "a template, or 'markupsafe'"),
    "xhtml": Older(f"{_OLDER}.markup:xhtml", "Werkzeug 2.1", "a template, or 'markupsafe'"),
    "HTMLBuilder": Older(f"{_OLDER}.markup:HTMLBuilder", "Werkzeug 2.1", "a template, or 'markupsafe'"),
    "format_string": Older(f"{_OLDER}.markup:format_string", "Werkzeug 2.1", "'string.Template'"),
    "escape": Older("markupsafe:escape", "Werkzeug 2.1", "'markupsafe.escape'"),
}
_ARGUMENTS = {
    "bind_arguments": Older(f"{_OLDER}.arguments:bind_arguments", "Werkzeug 2.1", "'inspect.Signature.bind'"),
    "validate_arguments": Older(f"{_OLDER}.arguments:validate_arguments", "Werkzeug 2.1", "'inspect.Signature.bind'"),
    "ArgumentValidationError": Older(
        f"{_OLDER}.arguments:ArgumentValidationError", "Werkzeug 2.1", "'inspect.Signature.bind'"
    ),
}
_PATHS = {
    name: Older(f"{_OLDER}.environ:{name}", "Werkzeug 2.3", today)
    for name, today in {
        "get_query_string": "'environ[\"QUERY_STRING\"]'",
        "get_script_name": "'environ[\"SCRIPT_NAME\"]'",
        "pop_path_info": "'werkzeug.middleware.dispatcher.DispatcherMiddleware', or your own code",
        "peek_path_info": "'environ[\"PATH_INFO\"]'",
        "extract_path_info": f"'{_PARSE}.urlsplit'",
        "make_line_iter": "iteration over the stream",
        "make_chunk_iter": "your own code",
    }.items()
}
_HEADERS = {
    "parse_authorization_header": Older(
        "werkzeug.datastructures:Authorization.from_header",
        "Werkzeug 3.0",
        "'werkzeug.datastructures.Authorization.from_header'",
    ),
    "parse_www_authenticate_header": Older(
        f"{_OLDER}.headers:parse_www_authenticate_header",
        "Werkzeug 3.0",
        "'werkzeug.datastructures.WWWAuthenticate.from_header'",
    ),
    "cookie_date": Older("werkzeug.http:http_date", "Werkzeug 2.1", "'werkzeug.http.http_date'"),
    "parse_multipart_headers": Older(
        f"{_OLDER}.headers:parse_multipart_headers", "Werkzeug 2.1", "'email.message_from_bytes'"
    ),
    "wsgi_to_bytes": Older(f"{_OLDER}.headers:wsgi_to_bytes", "Werkzeug 2.3", "'value.encode(\"latin1\")'"),
    "bytes_to_wsgi": Older(f"{_OLDER}.headers:bytes_to_wsgi", "Werkzeug 2.3", "'value.decode(\"latin1\")'"),
}
_REQUEST_MIXINS = (
    "Accept",
    "Authorization",
    "CORSRequest",
    "CommonRequestDescriptors",
    "ETagRequest",
    "StreamOnly",
    "UserAgent",
)
_RESPONSE_MIXINS = ("CORSResponse", "CommonResponseDescriptors", "ETagResponse", "ResponseStream", "WWWAuthenticate")
_MIXINS = {
    **{
        f"{name}Mixin": Older(
            f"{_OLDER}.mixins:{name}Mixin", "Werkzeug 2.1", "'werkzeug.wrappers.Request', which has it all"
        )
        for name in [
            "Accept",
            "Authorization",
            "CORSRequest",
            "CommonRequestDescriptors",
            "ETagRequest",
            "StreamOnly",
            "UserAgent",
        ]
    },
    **{
        f"{name}Mixin": Older(
            f"{_OLDER}.mixins:{name}Mixin", "Werkzeug 2.1", "'werkzeug.wrappers.Response', which has it all"
        )
        for name in _RESPONSE_MIXINS
    },
    "JSONMixin": Older(f"{_OLDER}.mixins:JSONMixin", "Werkzeug 2.1", "'werkzeug.wrappers.Request', which has it all"),
    "BaseRequest": Older("werkzeug.wrappers:Request", "Werkzeug 2.1", "'werkzeug.wrappers.Request'"),
    "BaseResponse": Older("werkzeug.wrappers:Response", "Werkzeug 2.1", "'werkzeug.wrappers.Response'"),
    "PlainRequest": Older(f"{_OLDER}.mixins:PlainRequest", "Werkzeug 2.1", "'werkzeug.wrappers.Request'"),
}

_WERKZEUG: Final = {
    "werkzeug.urls": {
        **_QUOTING,
        "url_encode_stream": Older(f"{_OLDER}.urls:url_encode_stream", "Werkzeug 3.0", f"'{_PARSE}.urlencode'"),
        "url_decode_stream": Older(f"{_OLDER}.urls:url_decode_stream", "Werkzeug 3.0", f"'{_PARSE}.parse_qsl'"),
        "Href": Older(f"{_OLDER}.urls:Href", "Werkzeug 2.1", f"'{_PARSE}.urljoin'"),
        "BaseURL": Older(f"{_OLDER}.parts:URL", "Werkzeug 3.0", f"'{_PARSE}.SplitResult'"),
        "URL": Older(f"{_OLDER}.parts:URL", "Werkzeug 3.0", f"'{_PARSE}.SplitResult'"),
    },
    "werkzeug.utils": {
        **_MARKUP,
        **_ARGUMENTS,
        "detect_utf_encoding": Older("json:detect_encoding", "Werkzeug 2.1", "'json.loads', which takes bytes"),
        "invalidate_cached_property": Older(
            f"{_OLDER}.properties:invalidate_cached_property", "Werkzeug 2.1", "'del object.name'"
        ),
        "url_quote": _QUOTING["url_quote"],
        **_from("Werkzeug 1.0", "werkzeug.http", "parse_cookie dump_cookie"),
    },
    "werkzeug.security": {
        "safe_str_cmp": Older(f"{_OLDER}.hashing:safe_str_cmp", "Werkzeug 2.1", "'hmac.compare_digest'"),
        "pbkdf2_hex": Older(f"{_OLDER}.hashing:pbkdf2_hex", "Werkzeug 2.1", "'hashlib.pbkdf2_hmac'"),
        "pbkdf2_bin": Older(f"{_OLDER}.hashing:pbkdf2_bin", "Werkzeug 2.1", "'hashlib.pbkdf2_hmac'"),
    },
    "werkzeug.http": _HEADERS,
    "werkzeug.formparser": {
        "parse_multipart_headers": _HEADERS["parse_multipart_headers"],
        "url_decode_stream": Older(f"{_OLDER}.urls:url_decode_stream", "Werkzeug 3.0", f"'{_PARSE}.parse_qsl'"),
    },
    "werkzeug.wsgi": {
        **_PATHS,
        "DispatcherMiddleware": Older(
            "werkzeug.middleware.dispatcher:DispatcherMiddleware",
            "Werkzeug 1.0",
            "'werkzeug.middleware.dispatcher.DispatcherMiddleware'",
        ),
        "SharedDataMiddleware": Older(
            "werkzeug.middleware.shared_data:SharedDataMiddleware",
            "Werkzeug 1.0",
            "'werkzeug.middleware.shared_data.SharedDataMiddleware'",
        ),
        "ProxyMiddleware": Older(
            "werkzeug.middleware.http_proxy:ProxyMiddleware",
            "Werkzeug 1.0",
            "'werkzeug.middleware.http_proxy.ProxyMiddleware'",
        ),
    },
    "werkzeug.local": {
        "get_ident": Older("demijohn.local.storage:context_ident", "Werkzeug 2.1", "'threading.get_ident'"),
    },
    "werkzeug.wrappers": _MIXINS,
    "werkzeug.wrappers.request": {name: old for name, old in _MIXINS.items() if "Response" not in name},
    "werkzeug.wrappers.response": {name: old for name, old in _MIXINS.items() if "Response" in name},
    "werkzeug.datastructures": {
        "ViewItems": Older("collections.abc:ItemsView", "Werkzeug 2.3", "'collections.abc.ItemsView'"),
        "ImmutableOrderedMultiDict": Older(
            "demijohn.http.orderedmultidict:ImmutableOrderedMultiDict",
            "Werkzeug 3.1",
            "'ImmutableMultiDict', in order",
        ),
        "OrderedMultiDict": Older(
            "demijohn.http.orderedmultidict:OrderedMultiDict", "Werkzeug 3.1", "'MultiDict', in order"
        ),
    },
    "werkzeug.test": {
        "url_encode": _QUOTING["url_encode"],
        "url_fix": _QUOTING["url_fix"],
        "url_parse": _QUOTING["url_parse"],
        "url_unparse": _QUOTING["url_unparse"],
        "url_unquote": _QUOTING["url_unquote"],
    },
    "werkzeug.routing": {
        **{name: _QUOTING[name] for name in ("url_encode", "url_join", "url_quote", "url_unquote")},
        "parse_rule": Older(f"{_OLDER}.rules:parse_rule", "Werkzeug 2.2", "'werkzeug.routing.Rule'"),
    },
}

_DATA = (
    "MultiDict CombinedMultiDict Headers EnvironHeaders ImmutableList ImmutableDict ImmutableMultiDict TypeConversionDict"
    " ImmutableTypeConversionDict Accept MIMEAccept CharsetAccept LanguageAccept RequestCacheControl ResponseCacheControl"
    " ETags HeaderSet WWWAuthenticate Authorization FileMultiDict CallbackDict FileStorage OrderedMultiDict"
    " ImmutableOrderedMultiDict"
)
_HTTP = (
    "parse_etags parse_date http_date parse_cache_control_header is_resource_modified parse_accept_header parse_set_header"
    " quote_etag unquote_etag generate_etag dump_header parse_list_header parse_dict_header remove_entity_headers"
    " is_entity_header remove_hop_by_hop_headers parse_options_header dump_options_header is_hop_by_hop_header"
    " unquote_header_value quote_header_value HTTP_STATUS_CODES parse_cookie dump_cookie"
)
_UTILS = (
    "environ_property append_slash_redirect redirect cached_property import_string find_modules"
    " header_property secure_filename"
)

_TOP: Final = {
    **_QUOTING,
    **_MARKUP,
    **_ARGUMENTS,
    **_PATHS,
    **_HEADERS,
    **_MIXINS,
    "Href": _WERKZEUG["werkzeug.urls"]["Href"],
    **{name: _WERKZEUG["werkzeug.wsgi"][name] for name in ("DispatcherMiddleware", "SharedDataMiddleware")},
    **_from("Werkzeug 1.0", "werkzeug.datastructures", _DATA),
    **_from("Werkzeug 1.0", "werkzeug.http", _HTTP),
    **_from("Werkzeug 1.0", "werkzeug.utils", _UTILS),
    **_from("Werkzeug 1.0", "werkzeug.local", "Local LocalManager LocalProxy LocalStack release_local"),
    **_from("Werkzeug 1.0", "werkzeug.test", "EnvironBuilder create_environ run_wsgi_app"),
    **_from("Werkzeug 1.0", "werkzeug.exceptions", "abort Aborter"),
    **_from("Werkzeug 1.0", "werkzeug.urls", "iri_to_uri uri_to_iri"),
    **_from("Werkzeug 1.0", "werkzeug.formparser", "parse_form_data"),
    **_from("Werkzeug 1.0", "werkzeug.security", "generate_password_hash check_password_hash"),
    **_from("Werkzeug 1.0", "werkzeug.debug", "DebuggedApplication"),
    **_from(
        "Werkzeug 1.0",
        "werkzeug.wsgi",
        "get_current_url get_host ClosingIterator FileWrapper LimitedStream responder wrap_file",
    ),
    **_from("Werkzeug 1.0", f"{_OLDER}.useragents", "UserAgent", "werkzeug.user_agent"),
}

OLDER: Final[dict[str, dict[str, Older]]] = {**_FLASK, **_WERKZEUG, "werkzeug": _TOP}
"""Module -> name -> what it is."""

_WRAPPERS: Final = "werkzeug.wrappers, whose classes have it all"

OLDER_MODULES: Final[dict[str, str]] = {
    "flask.ext": "flask_name for flask.ext.name",
    "flask._compat": "Python 3",
    "flask.scaffold": "flask.sansio.scaffold",
    "werkzeug.contrib": "what each of its modules became",
    "werkzeug.contrib.cache": "cachelib",
    "werkzeug.contrib.fixers": "werkzeug.middleware.proxy_fix",
    "werkzeug.contrib.lint": "werkzeug.middleware.lint",
    "werkzeug.contrib.profiler": "werkzeug.middleware.profiler",
    "werkzeug.contrib.wrappers": _WRAPPERS,
    "werkzeug.useragents": "werkzeug.user_agent, or a parser such as ua-parser",
    "werkzeug.wrappers.accept": _WRAPPERS,
    "werkzeug.wrappers.auth": _WRAPPERS,
    "werkzeug.wrappers.base_request": _WRAPPERS,
    "werkzeug.wrappers.base_response": _WRAPPERS,
    "werkzeug.wrappers.common_descriptors": _WRAPPERS,
    "werkzeug.wrappers.cors": _WRAPPERS,
    "werkzeug.wrappers.etag": _WRAPPERS,
    "werkzeug.wrappers.json": _WRAPPERS,
    "werkzeug.wrappers.user_agent": _WRAPPERS,
}
"""Modules, files of `compat/older/modules`, that are there for older programs and warn when they are imported -> what to write
today."""
