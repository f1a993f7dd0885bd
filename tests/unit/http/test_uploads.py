import copy
import io
import os
import pathlib
import pickle
import tempfile

import pytest

from demijohn.http.headers import Headers
from demijohn.http.uploads import SPOOL_BYTES, FileStorage, default_stream_factory


def test_an_empty_one():
    file = FileStorage()
    assert not file
    assert file.filename is file.name is file.content_type is None
    assert file.mimetype == ""
    assert file.mimetype_params == {}
    assert file.content_length == 0
    assert list(file) == []
    assert list(file.headers) == []
    assert repr(file) == "<FileStorage: None (None)>"


def test_what_came_with_the_file():
    file = FileStorage(io.BytesIO(b"a\nb"), "x.txt", "field", "Text/Plain; Charset=UTF-8", 5)
    assert file
    assert (file.filename, file.name) == ("x.txt", "field")
    assert file.content_type == "Text/Plain; Charset=UTF-8"
    assert file.mimetype == "text/plain"
    assert file.mimetype_params == {"charset": "UTF-8"}
    assert file.content_length == 5
    assert list(file.headers) == [("Content-Type", "Text/Plain; Charset=UTF-8"), ("Content-Length", "5")]
    assert repr(file) == "<FileStorage: 'x.txt' ('Text/Plain; Charset=UTF-8')>"


def test_given_headers_are_used():
    headers = Headers({"Content-Type": "a/b", "Content-Length": "7"})
    file = FileStorage(headers=headers)
    assert file.headers is headers
    assert (file.content_type, file.content_length) == ("a/b", 7)


@pytest.mark.parametrize("value", ["x", "", "-1", "+1", "1.0", "\xb2", "9" * 5000])
def test_a_content_length_that_is_none(value):
    assert FileStorage(headers=Headers({"Content-Length": value})).content_length == 0


def test_the_stream_is_behind_it():
    file = FileStorage(io.BytesIO(b"a\nb\n"))
    assert file.read(1) == b"a"
    assert file.tell() == 1
    assert file.seek(0) == 0
    assert list(file) == [b"a\n", b"b\n"]
    assert file.seekable()
    assert not file.closed
    with pytest.raises(AttributeError, match="nothing_like_it"):
        file.nothing_like_it
    file.close()
    assert file.closed
    file.close()
    with pytest.raises(ValueError):
        file.read()


@pytest.mark.parametrize("size", [10, SPOOL_BYTES + 1])
def test_a_spooled_file(size):
    stream = default_stream_factory(None, None, "x")
    stream.write(b"x" * size)
    stream.seek(0)
    file = FileStorage(stream)
    assert file.seekable()
    assert file.readable()
    assert file.writable()
    assert len(file.read()) == size
    assert stream._rolled is (size > SPOOL_BYTES)
    file.close()
    assert stream.closed


def test_a_stream_that_hides_what_its_file_can_do():
    class Hiding:
        def __init__(self):
            self._file = io.BytesIO(b"x")

    assert FileStorage(Hiding()).seekable()
    with pytest.raises(AttributeError):
        FileStorage(Hiding()).nothing_like_it


@pytest.mark.parametrize(
    ("name", "filename"),
    [("bar", "bar"), (b"bar", "bar"), (b"\xff", "\udcff"), ("<stdin>", None), (5, None), (None, None), ("<", "<")],
)
def test_the_filename_is_the_stream_s_by_default(name, filename):
    stream = io.BytesIO()
    stream.name = name
    assert FileStorage(stream).filename == filename
    assert FileStorage(stream, "given").filename == "given"
    assert FileStorage(stream, "").filename == ""


def test_the_filename_of_real_files(tmp_path):
    with open(tmp_path / "x.txt", "wb") as file:
        assert FileStorage(file).filename == str(tmp_path / "x.txt")
    with tempfile.TemporaryFile() as file:
        assert FileStorage(file).filename is None
    with tempfile.SpooledTemporaryFile() as file:
        assert FileStorage(file).filename is None


@pytest.mark.parametrize("make", [str, pathlib.Path])
def test_saving_to_a_path(tmp_path, make):
    path = tmp_path / "saved"
    path.write_bytes(b"something longer that was there")
    file = FileStorage(io.BytesIO(b"content"))
    file.read(3)
    file.save(make(path), buffer_size=2)
    assert path.read_bytes() == b"tent"
    assert file.tell() == 7
    with pytest.raises(FileNotFoundError):
        file.save(make(tmp_path / "none" / "x"))


def test_saving_to_a_file_leaves_it_open():
    target = io.BytesIO()
    FileStorage(io.BytesIO(b"content")).save(target)
    assert target.getvalue() == b"content"
    assert not target.closed


def test_a_failure_to_close_is_no_error():
    class Stubborn(io.BytesIO):
        def close(self):
            super().close()
            raise OSError("disk full")

    FileStorage(Stubborn()).close()


def test_copies_and_pickles():
    file = FileStorage(io.BytesIO(b"abc"), "q", "n", "a/b")
    shallow = copy.copy(file)
    assert shallow.stream is file.stream
    for other in (copy.deepcopy(file), pickle.loads(pickle.dumps(file))):
        assert other.stream is not file.stream
        assert other.read() == b"abc"
        assert (other.filename, other.name, other.content_type) == ("q", "n", "a/b")
    assert file.read() == b"abc"


def test_nothing_is_left_open():
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    file = FileStorage(default_stream_factory(None, None, None), "x")
    file.stream.write(b"x" * (SPOOL_BYTES + 1))
    file.close()
    assert (len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0) == before
