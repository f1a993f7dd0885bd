/* Twin of `NativeHandler.__call__`: a request that is answered with one block of bytes, and leaves nothing to be closed. */
#include "app.h"

/* Go on in Python, with a request that has its response. */
static PyObject *
finish(PyObject *handler, PyObject *exchange, PyObject *request, PyObject *response, PyObject *before)
{
    PyObject *answered = PyTuple_Pack(3, request, response, before);
    PyObject *named = answered == NULL ? NULL : PyTuple_Pack(1, known.ANSWERED);
    PyObject *result = NULL;
    if (named != NULL) {
        PyObject *given[] = {exchange, answered};
        result = call_pure(pure.NativeHandler___call__, handler, given, 1, named);
    }
    Py_XDECREF(answered);
    Py_XDECREF(named);
    return result;
}

/* What runs after the answer; a new reference, NULL if that is nothing, with an exception if there is one. */
static PyObject *
after_response_of(PyObject *request)
{
    PyObject *parts = parts_of_request(request);
    if (fresh_of(parts) != NULL) {
        return NULL;
    }
    PyObject *after = parts != NULL ? Py_XNewRef(part(parts, names._after_response))
                                    : PyObject_GetAttr(request, names._after_response);
    if (after == Py_None) {
        Py_CLEAR(after);
    }
    return after;
}

/* Give it to the exchange, also after an exception: that is answered, too. -1 if this raised. */
static int
hand_over_rest(PyObject *exchange, PyObject *request)
{
    PyObject *error = PyErr_Occurred() ? take_exception() : NULL;
    PyObject *after = after_response_of(request);
    int done = PyErr_Occurred() ? -1 : 0;
    if (after != NULL) {
        done = forget(PyObject_CallMethodOneArg(exchange, names.after, after));
        Py_DECREF(after);
    }
    if (done == 0 && error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    Py_XDECREF(error);
    return done;
}

/* `exchange.respond(...)`, of whatever exchange it is, of a response and a request that leave nothing to be done. */
static PyObject *
respond_by(PyObject *exchange, PyObject *status, PyObject *fields, PyObject *body)
{
    if (IS(exchange, H1Exchange) && is_used(kinds.H1Exchange, names.respond, twins.H1Exchange_respond)) {
        return respond_on(exchange, status, fields, body, true);
    }
    return PyObject_CallMethodObjArgs(exchange, names.respond, status, fields, body, NULL);
}

/* Send a plain answer. -1 if that raised, and then all is done that has to be; 0: it is not plain, and nothing was done. */
static int
send_plain(PyObject *exchange, PyObject *request, PyObject *response)
{
    PyObject *status, *fields, *body;
    PyObject *method = request_method(parts_of_request(request));
    if (method == NULL || !PyUnicode_CheckExact(method) || PyUnicode_CompareWithASCIIString(method, "HEAD") == 0
        || !read_response(response, &status, &fields, &body)) {
        return 0;
    }
    /* The response may be changed by whoever has it. */
    Py_INCREF(status);
    Py_INCREF(fields);
    Py_INCREF(body);
    int done = forget(respond_by(exchange, status, fields, body));
    Py_DECREF(status);
    Py_DECREF(fields);
    Py_DECREF(body);
    return done < 0 ? -1 : 1;
}

/* What is left after the answer: closing the response, if it has got something to close meanwhile, and what was pushed. */
static PyObject *
clean_up(PyObject *application, PyObject *response, PyObject *before)
{
    PyObject *error = PyErr_Occurred() ? take_exception() : NULL;
    PyObject *current, *result = NULL;
    int done = call_method(response, names.close);
    if (done == 0 && (done = PyContextVar_Get(known.CURRENT, Py_None, &current)) == 0) {
        result = current == before ? Py_NewRef(Py_None)
                                   : PyObject_CallMethodOneArg(application, names.pop_left_over, before);
        Py_XDECREF(current);
    }
    if (result != NULL && error != NULL) {
        Py_CLEAR(result);
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    Py_XDECREF(error);
    return result;
}

/* Nothing is left: the usual case. */
static bool
is_clean(PyObject *response, PyObject *before)
{
    PyObject *current;
    if (PyErr_Occurred() || blocks_of(response) == NULL
        || PyContextVar_Get(known.CURRENT, Py_None, &current) < 0) {
        return false;
    }
    Py_XDECREF(current);
    return current == before;
}

/* `application.respond(request)`, also where somebody has replaced it. */
static PyObject *
respond_from(PyObject *application, PyObject *request)
{
    if (is_used(Py_TYPE(application), names.respond, twins.AppDispatch_respond)) {
        PyObject *parts = parts_of(application);
        if (parts != NULL && part(parts, names.respond) == NULL) {
            return respond_to(application, request);
        }
    }
    return PyObject_CallMethodOneArg(application, names.respond, request);
}

static PyObject *
answer(PyObject *handler, PyObject *exchange, PyObject *request, PyObject *before)
{
    PyObject *application = FIELD(handler, NativeHandler__application);
    PyObject *response = respond_from(application, request);
    if (hand_over_rest(exchange, request) < 0 || response == NULL) {
        Py_XDECREF(response);
        return NULL;
    }
    int done = send_plain(exchange, request, response);
    PyObject *result;
    if (done == 0) {
        result = finish(handler, exchange, request, response, before);
    }
    else {
        result = done == 1 && is_clean(response, before) ? Py_NewRef(Py_None) : clean_up(application, response, before);
    }
    Py_DECREF(response);
    return result;
}

/* `request_class.from_exchange(exchange, "")`. */
static PyObject *
request_of(PyObject *application, PyObject *exchange)
{
    PyObject *kind = PyObject_GetAttr(application, names.request_class);
    PyObject *request = NULL;
    if (kind != NULL) {
        request = PyType_Check(kind) ? new_request((PyTypeObject *)kind, exchange) : NULL;
        if (request == NULL) {
            PyErr_Clear(); /* Python meets it, too */
            request = PyObject_CallMethodObjArgs(kind, names.from_exchange, exchange, known.EMPTY_TEXT, NULL);
        }
        Py_DECREF(kind);
    }
    return request;
}

PyObject *
handle(PyObject *handler, PyObject *exchange)
{
    PyObject *before, *result = NULL;
    if (PyContextVar_Get(known.CURRENT, Py_None, &before) < 0) {
        return NULL;
    }
    PyObject *request = request_of(FIELD(handler, NativeHandler__application), exchange);
    if (request != NULL) {
        result = answer(handler, exchange, request, before);
        Py_DECREF(request);
    }
    Py_DECREF(before);
    return result;
}

bool
is_handler_plain(PyObject *handler)
{
    return FIELD(handler, NativeHandler__current) == known.GET_CURRENT && FIELD(handler, NativeHandler__application) != NULL;
}

static PyObject *
NativeHandler___call__(PyObject *handler, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords)
{
    return count == 1 && keywords == NULL && is_handler_plain(handler)
               ? handle(handler, arguments[0])
               : call_pure(pure.NativeHandler___call__, handler, arguments, count, keywords);
}

PyMethodDef NativeHandler_methods[] = {
    {"__call__", (PyCFunction)(void (*)(void))NativeHandler___call__, METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
