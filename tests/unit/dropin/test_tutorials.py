"""Programs as the tutorials of Flask 0.12 print them: locals and stacks in threads, nested contexts, applications side by side."""

import subprocess
import sys
import textwrap

import pytest

pytestmark = pytest.mark.slow


def run(tmp_path, code):
    script = tmp_path / "program.py"
    script.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, "-m", "demijohn.dropin", str(script)], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_locals_and_stacks_of_threads(tmp_path):
    assert run(
        tmp_path,
        """
        import threading
        from werkzeug.local import Local, LocalStack

        local, stack = Local(), LocalStack()
        local.b = 1
        stack.push(1)

        def worker():
            local.b = 2
            stack.push(2)
            print("in new thread", local.b, stack.top, len(local.__storage__))

        t = threading.Thread(target=worker)
        t.start()
        t.join()
        print("in main thread", local.b, stack.top, stack.pop(), stack.top)
        print(local.__ident_func__() == threading.get_ident())
        """,
    ).splitlines() == ["in new thread 2 2 1", "in main thread 1 1 1 None", "True"]


def test_nested_contexts(tmp_path):
    assert run(
        tmp_path,
        """
        from flask import Flask, current_app, _app_ctx_stack, _request_ctx_stack

        one, two = Flask("one"), Flask("two")

        def names():
            return [[ctx.app.name for ctx in held["stack"]] for held in _app_ctx_stack._local.__storage__.values()]

        with one.app_context():
            print(names(), current_app.name)
            with two.app_context():
                print(names(), current_app.name)
                _app_ctx_stack.top.mine = 1
                print(_app_ctx_stack.top.mine, _request_ctx_stack.top)
            print(names(), current_app.name)
        print(names(), _app_ctx_stack.top)
        """,
    ).splitlines() == ["[['one']] one", "[['one', 'two']] two", "1 None", "[['one']] one", "[] None"]


@pytest.mark.parametrize(
    "serve",
    [
        "run_simple('127.0.0.1', port, DispatcherMiddleware(front, {'/back': back}))",
        "front.wsgi_app = DispatcherMiddleware(front.wsgi_app, {'/back': back}); front.run(port=port, threaded=True)",
        "front.wsgi_app = DispatcherMiddleware(front.wsgi_app, {'/back': back}); front.run(port=port, processes=4, threaded=False)",
    ],
)
def test_applications_side_by_side(tmp_path, serve):
    run(
        tmp_path,
        f"""
        import os, signal, socket, threading, time, urllib.request
        from flask import Flask, request
        from werkzeug.serving import run_simple
        from werkzeug.wsgi import DispatcherMiddleware

        front, back = Flask("front"), Flask("back")

        @front.route("/")
        def index():
            return "front"

        @back.route("/page")
        def page():
            return "back at " + request.script_root

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def visit():
            deadline = time.monotonic() + 20
            failure = None
            while time.monotonic() < deadline:
                try:
                    seen = [urllib.request.urlopen(f"http://127.0.0.1:{{port}}{{path}}").read() for path in ("/", "/back/page")]
                    failure = None if seen == [b"front", b"back at /back"] else seen
                    break
                except OSError as error:
                    failure = error
                    time.sleep(0.02)
            if failure is not None:
                print(failure, flush=True)
                os._exit(1)
            os.kill(os.getpid(), signal.SIGTERM)

        if __name__ == "__main__":
            threading.Thread(target=visit, daemon=True).start()
            {serve}
        """,
    )
