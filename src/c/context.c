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
push_context(PyObject *app, PyObject *request)
{
    PyObject *interface = PyObject_GetAttr(app, names.session_interface);
    bool is_plain = interface != NULL && has_attribute(interface, names.is_lazy, Py_True)
                    && has_attribute(request, names._made_from_environ, Py_False) && is_silent(known.APPCONTEXT_PUSHED)
                    && is_current(Py_None);
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

/* Whether nothing but the path and the method decides about a rule. */
static bool
is_match_plain(PyObject *app, PyObject *request, PyObject *map, PyObject *head)
{
    if (!IS(map, Map) || !IS(head, Head) || !has_attribute(map, names.binds_plainly, Py_True)
        || !is_attribute_false(map, names._is_dirty) || !is_attribute_false(map, names.host_matching)
        || !is_attribute_false(app, names.subdomain_matching) || !has_attribute(request, names.trusted_hosts, Py_None)) {
        return false;
    }
    PyObject *index = FIELD(head, Head__index);
    PyObject *config = PyObject_GetAttr(app, names.config);
    PyObject *hosts = config == NULL ? NULL : PyObject_GetItem(config, names.TRUSTED_HOSTS);
    bool is_plain = hosts == Py_None && index != NULL && PyDict_CheckExact(index)
                    && PyDict_Contains(index, known.UPGRADE) == 0;
    Py_XDECREF(config);
    Py_XDECREF(hosts);
    return is_plain;
}

/* The target of a path without variables, for a method; borrowed, or NULL. */
static PyObject *
static_target(PyObject *map, PyObject *method, PyObject *path)
{
    PyObject *matcher = PyObject_GetAttr(map, names._matcher);
    PyObject *domain = matcher == NULL ? NULL : PyObject_GetAttr(map, names.default_subdomain);
    PyObject *target = NULL;
    if (domain != NULL && IS(matcher, Matcher) && PyUnicode_CheckExact(domain) && PyUnicode_CheckExact(path)
        && PyUnicode_CheckExact(method)) {
        PyObject *by_path = PyDict_GetItemWithError(FIELD(matcher, Matcher_exact), domain);
        PyObject *here = by_path == NULL ? NULL : PyDict_GetItemWithError(by_path, path);
        if (IS(here, Candidates)) {
            target = PyDict_GetItemWithError(FIELD(here, Candidates_http), method);
            if (target == NULL) {
                target = FIELD(here, Candidates_http_any);
            }
        }
    }
    Py_XDECREF(matcher); /* the map holds it, and it all that was found */
    Py_XDECREF(domain);
    return IS(target, Target) && is_false(FIELD(target, Target_redirects)) ? target : NULL;
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

/* The plan of a rule, if there is one; a new reference. */
static PyObject *
kept_plan(PyObject *app, PyObject *rule)
{
    PyObject *revision = PyObject_GetAttr(app, names._revision);
    PyObject *plans = revision == NULL ? NULL : PyObject_GetAttr(revision, names.plans);
    PyObject *endpoint = plans == NULL ? NULL : PyObject_GetAttr(rule, names.endpoint);
    PyObject *plan = NULL;
    if (endpoint != NULL && PyDict_CheckExact(plans)) {
        plan = Py_XNewRef(PyDict_GetItemWithError(plans, endpoint));
    }
    Py_XDECREF(revision);
    Py_XDECREF(plans);
    Py_XDECREF(endpoint);
    if (!IS(plan, EndpointPlan)) {
        Py_CLEAR(plan);
    }
    return plan;
}

/* Match a path without variables. 1: done, 0: this is another kind of request, and nothing was done; -1: it raised. */
static int
match_static(PyObject *app, PyObject *request, PyObject *context)
{
    PyObject *map = PyObject_GetAttr(app, names.url_map);
    PyObject *head = map == NULL ? NULL : PyObject_GetAttr(request, names._head);
    PyObject *path = head == NULL ? NULL : PyObject_GetAttr(request, names.path);
    PyObject *target = NULL, *values = NULL, *plan = NULL;
    int done = 0;
    if (path != NULL && is_match_plain(app, request, map, head)) {
        target = static_target(map, FIELD(head, Head_method), path);
    }
    if (target != NULL) {
        Py_INCREF(target);
        plan = kept_plan(app, FIELD(target, Target_rule));
        values = plan == NULL ? NULL : values_of(target);
    }
    if (values != NULL) {
        done = PyObject_SetAttr(request, names.routing_exception, Py_None) < 0
                       || PyObject_SetAttr(request, names.url_rule, FIELD(target, Target_rule)) < 0
                       || PyObject_SetAttr(request, names.view_args, values) < 0
                   ? -1
                   : 1;
        PUT_NEW(context, RequestContext__is_matched, Py_True);
        PUT_NEW(context, RequestContext_plan, plan);
    }
    Py_XDECREF(map);
    Py_XDECREF(head);
    Py_XDECREF(path);
    Py_XDECREF(target);
    Py_XDECREF(values);
    Py_XDECREF(plan);
    if (done == 0) {
        PyErr_Clear(); /* Python meets it, too */
    }
    return done;
}

int
match_request(PyObject *app, PyObject *request, PyObject *context)
{
    int done = match_static(app, request, context);
    return done != 0 ? (done < 0 ? -1 : 0) : call_method(context, names.match_request);
}

/* ---- pop */

/* Nothing of the request is to be closed, and it has no failure whose traceback is a circle of objects. */
static bool
is_request_closed(PyObject *request)
{
    if (!is_close_plain(request)) {
        return false;
    }
    PyObject *parts = PyObject_GenericGetDict(request, NULL);
    if (parts == NULL) {
        PyErr_Clear();
        return false;
    }
    bool is_closed = PyDict_Contains(parts, names.files) == 0 && PyDict_Contains(parts, names.close) == 0
                     && PyDict_Contains(parts, names.environ) == 0
                     && PyDict_GetItemWithError(parts, names.routing_exception) == Py_None;
    Py_DECREF(parts);
    return is_closed;
}

static bool
is_pop_plain(PyObject *app, PyObject *request, PyObject *context)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    return is_current(context) && is_empty_tuple(FIELD(context, RequestContext__later_tokens))
           && count_of(FIELD(context, RequestContext__holds)) == 0 && FIELD(context, RequestContext__host) == Py_None
           && FIELD(context, RequestContext__outer) == Py_None && is_true(FIELD(context, RequestContext__closes_request))
           && FIELD(context, RequestContext_request) == request && IS(plan, EndpointPlan)
           && is_empty_tuple(FIELD(plan, EndpointPlan_teardown)) && is_silent(known.REQUEST_TEARING_DOWN)
           && is_silent(known.APPCONTEXT_TEARING_DOWN) && is_silent(known.APPCONTEXT_POPPED)
           && is_attribute_false(app, names.teardown_appcontext_funcs)
           && has_attribute(request, names._after_response, Py_None) && is_request_closed(request);
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
