"""What patterns exclude: a path and all below it, wherever the pattern begins."""

import pytest

from demijohn.manage.watching.exclusion import Exclusion


@pytest.mark.parametrize(
    "pattern, path, expected",
    [
        ("*.tmp", "/site/a.tmp", True),
        ("*.tmp", "/site/a.tmp/b.py", True),
        ("*.tmp", "/site/a.tmpl", False),
        ("build", "/site/build/lib/x.py", True),
        ("build", "/site/rebuild/x.py", False),
        ("build/", "/site/build/x.py", True),
        ("build/*", "/site/build/deep/x.py", True),
        ("build/**", "/site/build/deep/x.py", True),
        ("*/build/*", "/site/build/x.py", True),
        ("tests/*.json", "/site/tests/deep/a.json", True),
        ("tests/*.json", "/site/tests/a.py", False),
        ("/site/a.py", "/site/a.py", True),
        ("/site/a.py", "/other/site/a.py", False),
        ("/site/gen*", "/site/generated/deep/x.py", True),
        ("[ab].py", "/site/a.py", True),
        ("[ab].py", "/site/c.py", False),
        ("*", "/site/a.py", True),
    ],
)
def test_a_pattern(pattern, path, expected):
    assert Exclusion([pattern]).excludes(path) is expected


def test_whole_subtrees_are_cut_at_their_top():
    exclusion = Exclusion(["vendor/*", "*.egg-info"])
    assert exclusion.cuts("/site/vendor")
    assert exclusion.cuts("/site/vendor/a/b")
    assert exclusion.cuts("/site/x.egg-info")
    assert not exclusion.cuts("/site")


def test_no_pattern_excludes_nothing():
    assert not Exclusion([]).excludes("/a.py")
    assert not Exclusion([]).cuts("/a")
