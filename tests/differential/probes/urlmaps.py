"""Maps of rules made from plain data, and what they answer."""

from differential.plain import attempt, plain

WRAPPERS = {"Submount": str, "EndpointPrefix": str, "Subdomain": str}


def build(lib, rules, options):
    """A map of rules: a dict is a rule, a list `[name, prefix, rules]` puts rules together."""
    options = dict(options)
    if options.pop("converters", False):
        options["converters"] = converters(lib)
    return lib.Map([rule_of(lib, rule) for rule in rules], **options)


def rule_of(lib, spec):
    if isinstance(spec, list):
        name, prefix, rules = spec
        return getattr(lib, name)(prefix, [rule_of(lib, rule) for rule in rules])
    spec = dict(spec)
    return lib.Rule(spec.pop("rule"), **spec)


def converters(lib):
    """Converters of an application's own."""

    class Listed(lib.BaseConverter):
        regex = "[^/]+"

        def to_python(self, value):
            return value.split("+")

        def to_url(self, values):
            return "+".join(lib.BaseConverter.to_url(self, value) for value in values)

    class Two(lib.BaseConverter):
        regex = "[0-9]{2}"
        weight = 50

    class Wide(lib.BaseConverter):
        regex = ".*?"
        part_isolating = False
        weight = 300

    return {"list": Listed, "two": Two, "wide": Wide}


def ask(lib, rules, options, questions):
    """Each question: what is asked, how the map is bound, and arguments."""
    try:
        table = build(lib, rules, options)
    except Exception as error:
        return plain(error)
    return [answer(lib, table, *question) for question in questions]


def answer(lib, table, kind, bound, *arguments):
    try:
        adapter = table.bind(**{"server_name": "example.com", **bound})
        if kind == "match":
            return match(lib, adapter, *arguments)
        if kind == "build":
            return adapter.build(arguments[0], arguments[1], **(arguments[2] if len(arguments) > 2 else {}))
        if kind == "allowed":
            return sorted(adapter.allowed_methods(*arguments))
        if kind == "rules":
            return [str(rule) for rule in table.iter_rules()]
        return attempt(getattr(adapter, kind), *arguments)
    except Exception as error:
        return plain(error)


def match(lib, adapter, path, method, query=None, websocket=None):
    try:
        rule, values = adapter.match(path, method, return_rule=True, query_args=query, websocket=websocket)
    except lib.RequestRedirect as redirect:
        return {"redirect": redirect.new_url, "code": redirect.code}
    except lib.MethodNotAllowed as refused:
        return {"refused": sorted(refused.valid_methods)}
    return {
        "endpoint": plain(rule.endpoint),
        "rule": rule.rule,
        "values": sorted((key, plain(value)) for key, value in values.items()),
    }
