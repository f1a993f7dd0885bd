"""What `werkzeug.testapp` has, from its homes."""

from demijohn.message.request import Request
from demijohn.message.response import Response
from demijohn.testing.testapp import iter_sys_path, test_app

if __name__ == "__main__":
    from demijohn.manage.devserver import run_simple

    run_simple("localhost", 5000, test_app, use_reloader=True)
