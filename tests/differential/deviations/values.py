"""Differences of values: data structures, fields, texts."""

from differential.deviations.entry import Deviation, has, has_repeats, has_step, made_by, sets_several

_COMBINED = ["CombinedMultiDict", [[{"$make": ["MultiDict", [{"a": ["1", "2"]}]]}]]]
OBJECTS = [
    Deviation(
        "values.operate",
        made_by("CombinedMultiDict", has_step("deep", ".deepcopy")),
        "A CombinedMultiDict can be copied deeply.",
        [_COMBINED, [["deep"]]],
    ),
    Deviation(
        "values.operate",
        made_by("CombinedMultiDict", has_step("dict", "list", ".keys")),
        "The keys of a CombinedMultiDict come in order, not as a set.",
        [_COMBINED, [[".keys"]]],
    ),
    Deviation(
        "values.operate",
        made_by("CombinedMultiDict", has_step("eq")),
        "A CombinedMultiDict is equal to what has its content; Werkzeug compares it as an empty dict.",
        [_COMBINED, [["eq", {"$make": ["MultiDict"]}]]],
    ),
    Deviation(
        "values.operate",
        made_by("MultiDict", lambda arguments, theirs, ours: "IndexError" in str(theirs)),
        "A key with an empty list has no item, and is no IndexError.",
        [["MultiDict"], [[".setlist", ["a", []]], [".items"]]],
    ),
    Deviation(
        "values.operate",
        made_by("EnvironHeaders", has_step(".clear")),
        "Clearing read-only headers is refused as every other change.",
        [["EnvironHeaders", [{}]], [[".clear"]]],
    ),
    Deviation(
        "values.operate",
        made_by("EnvironHeaders", has_step("item")),
        "A missing field is a BadRequestKeyError in read-only headers too, as documented.",
        [["EnvironHeaders", [{}]], [["item", "X"]]],
    ),
    Deviation(
        "values.operate",
        made_by("HeaderSet", lambda arguments, theirs, ours: has_repeats(arguments[0][1][0], arguments[1])),
        "A HeaderSet never has a name twice: not from its first values, not by update, not by an index.",
        [["HeaderSet", [["a", "a"]]], [["len"]]],
    ),
    Deviation(
        "values.operate",
        made_by("Headers", has("\\x00")),
        "NUL is refused in values as CR and LF are.",
        [["Headers"], [[".set", ["X", "\0"]]]],
    ),
    Deviation(
        "values.operate",
        lambda arguments, theirs, ours: (
            arguments[0][0] == "Headers" and any(bad in str(arguments) for bad in ("X\\n", "X\\r"))
        ),
        "Line breaks are refused in names too.",
        [["Headers"], [[".set", ["X\nY", "y"]]]],
    ),
    Deviation(
        "values.operate",
        made_by("Headers", lambda arguments, theirs, ours: any(len(step) == 3 and step[2] for step in arguments[1])),
        "A number may have options.",
        [["Headers"], [[".add", ["X", 1], {"a": "b"}]]],
    ),
    Deviation(
        "values.operate",
        made_by("Headers", lambda arguments, theirs, ours: sets_several(arguments[1])),
        "All values are checked before any is set.",
        [["Headers"], [[".setlist", ["X", ["fine", "line\nbreak"]]]]],
    ),
    Deviation(
        "values.operate",
        made_by("Headers", has_step(".update", "ior")),
        "Update with headers of repeated names keeps each name's values together.",
        [["Headers"], [[".update", [{"$make": ["Headers", [[{"$tuple": [name, name]} for name in "aba"]]]}]]]],
    ),
]
FIELDS = [
    Deviation(
        "values.operate",
        made_by("parse_cache_control_header", has("MAX-AGE")),
        "Cache directives are read without regard to case (RFC 9111 §5.2).",
        [["parse_cache_control_header", ["MAX-AGE=5"]], [["str"]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_content_range_header", has(".set', [5, 1")),
        "A content range that is none is a ValueError, not an AssertionError.",
        [["parse_content_range_header", ["bytes 0-1/2"]], [[".set", [5, 1, 2]]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_csp_header", has("upgrade-insecure-requests")),
        "A policy directive without a value is kept.",
        [["parse_csp_header", ["upgrade-insecure-requests"]], [["str"]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_if_range_header", has("W/")),
        "If-Range knows that an etag is weak: it never matches (RFC 9110 §13.1.5).",
        [["parse_if_range_header", ['W/"a"']], [["str"]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_range_header", has("bytes=-5", "_range", "[1]")),
        "A suffix longer than the whole is the whole (RFC 9110 §14.1.2).",
        [["parse_range_header", ["bytes=-5"]], [[".range_for_length", [1]]]],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "parse_set_header",
        "A HeaderSet never has a name twice.",
        ["parse_set_header", "a, a"],
    ),
]
TEXTS = [
    Deviation("values.call", None, "Slashes before a host are kept.", ["iri_to_uri", "////host"]),
    Deviation("values.call", None, "A lone surrogate becomes U+FFFD.", ["iri_to_uri", "/\ud800"]),
    Deviation("values.call", None, "Labels that are no IDNA stay as they are.", ["uri_to_iri", "http://xn--/"]),
    Deviation("values.call", None, "An IPv6 address may be trusted.", ["host_is_trusted", "[::1]", ["[::1]"]]),
    Deviation(
        "values.operate",
        made_by("HeaderSet", has_step(".remove", ".discard")),
        "A name is removed whatever its case; Werkzeug leaves it in the list if it is asked for in capitals.",
        [["HeaderSet", [["A"]]], [[".remove", ["A"]]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_etags", lambda arguments, theirs, ours: arguments[0][1][0] == '""'),
        "The empty etag is a text, not None.",
        [["parse_etags", ['""']], [[".as_set"]]],
    ),
    Deviation(
        "values.operate",
        made_by("parse_etags", lambda arguments, theirs, ours: arguments[0][1][0].strip() == "*"),
        "White space around * does not make an etag of it.",
        [["parse_etags", ["* "]], [[".as_set"]]],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "parse_cookie" and not arguments[1].isascii(),
        "Cookies that are not UTF-8 are decoded with U+FFFD, and are no UnicodeDecodeError.",
        ["parse_cookie", "a=\xfc"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "safe_join" and "\0" in "".join(arguments[1:]),
        "A path with NUL is refused: opening it would raise.",
        ["safe_join", "/srv", "a\0b"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "check_password_hash" and theirs == {"raised": "ValueError"},
        "A stored hash that is broken, or whose method is not known, is one that no password has.",
        ["check_password_hash", "scrypt:16:8:1$salt$", "secret"],
    ),
    Deviation(
        "values.call",
        lambda arguments, theirs, ours: arguments[0] == "get_current_url" and theirs == {"raised": "ValueError"},
        "A root path that looks like a port is quoted, not an error.",
        ["get_current_url", "https", "example.com:8080", ";", ";"],
    ),
]
CONDITIONS = [
    Deviation(
        "values.call_with",
        lambda arguments, theirs, ours: (
            arguments[0] == "is_resource_modified" and arguments[1][0].get("HTTP_IF_MATCH") == "*"
        ),
        "If-Match: * is true of whatever exists (RFC 9110 §13.1.1).",
        ["is_resource_modified", [{"HTTP_IF_MATCH": "*"}], {"etag": "a"}],
    ),
]
