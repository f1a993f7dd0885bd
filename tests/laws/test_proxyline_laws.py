"""Laws of the PROXY protocol: what is rendered is read back at any split, and any bytes are taken, refused or waited for."""

from hypothesis import given, settings
from hypothesis import strategies as st

from demijohn.wire import ProtocolReject
from demijohn.wire.proxyline import SIGNATURE, TLV_CRC32C, TLV_NOOP, TLV_SSL, ProxyInfo, ProxyLine, render_v1, render_v2

ports = st.integers(0, 65535)
pairs = st.one_of(
    *[
        st.tuples(*[st.tuples(st.ip_addresses(v=version).map(str), ports)] * 2)
        for version in (4, 6)
    ]
)  # fmt: skip
paths = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=54)
kinds = st.integers(0, 255).filter(lambda kind: kind not in {TLV_CRC32C, TLV_NOOP, TLV_SSL})
tlvs = st.lists(st.tuples(kinds, st.binary(max_size=40)), max_size=4)


def read(data: bytes, cuts: list[int]) -> tuple[ProxyInfo | None, bytes] | str:
    """Feed pieces until the line is done."""
    line = ProxyLine(is_required=True)
    bounds = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    try:
        for start, end in zip(bounds, bounds[1:], strict=False):
            info = line.receive_data(data[start:end])
            if line.is_done:
                return info, line.take_buffered() + data[end:]
    except ProtocolReject as reject:
        return reject.reason
    return "more"


cuts = st.lists(st.integers(0, 10_000), max_size=6)


@settings(max_examples=150, deadline=None)
@given(pairs, st.binary(max_size=20), cuts)
def test_version_1_is_read_back(ends, after, cuts):
    info, rest = read(render_v1(*ends) + after, cuts)
    assert (info.version, rest) == (1, after)
    assert render_v1(info.source, info.destination) == render_v1(*ends)


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(pairs, st.tuples(paths, paths), st.just((None, None))), tlvs, st.booleans(), st.binary(max_size=20), cuts
)
def test_version_2_is_read_back(ends, tlvs, with_checksum, after, cuts):
    data = render_v2(*ends, tlvs, with_checksum=with_checksum)
    info, rest = read(data + after, cuts)
    assert (info.version, rest, info.tlvs) == (2, after, tuple(tlvs))
    assert render_v2(info.source, info.destination, info.tlvs, with_checksum=with_checksum) == data


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=60).map(lambda tail: SIGNATURE + b"\x21\x11\x00\x20" + tail),
        st.text("PROXYTCP46UNKNOWN 0123456789.:abcdef\r\n", max_size=80).map(lambda tail: b"PROXY " + tail.encode()),
    ),
    cuts,
)
def test_any_split_of_any_bytes_gives_the_same_outcome(data, cuts):
    assert read(data, cuts) == read(data, []) == read(data, list(range(len(data))))
