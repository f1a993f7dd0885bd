/* Twin of `AppDispatch.respond`: a request whose steps are ours, and that goes wrong nowhere.
 *
 * The steps are those of app/dispatch.py, in their order. One that has something to do that is not plain is called as the Python
 * method it is; what goes wrong, and what is left to do at the end, `AppDispatch.respond` itself does, by one of its `_answer_*`.
 */
#include "app.h"

/* Go on in Python: `respond(request, ctx=context, rest=partial(app.<name>, first, second))`. Steals nothing. */
static PyObject *
go_on(PyObject *app, PyObject *request, PyObject *context, PyObject *name, PyObject *first, PyObject *second)
{
    PyObject *method = PyObject_GetAttr(app, name);
    PyObject *rest = method == NULL ? NULL : PyObject_CallFunctionObjArgs(known.partial, method, first, second, NULL);
    PyObject *named = rest == NULL ? NULL : PyTuple_Pack(2, names.ctx, names.rest);
    PyObject *result = NULL;
    if (named != NULL) {
        PyObject *given[] = {request, context, rest};
        result = call_pure(pure.AppDispatch_respond, app, given, 1, named);
    }
    Py_XDECREF(method);
    Py_XDECREF(rest);
    Py_XDECREF(named);
    return result;
}

/* The same after an exception, which is set. */
static PyObject *
go_on_after_error(PyObject *app, PyObject *request, PyObject *context, PyObject *name)
{
    PyObject *error = take_exception();
    PyObject *result = go_on(app, request, context, name, error, NULL);
    Py_DECREF(error);
    return result;
}

/* The plan is still that of the request's rule, which a function before the view may have replaced. */
static bool
is_plan_current(PyObject *plan, PyObject *rule)
{
    return rule != NULL && rule != Py_None && has_attribute(rule, names.endpoint, FIELD(plan, EndpointPlan_endpoint));
}

/* Whether a request is one that its view answers: OPTIONS may be answered without. */
static bool
is_method_plain(PyObject *method)
{
    return method != NULL && PyUnicode_CheckExact(method) && PyUnicode_CompareWithASCIIString(method, "OPTIONS") != 0;
}

/* The values that the view is called with; borrowed. NULL: `dispatch_request` has something else to do. `is_fresh`: nobody's code
 * has run since the request was matched. */
static PyObject *
values_for_view(PyObject *parts, PyObject *plan, bool is_fresh)
{
    const struct fresh *fresh = fresh_of(parts);
    if (!is_method_plain(request_method(parts))) {
        return NULL;
    }
    if (fresh != NULL && fresh->values != NULL) {
        return fresh->values;
    }
    PyObject *values = part(parts, names.view_args);
    bool is_plain = values != NULL && PyDict_CheckExact(values) && part(parts, names.routing_exception) == Py_None
                    && (is_fresh || is_plan_current(plan, part(parts, names.url_rule)));
    return is_plain ? values : NULL;
}

/* `dispatch_request`: the view's return value. */
static PyObject *
dispatch(PyObject *app, PyObject *request, PyObject *context, bool is_fresh)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    PyObject *parts = parts_of(request);
    bool has_view = parts != NULL && IS(plan, EndpointPlan) && FIELD(plan, EndpointPlan_view) != Py_None && is_current(context);
    PyObject *values = has_view ? values_for_view(parts, plan, is_fresh) : NULL;
    if (values == NULL) {
        return PyObject_CallMethodNoArgs(app, names.dispatch_request);
    }
    PyObject *view = Py_NewRef(FIELD(plan, EndpointPlan_view));
    Py_INCREF(values);
    PyObject *result = PyObject_VectorcallDict(view, NULL, 0, PyDict_GET_SIZE(values) ? values : NULL);
    Py_DECREF(values);
    Py_DECREF(view);
    return result;
}

/* What `preprocess_request` and `dispatch_request` come to. */
static PyObject *
call_view(PyObject *app, PyObject *request, PyObject *context)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    bool is_fresh = true;
    if (!is_empty_tuple(FIELD(plan, EndpointPlan_url_values)) || !is_empty_tuple(FIELD(plan, EndpointPlan_before))) {
        PyObject *early = PyObject_CallMethodNoArgs(app, names.preprocess_request);
        if (early != Py_None) {
            return early; /* or raised */
        }
        Py_DECREF(early);
        is_fresh = false;
    }
    return dispatch(app, request, context, is_fresh);
}

/* `make_response`: of text that ours is made of; else Python's. */
static PyObject *
make_response(PyObject *app, PyObject *value)
{
    PyObject *parts = PyUnicode_CheckExact(value) ? parts_of(app) : NULL;
    if (parts != NULL && part_or_default(app, parts, names.response_class) == (PyObject *)kinds.AppResponse) {
        PyObject *response = new_response(value);
        if (response != NULL || PyErr_Occurred()) {
            return response;
        }
        return PyObject_CallOneArg((PyObject *)kinds.AppResponse, value);
    }
    return PyObject_CallMethodOneArg(app, names.make_response, value);
}

