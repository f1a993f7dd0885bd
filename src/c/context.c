/* Twins of app/context.py: the context of a request, where no other one is current and nothing is to be torn down. */
#include "app.h"

/* ---- push */

static PyObject *
new_context(PyObject *app, PyObject *request)
{
    PyObject *context = kinds.RequestContext->tp_alloc(kinds.RequestContext, 0);
    PyObject *nothing = context == NULL ? NULL : PyTuple_New(0);
    PyObject *zero = nothing == NULL ? NULL : PyLong_FromLong(0);
    if (zero == NULL) {
        Py_XDECREF(context);
        Py_XDECREF(nothing);
        return NULL;
    }
    FIELD(context, RequestContext_app) = Py_NewRef(app);
    FIELD(context, RequestContext_has_request) = Py_NewRef(Py_True);
    FIELD(context, RequestContext__is_matched) = Py_NewRef(Py_False);
    FIELD(context, RequestContext_request) = Py_NewRef(request);
    FIELD(context, RequestContext_flashes) = Py_NewRef(Py_None);
    FIELD(context, RequestContext__held_session) = Py_NewRef(Py_None);
    FIELD(context, RequestContext__host) = Py_NewRef(Py_None);
    FIELD(context, RequestContext__closes_request) = Py_NewRef(Py_True);
    FIELD(context, RequestContext__outer) = Py_NewRef(Py_None);
    FIELD(context, RequestContext__after_request_functions) = nothing;
    FIELD(context, RequestContext__token) = Py_NewRef(Py_None);
    FIELD(context, RequestContext__later_tokens) = Py_NewRef(nothing);
    FIELD(context, RequestContext__holds) = zero;
    FIELD(context, RequestContext__held_error) = Py_NewRef(Py_None);
    return context;
}

bool
is_current(PyObject *context)
{
    PyObject *current;
    if (PyContextVar_Get(known.CURRENT, Py_None, &current) < 0) {
        PyErr_Clear();
        return false;
    }
    Py_XDECREF(current); /* the variable holds it */
    return current == context;
}

PyObject *
push_context(PyObject *app, PyObject *request, PyObject *parts)
{
    PyObject *interface = PyObject_GetAttr(app, names.session_interface);
    bool is_plain = interface != NULL && has_attribute(interface, names.is_lazy, Py_True)
                    && (fresh_of(parts) != NULL || part(parts, names._made_from_environ) == Py_False)
                    && is_silent(known.APPCONTEXT_PUSHED) && is_current(Py_None);
    Py_XDECREF(interface);
    if (!is_plain) {
        PyErr_Clear();
        return NULL;
    }
    PyObject *context = new_context(app, request);
    PyObject *token = context == NULL ? NULL : PyContextVar_Set(known.CURRENT, context);
    if (token == NULL) {
        Py_XDECREF(context);
        return NULL;
    }
    PUT(context, RequestContext__token, token);
    return context;
}

/* ---- match */

static bool
is_part_false(PyObject *parts, PyObject *name)
{
    return part(parts, name) == Py_False;
}

/* What the requests of an application are matched with, while nothing but path and method decides about a rule. All borrowed: as
 * long as the dicts it was found in are of these versions, they hold it. */
struct ground {
    PyObject *app;
    PyObject *map;
    PyObject *config;
    uint64_t app_version, map_version, config_version;
    PyObject *by_path;
    PyObject *revision;
};

/* Find it; false: something else decides, or Python has to look. */
static bool
survey(struct ground *ground, PyObject *app, PyObject *app_parts)
{
    PyObject *map = part(app_parts, names.url_map);
    PyObject *config = part(app_parts, names.config);
    PyObject *map_parts = IS(map, Map) ? parts_of(map) : NULL;
    ground->app = NULL;
    if (map_parts == NULL || !IS(config, Config) || !is_part_false(map_parts, names._is_dirty)
        || !is_part_false(map_parts, names.host_matching) || part(map_parts, names.binds_plainly) != Py_True
        || !is_part_false(app_parts, names.subdomain_matching) || part(config, names.TRUSTED_HOSTS) != Py_None) {
        return false;
    }
    PyObject *matcher = part(map_parts, names._matcher);
    PyObject *domain = part(map_parts, names.default_subdomain);
    PyObject *by_path = IS(matcher, Matcher) && domain != NULL && PyUnicode_CheckExact(domain)
                            ? part(FIELD(matcher, Matcher_exact), domain)
                            : NULL;
    PyObject *revision = part(app_parts, names._revision);
    if (by_path == NULL || !PyDict_CheckExact(by_path) || !IS(revision, Revision)) {
        return false;
    }
    *ground = (struct ground){
        app, map, config, version_of(app_parts), version_of(map_parts), version_of(config), by_path, revision,
    };
    return true;
}

/* NULL: something else decides. It is good until code of somebody else's runs. */
static const struct ground *
ground_of(PyObject *app)
{
    static struct ground kept;
    PyObject *app_parts = parts_of(app);
    if (app_parts == NULL) {
        return NULL;
    }
    if (kept.app == app && kept.app_version != 0 && kept.app_version == version_of(app_parts)
        && kept.config_version == version_of(kept.config)) {
        PyObject *map_parts = parts_of(kept.map);
        if (map_parts != NULL && kept.map_version == version_of(map_parts)) {
            return &kept;
        }
    }
    return survey(&kept, app, app_parts) ? &kept : NULL;
}

