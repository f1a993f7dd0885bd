"""app.signing: the short ways of the signer and serializer of cookies give what the library's long ones do."""

import hashlib
import hmac
import json
import random
import uuid
import zlib

import itsdangerous
import pytest

from demijohn.app import signing
from demijohn.app.json.tag import TaggedJSONSerializer

NOW = 1_700_000_000
PAYLOADS = [
    {},
    {"a": 1},
    {"name": "zoe"},
    {"user_id": 12345},
    {"a": "aaaaaaaaaaaaaaaaaaaaaaaa"},
    {"text": "ünïcode €", "list": [1, 2.5, None, True], "tuple": (1, (2,)), "bytes": b"\0\xff"},
    {"csrf": "0123456789abcdef" * 4, "flashes": [("message", "hello")] * 3},
    {"large": ["some words that come again and again"] * 60},
    {"random": random.Random(1).randbytes(900).hex()},
]


@pytest.fixture(autouse=True)
def _stopped_clock(monkeypatch):
    monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda signer: NOW)


def make(cls, key="secret", salt="cookie-session", **signer_kwargs):
    return cls(
        key,
        salt=salt,
        serializer=TaggedJSONSerializer(),
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1, **signer_kwargs},
    )


def ours(*args, **kwargs):
    return make(signing.CookieSerializer, *args, **kwargs)


def original(*args, **kwargs):
    return make(itsdangerous.URLSafeTimedSerializer, *args, **kwargs)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: "-".join(payload) or "empty")
def test_texts_are_the_librarys_to_the_byte_and_read_by_both(payload):
    text = ours().dumps(payload)
    assert text == original().dumps(payload)
    assert ours().loads(text, max_age=0) == original().loads(text, max_age=0) == payload


@pytest.mark.parametrize("digest", [hashlib.sha1, hashlib.sha256, hashlib.sha512, hashlib.blake2b, hashlib.sha3_256])
@pytest.mark.parametrize("derivation", ["hmac", "concat", "django-concat", "none"])
@pytest.mark.parametrize("key", ["k", "k" * 64, "k" * 300, b"\xff\0key"])
def test_signatures_are_the_librarys_for_every_digest_and_length_of_key(digest, derivation, key):
    options = {"digest_method": digest, "key_derivation": derivation}
    assert ours(key, **options).dumps({"a": 1}) == original(key, **options).dumps({"a": 1})


def outcome(serializer, text, **kwargs):
    try:
        return serializer.loads(text, **kwargs)
    except itsdangerous.BadData as error:
        return type(error), str(error)


def test_texts_that_are_not_good_fail_as_with_the_library():
    good = ours().dumps({"name": "zoe"})
    payload, stamp, signature = good.split(".")
    texts = [good[:cut] for cut in range(len(good))]
    texts += [good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(len(good))]
    texts += [f"{payload}.{signature}", f"..{good}", f"{good}=", f"{good}.", f".{good}", "ü.ü.ü", good.swapcase()]
    signer = itsdangerous.Signer("secret", salt="cookie-session", key_derivation="hmac")
    # By our key, and yet nothing: without a time, with one that is none, and payloads that mean nothing.
    for signed in (
        payload,
        f"{payload}.",
        f"{payload}.!",
        f"{payload}.AAAAAAAAAAAAAAAA",
        f"!.{stamp}",
        f".!.{stamp}",
        f"eyJ.{stamp}",
    ):
        texts.append(signer.sign(signed).decode())
    for text in texts:
        assert outcome(ours(), text) == outcome(original(), text)
        assert outcome(ours(), text.encode(), max_age=5) == outcome(original(), text.encode(), max_age=5)


def test_age_is_judged_as_by_the_library(monkeypatch):
    text = ours().dumps({"a": 1})
    for now in (NOW - 1, NOW, NOW + 60, NOW + 61):
        monkeypatch.setattr(itsdangerous.TimestampSigner, "get_timestamp", lambda signer, now=now: now)
        for max_age in (None, 60):
            assert outcome(ours(), text, max_age=max_age) == outcome(original(), text, max_age=max_age)
    assert ours().dumps({"a": 1}) == original().dumps({"a": 1}) != text


def test_keys_are_rotated():
    old = ours("old").dumps({"a": 1})
    rotated = ours(["older", "old", "new"])
    assert rotated.loads(old) == {"a": 1}
    assert rotated.dumps({"a": 1}) == original("new").dumps({"a": 1})
    with pytest.raises(itsdangerous.BadSignature):
        ours("new").loads(old)
    assert rotated.loads(old, return_timestamp=True) == original("old").loads(old, return_timestamp=True)


def test_another_salt_has_another_signer():
    serializer = ours()
    other = serializer.dumps({"a": 1}, salt="other")
    assert other == original(salt="other").dumps({"a": 1})
    assert serializer.loads(other, salt="other") == {"a": 1}
    assert outcome(serializer, other)[0] is itsdangerous.BadTimeSignature


def test_nothing_is_read_before_signatures_were_compared_in_constant_time(monkeypatch):
    seen = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: seen.append((a, b)) or a == b)
    monkeypatch.setattr(TaggedJSONSerializer, "loads", lambda self, text: seen.append(text))
    good = ours().dumps({"a": 1})
    ours().loads(good)
    assert [type(item) for item in seen] == [tuple, str]
    del seen[:]
    with pytest.raises(itsdangerous.BadSignature):
        ours().loads(good[:-2] + "zz")
    assert seen
    assert all(type(item) is tuple for item in seen)


def packable(rng):
    size = rng.randrange(1, 800)
    kind = rng.randrange(4)
    if kind == 0:
        return rng.randbytes(size)
    if kind == 1:
        return bytes(rng.choices(b"ab", k=size))
    if kind == 2:
        return (rng.randbytes(rng.randrange(1, 9)) * 800)[:size]
    items = {
        rng.randbytes(2).hex(): rng.choice([1, "abc", str(uuid.UUID(int=rng.getrandbits(128))), [1, 2]])
        for _ in range(9)
    }
    return json.dumps(items).encode()


def test_packing_gives_what_zlib_gives():
    rng = random.Random(7)
    for _ in range(300):
        data = packable(rng)
        assert signing._compress(data) == zlib.compress(data)


def test_what_is_not_tried_could_not_be_packed_into_less():
    rng = random.Random(8)
    for _ in range(1500):
        data = packable(rng)[: rng.randrange(1, 33)]
        assert len(zlib.compress(data)) >= signing._least_packed(len(set(data)))


def test_a_digest_that_is_no_block_hash_is_left_to_the_library():
    class Odd:
        digest_size = 4
        name = "odd"

        def __init__(self, data=b""):
            self.data = data

        def update(self, data):
            self.data += data

        def digest(self):
            return zlib.crc32(self.data).to_bytes(4)

        def copy(self):
            return Odd(self.data)

    with pytest.warns(RuntimeWarning, match="block_size"):
        assert ours(digest_method=Odd).dumps({"a": 1}) == original(digest_method=Odd).dumps({"a": 1})