/* Whether `process_response` has nothing to do: no function, no session that was touched or may have to be refreshed. */
static bool
is_processed(PyObject *request, PyObject *context)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    PyObject *head = request_head(parts_of(request));
    PyObject *index = IS(head, Head) ? FIELD(head, Head__index) : NULL;
    return index != NULL && PyDict_CheckExact(index) && PyDict_Contains(index, known.COOKIE) == 0 && is_current(context)
           && IS(plan, EndpointPlan) && is_empty_tuple(FIELD(plan, EndpointPlan_after))
           && is_empty_tuple(FIELD(context, RequestContext__after_request_functions))
           && FIELD(context, RequestContext__outer) == Py_None
           && FIELD(context, RequestContext__held_session) == Py_None;
}

/* `finalize_request`; steals the reference to the view's value. */
static PyObject *
finalize(PyObject *app, PyObject *request, PyObject *context, PyObject *value)
{
    if (!is_silent(known.REQUEST_FINISHED)) {
        PyObject *finalized = PyObject_CallMethodOneArg(app, names.finalize_request, value);
        Py_DECREF(value);
        return finalized;
    }
    PyObject *response = make_response(app, value);
    Py_DECREF(value);
    if (response == NULL || is_processed(request, context)) {
        return response;
    }
    PyObject *processed = PyObject_CallMethodOneArg(app, names.process_response, response);
    Py_DECREF(response);
    return processed;
}

/* Nobody has set a limit of time for this exchange. */
static bool
is_without_limit(PyObject *exchange)
{
    if (IS(exchange, H1Exchange)) {
        return FIELD(exchange, H1Exchange_time_limit) == Py_None;
    }
    return exchange == Py_None || has_attribute(exchange, names.time_limit, Py_None);
}

/* Whether a limit of time matters to this request. */
static bool
is_limited(PyObject *context, PyObject *exchange)
{
    PyObject *plan = FIELD(context, RequestContext_plan);
    return !IS(plan, EndpointPlan)
           || (exchange != Py_None
               && (FIELD(plan, EndpointPlan_timeout) != known.MISSING || !is_without_limit(exchange)));
}

/* A request has come: mark it. -1 if that raised. */
static int
mark_first_request(PyObject *app)
{
    PyObject *parts = parts_of(app);
    return parts != NULL && part(parts, names._got_first_request) == Py_True
               ? 0
               : PyObject_SetAttr(app, names._got_first_request, Py_True);
}

/* From the matched request to its response, in a context that is popped at the end. */
static PyObject *
respond_in(PyObject *app, PyObject *request, PyObject *context, PyObject *exchange)
{
    PyObject *value = call_view(app, request, context);
    if (value == NULL) {
        return go_on_after_error(app, request, context, names._answer_error);
    }
    PyObject *response = finalize(app, request, context, value);
    if (response == NULL) {
        return go_on_after_error(app, request, context, names._answer_failure);
    }
    int is_popped = 0;
    if (is_without_limit(exchange) && are_steps_plain(app)) {
        is_popped = pop_context(app, request, context);
    }
    if (is_popped == 0) {
        PyObject *result = go_on(app, request, context, names._answer_as_it_is, response, NULL);
        Py_DECREF(response);
        return result;
    }
    if (is_popped < 0) {
        PyObject *error = take_exception();
        if (call_method(response, names.close) < 0) {
            PyErr_Clear(); /* what went wrong first is what is told */
        }
        Py_CLEAR(response);
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
    return response;
}

/* The plain way; NULL without an exception: not plain, and nothing was done. */
static PyObject *
respond(PyObject *app, PyObject *request)
{
    PyObject *parts = parts_of_request(request);
    const struct fresh *fresh = fresh_of(parts);
    PyObject *exchange = fresh != NULL ? fresh->exchange : parts == NULL ? NULL : part(parts, names._exchange);
    if (exchange == NULL || !are_steps_plain(app) || !is_silent(known.REQUEST_STARTED)
        || !is_silent(known.REQUEST_FINISHED)) {
        return NULL;
    }
    PyObject *context = push_context(app, request, parts);
    if (context == NULL) {
        return NULL;
    }
    PyObject *response;
    Py_INCREF(exchange);
    if (match_request(app, request, parts, context) < 0) {
        PyObject *error = take_exception();
        response = go_on(app, request, context, names._answer_unmatched, context, error);
        Py_DECREF(error);
    }
    else if (is_limited(context, exchange)) {
        response = go_on(app, request, context, names._answer_within_limit, context, exchange);
    }
    else if (mark_first_request(app) < 0) {
        response = go_on_after_error(app, request, context, names._answer_failure);
    }
    else {
        response = respond_in(app, request, context, exchange);
    }
    Py_DECREF(exchange);
    Py_DECREF(context);
    return response;
}

PyObject *
respond_to(PyObject *app, PyObject *request)
{
    PyObject *response = respond(app, request);
    return response != NULL || PyErr_Occurred() ? response : call_pure(pure.AppDispatch_respond, app, &request, 1, NULL);
}

static PyObject *
AppDispatch_respond(PyObject *app, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords)
{
    return count == 1 && keywords == NULL ? respond_to(app, arguments[0])
                                          : call_pure(pure.AppDispatch_respond, app, arguments, count, keywords);
}

PyMethodDef AppDispatch_methods[] = {
    {"respond", (PyCFunction)(void (*)(void))AppDispatch_respond, METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
