/* Twins of serve/answering.py and serve/exchange.py: an exchange from its making to its end, where its answer is one block. */
#include "server.h"

PyObject *
new_exchange(PyObject *link, PyObject *head)
{
    PyObject *engine = FIELD(link, Link_engine);
    PyObject *number = PyLong_FromSsize_t(count_of(FIELD(link, Link_request_count)) + 1);
    PyObject *context = PyContext_CopyCurrent();
    PyObject *exchange = number == NULL || context == NULL ? NULL : kinds.H1Exchange->tp_alloc(kinds.H1Exchange, 0);
    PyObject *nothing = exchange == NULL ? NULL : PyTuple_New(0);
    PyObject *status = nothing == NULL ? NULL : PyUnicode_New(0, 0);
    PyObject *count = status == NULL ? NULL : PyLong_FromLong(0);
    if (count == NULL) {
        Py_XDECREF(number);
        Py_XDECREF(context);
        Py_XDECREF(exchange);
        Py_XDECREF(nothing);
        Py_XDECREF(status);
        return NULL;
    }
    PyObject *now = FIELD(FIELD(engine, Engine_reactor), Reactor_now);
    FIELD(exchange, H1Exchange_head) = Py_NewRef(head);
    FIELD(exchange, H1Exchange_body) = Py_NewRef(known.EMPTY_BODY);
    FIELD(exchange, H1Exchange_peer) = Py_NewRef(FIELD(link, Link_peer));
    FIELD(exchange, H1Exchange_body_bytes) = count;
    FIELD(exchange, H1Exchange__line) = Py_NewRef(link);
    FIELD(exchange, H1Exchange_context) = context;
    FIELD(exchange, H1Exchange_state) = Py_NewRef(known.NEW);
    FIELD(exchange, H1Exchange_is_running) = Py_NewRef(Py_False);
    FIELD(exchange, H1Exchange__status) = status;
    FIELD(exchange, H1Exchange__fields) = nothing;
    FIELD(exchange, H1Exchange__is_logged) = Py_NewRef(Py_False);
    FIELD(exchange, H1Exchange__is_counted) = Py_NewRef(Py_False);
    FIELD(exchange, H1Exchange__number) = number;
    PUT_NEW(link, Link_request_count, number);
    FIELD(exchange, H1Exchange__began) = Py_NewRef(now);
    FIELD(exchange, H1Exchange__called) = Py_NewRef(now);
    FIELD(exchange, H1Exchange__chunks) = Py_NewRef(Py_None);
    FIELD(exchange, H1Exchange__iterator) = Py_NewRef(Py_None);
    FIELD(exchange, H1Exchange__after) = Py_NewRef(nothing);
    FIELD(exchange, H1Exchange_time_limit) = Py_NewRef(Py_None);
    FIELD(exchange, H1Exchange__client_watch) = Py_NewRef(Py_None);
    return exchange;
}

/* ---- running the handler */

/* `handler(exchange)`. */
static PyObject *
call_handler(PyObject *handler, PyObject *exchange)
{
    if (IS(handler, NativeHandler) && is_handler_plain(handler)
        && is_used(kinds.NativeHandler, names.__call__, twins.NativeHandler___call__)) {
        return handle(handler, exchange);
    }
    return PyObject_CallOneArg(handler, exchange);
}

