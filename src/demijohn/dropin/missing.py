"""Public names of Flask 3.1.3 and Werkzeug 3.1.9 that are not served, and why. `demijohn drop-in check` says it."""

from typing import Final

_TYPE_VARIABLE: Final = "a type variable of the module's own"
_MATCHER: Final = "a part of its matcher; ours has other parts"
_PARSER: Final = "a part of its parser; ours has other parts"
_PAGE: Final = "a template of its error page; ours has others, in demijohn/debug"

MISSING: Final[dict[str, str]] = {
    **dict.fromkeys(
        [
            "flask.app.T_shell_context_processor",
            "flask.app.T_teardown",
            "flask.app.T_template_filter",
            "flask.app.T_template_global",
            "flask.app.T_template_test",
            "flask.cli.F",
            "flask.config.T",
            "flask.ctx.F",
            "flask.views.F",
            "werkzeug.datastructures.headers.T",
            "werkzeug.datastructures.mixins.F",
            "werkzeug.datastructures.mixins.K",
            "werkzeug.datastructures.mixins.T",
            "werkzeug.datastructures.mixins.V",
            "werkzeug.datastructures.range.T",
            "werkzeug.datastructures.structures.K",
            "werkzeug.datastructures.structures.T",
            "werkzeug.datastructures.structures.V",
            "werkzeug.formparser.F",
            "werkzeug.local.F",
            "werkzeug.local.T",
        ],
        _TYPE_VARIABLE,
    ),
    **dict.fromkeys(
        [
            "werkzeug.routing.matcher.RulePart",
            "werkzeug.routing.matcher.SlashRequired",
            "werkzeug.routing.matcher.State",
            "werkzeug.routing.rules.RulePart",
            "werkzeug.routing.rules.Weighting",
        ],
        _MATCHER,
    ),
    **dict.fromkeys(
        [
            "werkzeug.debug.repr.HELP_HTML",
            "werkzeug.debug.repr.OBJECT_DUMP_HTML",
            "werkzeug.debug.tbtools.CONSOLE_HTML",
            "werkzeug.debug.tbtools.FOOTER",
            "werkzeug.debug.tbtools.FRAME_HTML",
            "werkzeug.debug.tbtools.HEADER",
            "werkzeug.debug.tbtools.PAGE_HTML",
            "werkzeug.debug.tbtools.SUMMARY_HTML",
        ],
        _PAGE,
    ),
    **dict.fromkeys(
        [
            "werkzeug.serving.DechunkedInput",
            "werkzeug.serving.af_unix",
            "werkzeug.serving.connection_dropped_errors",
            "werkzeug.serving.is_ssl_error",
        ],
        "a part of its server; ours has others, in demijohn/serve",
    ),
    "flask.debughelpers.UnexpectedUnicodeError": "nothing raises it, in Flask neither",
    "flask.cli.is_running_from_reloader": "asked by its command; werkzeug.serving has it",
    "werkzeug.datastructures.cache_control.cache_control_property": "makes its properties; ours are written otherwise",
    "werkzeug.datastructures.csp.csp_property": "makes its properties; ours are written otherwise",
    "werkzeug.middleware.lint.GuardedWrite": "a step of the middleware",
    "werkzeug.middleware.lint.check_type": "a step of the middleware",
    "werkzeug.sansio.multipart.LINE_BREAK": _PARSER,
    "werkzeug.testapp.TEMPLATE": "a template of its page",
}
"""Whole name -> why."""
