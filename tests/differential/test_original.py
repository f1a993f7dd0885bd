"""The worker: what happens when it is missing, dies, hangs or is printed from."""

import pytest
from differential import original
from differential.original import Original, OriginalFailedError


@pytest.fixture
def worker():
    started = Original()
    yield started
    started.close()


def test_calls_are_answered_in_order(worker):
    assert worker.run([("values.call", ["quote_etag", "a"]), ("values.call", ["quote_etag", "b"])]) == ['"a"', '"b"']


def test_an_exception_is_an_outcome(worker):
    assert worker.run([("values.operate", [["NoSuchName"], []])]) == [{"made": {"raised": "AttributeError"}}]


def test_what_probes_print_is_no_answer(worker):
    assert worker.run([("trouble.print_much", [])]) == ["answer"]
    assert worker.run([("values.call", ["quote_etag", "a"])]) == ['"a"']


def test_a_worker_that_died_is_told(worker):
    with pytest.raises(OriginalFailedError, match=r"died \(3\) at .*leave"):
        worker.run([("trouble.leave", [])])
    with pytest.raises(OriginalFailedError, match="died"):
        worker.run([("values.call", ["quote_etag", "a"])])


def test_a_worker_that_hangs_is_ended(monkeypatch):
    monkeypatch.setattr(original, "SECONDS", 0.05)
    worker = Original()
    with pytest.raises(OriginalFailedError, match="No answer"):
        worker.run([("trouble.hang", [])])
    assert worker.is_ended


def test_a_missing_environment_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(original, "PYTHON", tmp_path / "python")
    with pytest.raises(OriginalFailedError, match="make test"):
        Original()
