"""What `flask.signals` has, from its homes."""

from demijohn.app.signals import (
    Namespace,
    _signals,
    appcontext_popped,
    appcontext_pushed,
    appcontext_tearing_down,
    before_render_template,
    got_request_exception,
    message_flashed,
    request_finished,
    request_started,
    request_tearing_down,
    template_rendered,
)
