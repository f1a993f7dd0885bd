"""URLs and hosts case by case: what is converted, what is kept, what is refused."""

import json
from pathlib import Path

import pytest

from demijohn.http.host import get_host, host_is_trusted
from demijohn.http.urls import iri_to_uri, uri_to_iri

CORPUS = Path(__file__).parents[2] / "corpus" / "urls"
IRIS = json.loads((CORPUS / "iris.json").read_text(encoding="ascii"))
HOSTS = json.loads((CORPUS / "hosts.json").read_text(encoding="ascii"))


def origin(case):
    return case["origin"]


@pytest.mark.parametrize("case", IRIS["to_uri"], ids=origin)
def test_to_uri(case):
    if "error" in case:
        with pytest.raises(ValueError, match=r"(?i)port|IPv6|label"):
            iri_to_uri(case["iri"])
        return
    uri = iri_to_uri(case["iri"])
    assert uri == case["uri"]
    assert uri.isascii()
    assert iri_to_uri(uri) == uri


@pytest.mark.parametrize("case", IRIS["to_iri"], ids=origin)
def test_to_iri(case):
    iri = uri_to_iri(case["uri"])
    assert iri == case["iri"]
    assert uri_to_iri(iri_to_uri(iri)) == iri


@pytest.mark.parametrize("case", HOSTS, ids=origin)
def test_host(case):
    assert get_host(case["scheme"], case["field"]) == case["host"]
    assert host_is_trusted(case["field"]) is bool(case["host"])
