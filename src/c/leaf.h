/* What the files of the compiled leaf share: where the server's objects keep what, and the functions that call each other.
 *
 * Every function here is the twin of a Python method of the same name, and does its plain case only: whatever is not plain is
 * found out before anything is changed, and left to the Python method. A plain case has the same effects in the same order.
 *
 * The objects stay those of the Python classes. A class with __slots__ keeps each attribute at a fixed place of its instances;
 * the places are looked up once (places.c), when the classes are given to `bind`. All functions hold the interpreter's lock.
 */
#ifndef DEMIJOHN_LEAF_H
#define DEMIJOHN_LEAF_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

/* Classes whose instances are looked into. */
#define KINDS(X) \
    X(Blockers) X(Engine) X(H1Connection) X(H1Exchange) X(LateRunner) X(Link) X(Outbox) X(Reactor) X(RequestHead) \
    X(ServerOptions) X(Slot) X(Stats) X(SystemClock)

/* Places: class, attribute. */
#define PLACES(X) \
    X(Blockers, doubts_until) X(Blockers, known) \
    X(Engine, access_log) X(Engine, clock) X(Engine, handler) X(Engine, idle_timeout) X(Engine, is_draining) \
    X(Engine, is_last_answer) X(Engine, options) X(Engine, reactor) X(Engine, runner) X(Engine, server_field) \
    X(Engine, stats) \
    X(H1Connection, _answer_left) X(H1Connection, _at) X(H1Connection, _buffer) X(H1Connection, _is_answer_chunked) \
    X(H1Connection, _is_special) X(H1Connection, _known_head) X(H1Connection, _known_octets) \
    X(H1Connection, _known_request) X(H1Connection, _known_section) X(H1Connection, _plain_room) \
    X(H1Connection, _scanner) X(H1Connection, _state) X(H1Connection, _was_continue_sent) X(H1Connection, has_answered) \
    X(H1Connection, has_body) X(H1Connection, has_started) X(H1Connection, head) X(H1Connection, is_head_method) \
    X(H1Connection, is_http10) X(H1Connection, must_close) X(H1Connection, overrun) X(H1Connection, response_has_body) \
    X(H1Exchange, _after) X(H1Exchange, _began) X(H1Exchange, _called) X(H1Exchange, _chunks) \
    X(H1Exchange, _client_watch) X(H1Exchange, _fields) X(H1Exchange, _is_counted) X(H1Exchange, _is_logged) \
    X(H1Exchange, _iterator) X(H1Exchange, _line) X(H1Exchange, _number) X(H1Exchange, _status) X(H1Exchange, body) \
    X(H1Exchange, body_bytes) X(H1Exchange, context) X(H1Exchange, head) X(H1Exchange, is_running) X(H1Exchange, peer) \
    X(H1Exchange, state) X(H1Exchange, time_limit) \
    X(LateRunner, _blockers) X(LateRunner, _engine) X(LateRunner, _idle) X(LateRunner, _is_short) \
    X(LateRunner, _is_watcher_asleep) X(LateRunner, _leader) X(LateRunner, _max_age) X(LateRunner, _now) \
    X(LateRunner, _serial) X(LateRunner, _slow_after) \
    X(Link, _body) X(Link, _events) X(Link, _forwarding) X(Link, _hand_in_lock) X(Link, _is_paused) \
    X(Link, _is_requeued) X(Link, _requests_left) X(Link, counted_bytes) X(Link, deadline) X(Link, engine) \
    X(Link, exchange) X(Link, h1) X(Link, is_broken) X(Link, is_handled) X(Link, is_read_closed) X(Link, outbox) \
    X(Link, patience) X(Link, peer) X(Link, phase) X(Link, received_bytes) X(Link, request_count) X(Link, sent_bytes) X(Link, slot) \
    X(Link, sock) \
    X(Outbox, size) \
    X(Reactor, now) X(Reactor, polled_at) \
    X(RequestHead, _index) X(RequestHead, fields) X(RequestHead, method) X(RequestHead, target) X(RequestHead, version) \
    X(ServerOptions, keep_alive) X(ServerOptions, request_id_header) X(ServerOptions, request_timeout) \
    X(ServerOptions, write_timeout) \
    X(Slot, job) X(Slot, offer) X(Slot, role) \
    X(Stats, cells) X(Stats, lock) \
    X(SystemClock, _date) X(SystemClock, _date_second) X(SystemClock, time)

/* Objects of the Python modules that are compared by identity, or looked into. */
#define CONSTANTS(X) \
    X(ANSWERS) X(BlockingIOError) X(DONE) X(EMPTY_BODY) X(ENDED) X(H1_BODY_END) X(H1_CLOSED) X(H1_HEAD) X(H1_PAUSED) \
    X(HTTP11) X(InterruptedError) X(KNOWN_STATUSES) X(KNOWN_NAMES) X(NEVER) X(NEW) X(ONE) X(PHASE_BODY) X(PHASE_CLOSED) \
    X(PHASE_FEEDING) X(PHASE_IDLE) X(PHASE_SENDING) X(READ) X(RECEIVED_BYTES) X(RECEIVE_BYTES) X(REQUESTS) X(ROLE_LATE) \
    X(SENT_BYTES) X(STEADY_LINES)

/* Sizes and numbers. */
#define NUMBERS(X) X(CELLS) X(GATHER_BYTES) X(KNOWN_BYTES) X(LENGTH_KIND) X(MAX_ROUNDS) X(PLAIN_KIND) X(WRITE)