/* `Answering.run`. -1 if it raised. */
static int
run_exchange(PyObject *exchange)
{
    PyObject *engine = FIELD(FIELD(exchange, H1Exchange__line), Link_engine);
    PyObject *options = FIELD(engine, Engine_options);
    double limit;
    if (FIELD(exchange, H1Exchange_state) != known.NEW || FIELD(engine, Engine_access_log) != Py_None
        || !IS(options, ServerOptions)
        || (FIELD(options, ServerOptions_request_timeout) != Py_None
            && (!seconds_of(FIELD(options, ServerOptions_request_timeout), &limit) || limit != 0))) {
        return call_method(exchange, names.run);
    }
    PUT_NEW(exchange, H1Exchange_is_running, Py_True);
    PyObject *handler = Py_NewRef(FIELD(engine, Engine_handler));
    PyObject *error = forget(call_handler(handler, exchange)) < 0 ? take_exception() : NULL;
    Py_DECREF(handler);
    if (error == NULL && FIELD(exchange, H1Exchange_state) == known.DONE
        && FIELD(exchange, H1Exchange_time_limit) == Py_None && FIELD(exchange, H1Exchange__chunks) == Py_None
        && is_empty_tuple(FIELD(exchange, H1Exchange__after))) {
        PUT_NEW(exchange, H1Exchange_is_running, Py_False);
        return 0;
    }
    int done = forget(PyObject_CallMethodOneArg(exchange, names._after_handler, error == NULL ? Py_None : error));
    Py_XDECREF(error);
    return done;
}

int
run_link(PyObject *link)
{
    PyObject *exchange = FIELD(link, Link_exchange);
    if (exchange == Py_None) {
        return 0;
    }
    if (!IS(exchange, H1Exchange) || FIELD(exchange, H1Exchange__line) != link || !IS(FIELD(link, Link_engine), Engine)
        || FIELD(exchange, H1Exchange_context) == NULL) {
        return forget(PyObject_CallOneArg(pure.Link_run, link));
    }
    Py_INCREF(exchange);
    PyObject *context = Py_NewRef(FIELD(exchange, H1Exchange_context));
    int done = PyContext_Enter(context);
    if (done == 0) {
        done = run_exchange(exchange);
        PyObject *error = done < 0 ? take_exception() : NULL;
        if (PyContext_Exit(context) < 0) {
            done = -1;
        }
        else if (error != NULL) {
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        }
        Py_XDECREF(error);
    }
    Py_DECREF(context);
    Py_DECREF(exchange);
    return done;
}

/* ---- the answer */

/* The date of an answer; a new reference. */
static PyObject *
date_of(PyObject *clock)
{
    if (IS(clock, SystemClock)) {
        PyObject *now = PyObject_CallNoArgs(FIELD(clock, SystemClock_time));
        if (now == NULL) {
            return NULL;
        }
        bool is_same = PyFloat_CheckExact(now) && PyFloat_AS_DOUBLE(now) > 0
                       && (Py_ssize_t)PyFloat_AS_DOUBLE(now) == count_of(FIELD(clock, SystemClock__date_second));
        Py_DECREF(now);
        if (is_same) {
            return Py_NewRef(FIELD(clock, SystemClock__date));
        }
    }
    return PyObject_CallMethodNoArgs(clock, names.http_date);
}

/* Keep what the socket did not take. */
static int
keep_rest(PyObject *outbox, PyObject *data, Py_ssize_t sent)
{
    PyObject *view = PyMemoryView_FromObject(data);
    PyObject *rest = view == NULL ? NULL : PySequence_GetSlice(view, sent, PyBytes_GET_SIZE(data));
    int done = rest == NULL ? -1 : forget(PyObject_CallMethodOneArg(outbox, names.append, rest));
    Py_XDECREF(view);
    Py_XDECREF(rest);
    return done;
}

int
send_line(PyObject *link, PyObject *data, bool is_more_to_come)
{
    Py_ssize_t sent;
    if (is_more_to_come) {
        cork(link);
    }
    else {
        PUT_NEW(link, Link_corked_since, Py_None);
    }
    switch (send_octets(FIELD(link, Link_sock), data, is_more_to_come, &sent)) {
        case RAISED:
            return -1;
        case BROKEN:
            PUT_NEW(link, Link_is_broken, Py_True);
            return 0;
        default:
            break;
    }
    PyObject *all = PyLong_FromSsize_t(count_of(FIELD(link, Link_sent_bytes)) + sent);
    if (all == NULL) {
        return -1;
    }
    PUT(link, Link_sent_bytes, all);
    if (sent == PyBytes_GET_SIZE(data)) {
        return 0;
    }
    uncork(link);
    return keep_rest(FIELD(link, Link_outbox), data, sent);
}

