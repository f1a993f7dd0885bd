"""DispatcherMiddleware: which application gets a path, and what it sees of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demijohn.middleware import DispatcherMiddleware


def app(name):
    def application(environ, start_response):
        return [name, environ["SCRIPT_NAME"], environ["PATH_INFO"]]

    return application


def ask(dispatcher, path, script=""):
    return tuple(dispatcher({"SCRIPT_NAME": script, "PATH_INFO": path}, None))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("main", "", "/")),
        ("", ("main", "", "")),
        ("/admin", ("admin", "/admin", "")),
        ("/admin/", ("admin", "/admin", "/")),
        ("/admin/x/y", ("admin", "/admin", "/x/y")),
        ("/administer", ("main", "", "/administer")),
        ("/admin/deep", ("deep", "/admin/deep", "")),
        ("/admin/deep//x", ("deep", "/admin/deep", "//x")),
        ("/x/admin", ("main", "", "/x/admin")),
        ("//admin", ("main", "", "//admin")),
        ("*", ("main", "", "*")),
    ],
)
def test_longest_prefix_of_whole_segments(path, expected):
    dispatcher = DispatcherMiddleware(app("main"), {"/admin": app("admin"), "/admin/deep": app("deep")})
    assert ask(dispatcher, path) == expected


def test_prefix_is_appended_to_what_the_server_mounted_it_under():
    dispatcher = DispatcherMiddleware(app("main"), {"/admin": app("admin")})
    assert ask(dispatcher, "/admin/x", "/site") == ("admin", "/site/admin", "/x")


def test_nested_dispatchers_add_up():
    inner = DispatcherMiddleware(app("inner"), {"/b": app("b")})
    outer = DispatcherMiddleware(app("main"), {"/a": inner})
    assert ask(outer, "/a/b/c") == ("b", "/a/b", "/c")
    assert ask(outer, "/a/c") == ("inner", "/a", "/c")


def test_without_mounts_all_goes_to_the_application():
    assert ask(DispatcherMiddleware(app("main")), "/x") == ("main", "", "/x")


def test_mounts_may_be_added_later():
    mounts = {"/a": app("a")}
    dispatcher = DispatcherMiddleware(app("main"), mounts)
    assert ask(dispatcher, "/b/x")[0] == "main"
    mounts["/b"] = app("b")
    assert ask(dispatcher, "/b/x") == ("b", "/b", "/x")


def test_environ_without_script_name():
    environ = {"PATH_INFO": "/a/x"}
    DispatcherMiddleware(app("main"), {"/a": app("a")})(environ, None)
    assert environ == {"SCRIPT_NAME": "/a", "PATH_INFO": "/x"}


segments = st.lists(st.sampled_from(["", "a", "b", "ab"]), max_size=4).map(
    lambda parts: "".join("/" + p for p in parts)
)


@given(path=segments, mounts=st.sets(segments, max_size=5))
def test_law_longest_mount_that_ends_at_a_segment(path, mounts):
    dispatcher = DispatcherMiddleware(app("main"), {mount: app(mount) for mount in mounts})
    name, script, rest = ask(dispatcher, path)
    cuts = [path[:i] for i in range(len(path) + 1) if path[i : i + 1] in ("", "/")]
    best = max((cut for cut in cuts if cut in mounts), key=len, default=None)
    assert script + rest == path
    assert (name, script) == (("main", "") if best is None else (best, best))
