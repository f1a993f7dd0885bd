"""Whether a child has loaded what is there now."""

import importlib.util
import os
import time

from demijohn.manage.reloader.freshness import Freshness, files_below, forget_compiled, is_younger


def test_only_another_content_is_a_difference(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("1")
    fresh = Freshness()
    fresh.begin([str(path)], [])
    os.utime(path, (1, 1))
    assert not fresh.differs(str(path))
    path.write_text("2")
    assert fresh.differs(str(path))
    path.unlink()
    assert fresh.differs(str(path))


def test_what_has_changed_is_read_again_at_the_next_start(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("1")
    fresh = Freshness()
    fresh.begin([str(path)], [])
    path.write_text("2")
    fresh.begin([str(path)], [str(path)])
    assert not fresh.differs(str(path))


def test_of_what_was_no_module_nothing_is_known(tmp_path):
    assert Freshness().differs(str(tmp_path / "a.py"))


def test_younger_than_a_start(tmp_path):
    path = tmp_path / "a.py"
    path.write_text("1")
    now = time.time_ns()
    assert is_younger(str(path), now - 10**9)
    assert not is_younger(str(path), now + 10**9)
    os.utime(path, (1, 1))
    assert is_younger(str(path), now - 10**9), "an old file that was put in place now"
    assert is_younger(str(tmp_path / "gone.py"), now + 10**9)


def test_what_python_has_compiled_is_forgotten(tmp_path):
    path = tmp_path / "a.py"
    compiled = importlib.util.cache_from_source(str(path))
    os.makedirs(os.path.dirname(compiled))
    for name in (path, compiled):
        with open(name, "w") as file:
            file.write("1")
    forget_compiled([str(path), str(tmp_path / "never.py"), str(tmp_path / "a.toml")])
    assert not os.path.exists(compiled)
    assert path.exists()


def test_files_below(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    for name in ("a/one", "a/b/two"):
        (tmp_path / name).write_text("")
    assert sorted(files_below([str(tmp_path / "a"), str(tmp_path / "absent")])) == [
        str(tmp_path / "a" / "b" / "two"),
        str(tmp_path / "a" / "one"),
    ]