int
send_held(PyObject *link)
{
    PyObject *data = Py_NewRef(FIELD(link, Link_held));
    PUT_NEW(link, Link_held, Py_None);
    int done = send_line(link, data, false);
    Py_DECREF(data);
    return done;
}

/* The line that a plain answer can go out on; NULL: not plain. Borrowed. */
static PyObject *
plain_line(PyObject *exchange, PyObject *body)
{
    PyObject *link = FIELD(exchange, H1Exchange__line);
    if (!Py_IS_TYPE(exchange, kinds.H1Exchange) || FIELD(exchange, H1Exchange_time_limit) != Py_None
        || FIELD(exchange, H1Exchange_state) != known.NEW || !PyBytes_CheckExact(body)
        || PyBytes_GET_SIZE(body) > numbers.GATHER_BYTES || !IS(link, Link)) {
        return NULL;
    }
    PyObject *engine = FIELD(link, Link_engine);
    if (!IS(engine, Engine) || !is_false(FIELD(engine, Engine_is_last_answer)) || !is_false(FIELD(link, Link_is_broken))
        || !IS(FIELD(link, Link_h1), H1Connection) || !IS(FIELD(link, Link_outbox), Outbox)
        || count_of(FIELD(FIELD(link, Link_outbox), Outbox_size)) != 0) {
        return NULL;
    }
    PyObject *options = FIELD(engine, Engine_options);
    PyObject *id_field = IS(options, ServerOptions) ? FIELD(options, ServerOptions_request_id_header) : NULL;
    return id_field != NULL && PyUnicode_CheckExact(id_field) && PyUnicode_GET_LENGTH(id_field) == 0 ? link : NULL;
}

/* Send a plain answer, or hold it, or have it wait in the system for the one behind it. -1 if that raised. */
static int
send_answer(PyObject *link, PyObject *data, bool is_last)
{
    if (!is_last || !is_false(FIELD(link, Link_held))) {
        return send_line(link, data, false);
    }
    if (has_buffered(FIELD(link, Link_h1))) {
        return send_line(link, data, may_cork(link));
    }
    PUT_NEW(link, Link_held, data);
    return 0;
}

/* 1: done; 0: not plain, and nothing was done; -1: it raised. */
static int
respond_plainly(PyObject *exchange, PyObject *status, PyObject *headers, PyObject *body, bool is_last)
{
    PyObject *link = plain_line(exchange, body);
    if (link == NULL) {
        return 0;
    }
    PyObject *engine = FIELD(link, Link_engine);
    PyObject *date = date_of(FIELD(engine, Engine_clock));
    if (date == NULL) {
        return -1;
    }
    PyObject *data = render_plain(FIELD(link, Link_h1), status, headers, body, date, FIELD(engine, Engine_server_field));
    Py_DECREF(date);
    if (data == NULL) {
        return PyErr_Occurred() ? -1 : 0;
    }
    int done = send_answer(link, data, is_last);
    Py_DECREF(data);
    PyObject *size = done < 0 ? NULL : PyLong_FromSsize_t(PyBytes_GET_SIZE(body));
    if (size == NULL) {
        return -1;
    }
    PUT_NEW(exchange, H1Exchange__status, status);
    PUT_NEW(exchange, H1Exchange__fields, headers);
    PUT_NEW(exchange, H1Exchange_state, known.DONE);
    PUT(exchange, H1Exchange_body_bytes, size);
    return 1;
}

