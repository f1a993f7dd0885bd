"""Forms as Chromium, Firefox, curl and other clients put them on the wire, with odd names and contents.

`captures.json` has for each body the fields and files a view must see, as what was put into the client says; or why not.
"""

import io
import json
from contextlib import closing
from pathlib import Path

import pytest

from demijohn.http.forms import parse_form
from demijohn.http.multipart import MalformedForm, iter_parts
from demijohn.http.options import parse_options_header

CORPUS = Path(__file__).parents[2] / "corpus" / "multipart"
CAPTURES = json.loads((CORPUS / "captures.json").read_text(encoding="ascii"))


class Dribble(io.BytesIO):
    """A body that arrives a few bytes at a time."""

    def __init__(self, data, size):
        super().__init__(data)
        self.size = size

    def read(self, size=-1):
        return super().read(self.size if size < 0 else min(size, self.size))


def test_every_body_has_its_case():
    assert sorted(path.name for path in CORPUS.glob("*.bin")) == sorted(case["body"] for case in CAPTURES)


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
@pytest.mark.parametrize("case", CAPTURES, ids=lambda case: case["body"])
def test_form(case, size):
    body = (CORPUS / case["body"]).read_bytes()
    if "error" in case:
        with pytest.raises(MalformedForm) as caught:
            parse_form(Dribble(body, size), case["content_type"], len(body))
        assert case["error"] in caught.value.description
        return
    _, fields, files = parse_form(Dribble(body, size), case["content_type"], len(body))
    assert [list(pair) for pair in fields.items(multi=True)] == case["fields"]
    seen = []
    for name, file in files.items(multi=True):
        with closing(file):
            seen.append([name, file.filename, file.content_type, file.read().decode("latin-1")])
    assert seen == case["files"]


@pytest.mark.parametrize("case", [case for case in CAPTURES if "error" not in case], ids=lambda case: case["body"])
def test_parts(case):
    body = (CORPUS / case["body"]).read_bytes()
    boundary = parse_options_header(case["content_type"])[1]["boundary"]
    fields, files = [], []
    for part in iter_parts(io.BytesIO(body), boundary):
        if part.filename is None:
            fields.append([part.name, part.text(1000)])
        else:
            files.append([part.name, part.filename, part.content_type, part.read(1000).decode("latin-1")])
    assert fields == case["fields"]
    assert files == case["files"]