struct kinds {
#define X(kind) PyTypeObject *kind;
    KINDS(X)
#undef X
};
struct places {
#define X(kind, name) Py_ssize_t kind##_##name;
    PLACES(X)
#undef X
};
struct constants {
#define X(name) PyObject *name;
    CONSTANTS(X)
#undef X
};
struct numbers {
#define X(name) Py_ssize_t name;
    NUMBERS(X)
#undef X
};

extern struct kinds kinds;
extern struct places at;
extern struct constants known;
extern struct numbers numbers;

/* Resolve everything; -1 with an exception if something is not where it should be. */
int resolve_places(PyObject *classes, PyObject *constants);

/* The attribute `place` of an object, borrowed; NULL if it was never set. An lvalue. */
#define FIELD(object, place) (*(PyObject **)((char *)(object) + at.place))

/* Set an attribute; takes over the reference. */
#define PUT(object, place, value) put(&FIELD(object, place), value)

/* Set an attribute to an object that somebody else holds. */
#define PUT_NEW(object, place, value) put(&FIELD(object, place), Py_NewRef(value))

static inline void
put(PyObject **cell, PyObject *value)
{
    PyObject *old = *cell;
    *cell = value;
    Py_XDECREF(old);
}

/* The exact class: a subclass may do it in its own way. Of a field that was never set, too. */
#define IS(object, kind) ((object) != NULL && Py_TYPE(object) == kinds.kind)

static inline bool
is_true(PyObject *object)
{
    return object == Py_True;
}

static inline bool
is_false(PyObject *object)
{
    return object == Py_False;
}

static inline bool
is_empty_tuple(PyObject *object)
{
    return object != NULL && PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) == 0;
}

/* A whole number; -1 of what is none, or is negative. */
static inline Py_ssize_t
count_of(PyObject *object)
{
    if (object == NULL || !PyLong_CheckExact(object)) {
        return -1;
    }
    Py_ssize_t count = PyLong_AsSsize_t(object);
    if (count == -1 && PyErr_Occurred()) {
        PyErr_Clear();
    }
    return count;
}

/* A number that may be given as either; false of what is neither. */
static inline bool
seconds_of(PyObject *object, double *seconds)
{
    if (object == NULL) {
        return false;
    }
    if (PyFloat_CheckExact(object)) {
        *seconds = PyFloat_AS_DOUBLE(object);
        return true;
    }
    if (PyLong_CheckExact(object)) {
        *seconds = PyLong_AsDouble(object);
        if (*seconds == -1.0 && PyErr_Occurred()) {
            PyErr_Clear();
            return false;
        }
        return true;
    }
    return false;
}

/* Call a method without arguments and forget its result; -1 if it raised. */
int call_method(PyObject *object, PyObject *name);

/* Names of methods that are called. */
#define NAMES(X) \
    X(_after_handler) X(_end_shortage) X(_finish_late) X(acquire) X(add) X(append) X(close) X(complete) \
    X(http_date) X(label) X(monotonic) X(pop) X(receive_data) X(receive_eof) X(recv) \
    X(release) X(run) X(send) X(start_next_cycle) X(submit) X(suspect) X(wheel)

struct names {
#define X(name) PyObject *name;
    NAMES(X)
#undef X
};
extern struct names names;

/* The methods that have a twin: class, name. */
#define TWINS(X) \
    X(H1Exchange, respond) X(LateRunner, submit) X(Link, _advance) X(Link, _submit) X(Link, complete) X(Link, hand_in) \
    X(Link, on_event) X(Link, run)

extern PyMethodDef exchange_methods[];
extern PyMethodDef late_methods[];
extern PyMethodDef link_methods[];

/* The Python methods, for all that is not plain. */
struct pure {
#define X(kind, name) PyObject *kind##_##name;
    TWINS(X)
#undef X
};
extern struct pure pure;

/* Call a Python method of one argument, `self`, which tells whether something is so. -1 if it raised. */
int ask_pure(PyObject *method, PyObject *self);

/* ---- wire: head.c, answer.c */

/* Take a request's head that is known, or whose fields are; borrowed. NULL: it is neither, or something is wrong with it, and
 * nothing was changed; with an exception if there is one. */
PyObject *take_head(PyObject *h1);

/* Give bytes to the protocol. -1 if it raised. */
int receive_data(PyObject *h1, PyObject *data);

/* `H1Connection.start_next_cycle`, of one for which it does not raise. -1 if it did all the same. */
int start_next_cycle(PyObject *h1);

/* There is something behind the current request. */
bool has_buffered(PyObject *h1);

/* Twin of `is_body_complete`: the current request was read to its end. */
bool is_read(PyObject *h1);

/* Whether it may be asked for its next cycle: all is read, and what was answered ends no connection. */
bool is_cycle_over(PyObject *h1);

/* Render a plain answer. NULL without an exception: it is not plain, and nothing was changed. */
PyObject *render_plain(PyObject *h1, PyObject *status, PyObject *headers, PyObject *body, PyObject *date, PyObject *server);

/* ---- serve: exchange.c, link.c, late.c */

/* Make the exchange of a request without a body; `EMPTY_BODY` is its body. */
PyObject *new_exchange(PyObject *link, PyObject *head);

/* Call the handler, as `Link.run` does. -1 if it raised. */
int run_link(PyObject *link);

/* Add to the server's counts what `Answering.discard` adds, and close the body. -1 if it raised. */
int discard_exchange(PyObject *exchange, PyObject *link);

/* Whether `discard_exchange` may be called: nobody counted it, nobody watches its client. */
bool is_discard_plain(PyObject *exchange, PyObject *link);

/* Add one to a cell of the server's counts. -1 if it raised. */
int count_one(PyObject *stats, PyObject *cell);

/* 1: this thread is still the leader, 0: it is not, -1: it raised. */
int submit_late(PyObject *runner, PyObject *job);

int complete_link(PyObject *link);

#endif