PyObject *
respond_on(PyObject *exchange, PyObject *status, PyObject *headers, PyObject *body, bool is_last)
{
    int done = respond_plainly(exchange, status, headers, body, is_last);
    if (done == 0) {
        PyObject *given[] = {exchange, status, headers, body};
        return PyObject_Vectorcall(pure.H1Exchange_respond, given, 4, NULL);
    }
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
H1Exchange_respond(PyObject *exchange, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords)
{
    return count == 3 && keywords == NULL ? respond_on(exchange, arguments[0], arguments[1], arguments[2], false)
                                          : call_pure(pure.H1Exchange_respond, exchange, arguments, count, keywords);
}

/* ---- the end */

int
count_one(PyObject *stats, PyObject *cell)
{
    Py_buffer view;
    if (PyObject_GetBuffer(FIELD(stats, Stats_cells), &view, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    Py_ssize_t place = count_of(cell);
    if (place >= 0 && (place + 1) * (Py_ssize_t)sizeof(int64_t) <= view.len) {
        ((int64_t *)view.buf)[place]++;
    }
    PyBuffer_Release(&view);
    return 0;
}

bool
is_discard_plain(PyObject *exchange, PyObject *link)
{
    PyObject *status = FIELD(exchange, H1Exchange__status);
    return FIELD(exchange, H1Exchange__client_watch) == Py_None && IS(FIELD(FIELD(link, Link_engine), Engine_stats), Stats)
           && status != NULL && PyUnicode_CheckExact(status) && PyUnicode_GET_LENGTH(status) > 0
           && count_of(FIELD(link, Link_received_bytes)) >= 0;
}

/* What `Answering.discard` adds, under the lock of `Stats`. -1 if it raised. */
static int
add_counts(PyObject *stats, PyObject *exchange, PyObject *link)
{
    Py_buffer view;
    if (PyObject_GetBuffer(FIELD(stats, Stats_cells), &view, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    if (view.len < numbers.CELLS * (Py_ssize_t)sizeof(int64_t)) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_ValueError, "the server's counts have too few cells");
        return -1;
    }
    int64_t *cells = view.buf;
    Py_UCS4 digit = PyUnicode_READ_CHAR(FIELD(exchange, H1Exchange__status), 0);
    cells[count_of(known.ENDED)]++;
    cells[count_of(known.ANSWERS) + (digit >= '1' && digit <= '5' ? digit - '0' : 0)]++;
    cells[count_of(known.RECEIVED_BYTES)] += count_of(FIELD(link, Link_received_bytes));
    cells[count_of(known.SENT_BYTES)] += count_of(FIELD(link, Link_sent_bytes)) - count_of(FIELD(link, Link_counted_bytes));
    PyBuffer_Release(&view);
    return 0;
}

bool
is_free(PyObject *lock)
{
    PyObject *is_locked = PyObject_CallMethodNoArgs(lock, names.locked);
    if (is_locked == NULL) {
        PyErr_Clear(); /* a lock that cannot say it */
    }
    Py_XDECREF(is_locked);
    return is_locked == Py_False;
}

int
release(PyObject *lock, int done)
{
    PyObject *error = done < 0 ? take_exception() : NULL;
    if (call_method(lock, names.release) < 0) {
        done = -1;
    }
    else if (error != NULL) {
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    }
    Py_XDECREF(error);
    return done;
}

int
discard_exchange(PyObject *exchange, PyObject *link)
{
    if (is_false(FIELD(exchange, H1Exchange__is_counted))) {
        PUT_NEW(exchange, H1Exchange__is_counted, Py_True);
        PyObject *stats = FIELD(FIELD(link, Link_engine), Engine_stats);
        PyObject *lock = FIELD(stats, Stats_lock);
        if (is_free(lock) ? add_counts(stats, exchange, link) < 0
                          : call_method(lock, names.acquire) < 0 || release(lock, add_counts(stats, exchange, link)) < 0) {
            return -1;
        }
        PyObject *zero = PyLong_FromLong(0);
        PUT(link, Link_received_bytes, zero);
        PUT_NEW(link, Link_counted_bytes, FIELD(link, Link_sent_bytes));
    }
    PyObject *body = FIELD(exchange, H1Exchange_body);
    return body == known.EMPTY_BODY ? 0 : call_method(body, names.close);
}

PyMethodDef H1Exchange_methods[] = {
    {"respond", (PyCFunction)(void (*)(void))H1Exchange_respond, METH_FASTCALL | METH_KEYWORDS, NULL},
    {NULL, NULL, 0, NULL},
};