/* The target of a path without variables, for a method; borrowed, or NULL. */
static PyObject *
static_target(PyObject *by_path, PyObject *method, PyObject *path)
{
    if (path == NULL || !PyUnicode_CheckExact(path) || method == NULL || !PyUnicode_CheckExact(method)) {
        return NULL;
    }
    PyObject *here = part(by_path, path);
    if (!IS(here, Candidates)) {
        return NULL;
    }
    PyObject *target = part(FIELD(here, Candidates_http), method);
    if (target == NULL) {
        target = FIELD(here, Candidates_http_any);
    }
    return IS(target, Target) && is_false(FIELD(target, Target_redirects)) ? target : NULL;
}

/* The request itself asks for no other way of matching. */
static bool
is_match_plain(PyObject *request, PyObject *parts, PyObject *head)
{
    PyObject *index = IS(head, Head) ? FIELD(head, Head__index) : NULL;
    PyObject *hosts = fresh_of(parts) != NULL ? _PyType_Lookup(Py_TYPE(request), names.trusted_hosts)
                                              : part_or_default(request, parts, names.trusted_hosts);
    return index != NULL && PyDict_CheckExact(index) && PyDict_Contains(index, known.UPGRADE) == 0 && hosts == Py_None;
}

/* The values of a path without variables; a new reference. */
static PyObject *
values_of(PyObject *target)
{
    PyObject *defaults = FIELD(target, Target_defaults);
    if (defaults == NULL || defaults == Py_None) {
        return PyDict_New();
    }
    return PyDict_CheckExact(defaults) ? PyDict_Copy(defaults) : NULL;
}

/* The plan of a rule, if there is one; borrowed, or NULL. */
static PyObject *
kept_plan(PyObject *revision, PyObject *rule)
{
    PyObject *plans = FIELD(revision, Revision_plans);
    PyObject *endpoint = PyDict_CheckExact(plans) ? PyObject_GetAttr(rule, names.endpoint) : NULL;
    if (endpoint == NULL) {
        PyErr_Clear();
        return NULL;
    }
    PyObject *plan = part(plans, endpoint);
    Py_DECREF(endpoint);
    return IS(plan, EndpointPlan) ? plan : NULL;
}

/* Match a path without variables. 1: done, 0: this is another kind of request, and nothing was done; -1: it raised. */
static int
match_static(PyObject *app, PyObject *request, PyObject *parts, PyObject *context)
{
    const struct fresh *fresh = fresh_of(parts);
    PyObject *head = request_head(parts);
    const struct ground *ground = is_match_plain(request, parts, head) ? ground_of(app) : NULL;
    if (ground == NULL) {
        return 0;
    }
    PyObject *path = fresh != NULL ? fresh->path : part(parts, names.path);
    PyObject *target = static_target(ground->by_path, FIELD(head, Head_method), path);
    PyObject *plan = target == NULL ? NULL : Py_XNewRef(kept_plan(ground->revision, FIELD(target, Target_rule)));
    if (plan == NULL) {
        return 0;
    }
    PyObject *values = values_of(target);
    int done = -1;
    if (values != NULL && PyDict_SetItem(parts, names.routing_exception, Py_None) == 0
        && PyDict_SetItem(parts, names.url_rule, FIELD(target, Target_rule)) == 0
        && PyDict_SetItem(parts, names.view_args, values) == 0) {
        done = 1;
        if (fresh != NULL) {
            note_match(parts, values);
        }
    }
    Py_XDECREF(values);
    PUT_NEW(context, RequestContext__is_matched, Py_True);
    PUT(context, RequestContext_plan, plan);
    return done;
}

int
match_request(PyObject *app, PyObject *request, PyObject *parts, PyObject *context)
{
    int done = match_static(app, request, parts, context);
    return done != 0 ? (done < 0 ? -1 : 0) : call_method(context, names.match_request);
}

/* ---- pop */

/* Nothing of the request is to be closed, and it has no failure whose traceback is a circle of objects. */
static bool
is_request_closed(PyObject *request)
{
    PyObject *parts = parts_of_request(request);
    const struct fresh *fresh = fresh_of(parts);
    if (fresh != NULL && fresh->values != NULL) {
        return true;
    }
    if (parts == NULL || part(parts, names.files) != NULL || part(parts, names.close) != NULL
        || part(parts, names.environ) != NULL || part(parts, names.routing_exception) != Py_None) {
        return false;
    }
    PyObject *after = part(parts, names._after_response);
    return after == NULL || after == Py_None;
}

static bool
is_part_empty(PyObject *parts, PyObject *name)
{
    PyObject *functions = part(parts, name);
    return IS(functions, HookList) && PyList_GET_SIZE(functions) == 0;
}

static bool
is_pop_plain(PyObject *app, PyObject *request, PyObject *context)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    PyObject *app_parts = parts_of(app);
    return is_current(context) && is_empty_tuple(FIELD(context, RequestContext__later_tokens))
           && count_of(FIELD(context, RequestContext__holds)) == 0 && FIELD(context, RequestContext__host) == Py_None
           && FIELD(context, RequestContext__outer) == Py_None && is_true(FIELD(context, RequestContext__closes_request))
           && FIELD(context, RequestContext_request) == request && IS(plan, EndpointPlan)
           && is_empty_tuple(FIELD(plan, EndpointPlan_teardown)) && is_silent(known.REQUEST_TEARING_DOWN)
           && is_silent(known.APPCONTEXT_TEARING_DOWN) && is_silent(known.APPCONTEXT_POPPED)
           && app_parts != NULL && is_part_empty(app_parts, names.teardown_appcontext_funcs)
           && is_request_closed(request);
}

int
pop_context(PyObject *app, PyObject *request, PyObject *context)
{
    if (!is_pop_plain(app, request, context)) {
        return 0;
    }
    PyObject *token = FIELD(context, RequestContext__token);
    FIELD(context, RequestContext__token) = Py_NewRef(Py_None);
    int done = PyContextVar_Reset(known.CURRENT, token);
    Py_DECREF(token);
    return done < 0 ? -1 : 1;
}
