/* Twins of serve/link.py and serve/intake.py: a connection on the way of a request that is read, handled and answered at once. */
#include "server.h"

/* The parts that a plain link has; everything else is left to Python. */
static bool
has_plain_parts(PyObject *link)
{
    PyObject *engine = FIELD(link, Link_engine);
    return Py_IS_TYPE(link, kinds.Link) && IS(engine, Engine) && IS(FIELD(link, Link_h1), H1Connection)
           && IS(FIELD(link, Link_outbox), Outbox) && IS(FIELD(engine, Engine_reactor), Reactor)
           && IS(FIELD(engine, Engine_stats), Stats) && IS(FIELD(engine, Engine_options), ServerOptions);
}

static PyObject *
as_bool(int answer)
{
    return answer < 0 ? NULL : PyBool_FromLong(answer);
}

/* ---- giving the link to a handler */

/* `_submit`. 1: this thread is still the leader, 0: it is not, -1: it raised.
 *
 * No Python is called between the mark that a handler owns the link and the runner's note of whose it is: an exception that is
 * raised into this thread from outside, while it received, would strike there, and nobody would have the link.
 */
static int
submit_link(PyObject *link)
{
    struct run run;
    PyObject *runner = has_plain_parts(link) && FIELD(link, Link_phase) != known.PHASE_SENDING
                           ? FIELD(FIELD(link, Link_engine), Engine_runner)
                           : NULL;
    bool runs_here = IS(runner, LateRunner) && begin_late(runner, &run);
    if (!runs_here) {
        uncork(link); /* it has to wait */
    }
    bool is_inline = IS(runner, InlineRunner) && may_wait(FIELD(runner, InlineRunner_queue));
    if (!(is_inline || runs_here || (IS(runner, LateRunner) && is_left(runner)))) {
        return truth_of(PyObject_CallOneArg(pure.Link__submit, link));
    }
    PUT_NEW(link, Link_is_handled, Py_True);
    PUT_NEW(link, Link_deadline, known.NEVER);
    if (runs_here) {
        return run_late(runner, link, &run);
    }
    return (is_inline ? let_wait(FIELD(runner, InlineRunner_queue), link) : leave_job(runner, link)) < 0 ? -1 : 1;
}

/* Make the request's exchange and count it. -1 if that raised. */
static int
begin_exchange(PyObject *link, PyObject *head)
{
    PyObject *engine = FIELD(link, Link_engine);
    PyObject *exchange = new_exchange(link, head);
    if (exchange == NULL) {
        return -1;
    }
    PUT(link, Link_exchange, exchange);
    if (count_one(FIELD(engine, Engine_stats), known.REQUESTS) < 0) {
        return -1;
    }
    PUT_NEW(link, Link_patience, FIELD(FIELD(engine, Engine_options), ServerOptions_write_timeout));
    long left = PyLong_AsLong(FIELD(link, Link__requests_left)) - 1;
    PyObject *requests_left = PyLong_FromLong(left);
    if (requests_left == NULL) {
        return -1;
    }
    PUT(link, Link__requests_left, requests_left);
    if (left == 0) {
        PUT_NEW(FIELD(link, Link_h1), H1Connection_must_close, Py_True);
    }
    return 0;
}

/* `Intake._advance`, as long as the heads that come are known. */
static int
advance(PyObject *link)
{
    if (!has_plain_parts(link) || FIELD(link, Link__forwarding) != Py_None) {
        return truth_of(PyObject_CallOneArg(pure.Link__advance, link));
    }
    PyObject *h1 = FIELD(link, Link_h1);
    for (Py_ssize_t round = 0; round < numbers.MAX_ROUNDS; round++) {
        PyObject *head = take_head(h1);
        if (head == NULL) {
            return PyErr_Occurred() ? -1 : truth_of(PyObject_CallOneArg(pure.Link__advance, link));
        }
        if (begin_exchange(link, head) < 0) {
            return -1;
        }
        int is_leader = submit_link(link);
        if (is_leader <= 0) {
            return is_leader;
        }
        PyObject *phase = FIELD(link, Link_phase);
        if (!is_false(FIELD(link, Link_is_handled)) || (phase != known.PHASE_IDLE && phase != known.PHASE_BODY)
            || !has_buffered(h1)) {
            return 1;
        }
    }
    return truth_of(PyObject_CallOneArg(pure.Link__advance, link));
}

/* ---- events */

/* The socket gave bytes, or its end; steals the reference. */
static int
take_data(PyObject *link, PyObject *data)
{
    PyObject *h1 = FIELD(link, Link_h1);
    int done;
    if (PyBytes_GET_SIZE(data) > 0) {
        PyObject *all = PyLong_FromSsize_t(count_of(FIELD(link, Link_received_bytes)) + PyBytes_GET_SIZE(data));
        if (all == NULL) {
            Py_DECREF(data);
            return -1;
        }
        PUT(link, Link_received_bytes, all);
        done = receive_data(h1, data);
    }
    else {
        PUT_NEW(link, Link_is_read_closed, Py_True);
        done = call_method(h1, names.receive_eof);
    }
    Py_DECREF(data);
    return done < 0 ? -1 : advance(link);
}

static PyObject *
Link_on_event(PyObject *link, PyObject *mask)
{
    PyObject *phase = FIELD(link, Link_phase);
    Py_ssize_t events = count_of(mask);
    if (!has_plain_parts(link) || phase == known.PHASE_CLOSED || phase == known.PHASE_FEEDING || events < 0
        || (events & numbers.WRITE) != 0 || !is_false(FIELD(link, Link_is_handled))
        || !is_false(FIELD(link, Link__is_requeued)) || FIELD(link, Link__body) != Py_None) {
        PyObject *both[] = {link, mask};
        return PyObject_Vectorcall(pure.Link_on_event, both, 2, NULL);
    }
    PyObject *data;
    switch (receive_octets(FIELD(link, Link_sock), &data)) {
        case RAISED:
            return NULL;
        case NOT_NOW:
            Py_RETURN_TRUE;
        case BROKEN:
            return call_method(link, names.close) < 0 ? NULL : Py_NewRef(Py_True);
        default:
            break;
    }
    return as_bool(take_data(link, data));
}

/* ---- taking the link back */

/* The exchange of a link whose answer is out, and behind which a next request may come; NULL: not plain. Borrowed. */
static PyObject *
ended_exchange(PyObject *link)
{
    if (!has_plain_parts(link)) {
        return NULL;
    }
    PyObject *exchange = FIELD(link, Link_exchange);
    bool is_plain = IS(exchange, H1Exchange) && is_false(FIELD(link, Link_is_broken))
                    && FIELD(exchange, H1Exchange_state) == known.DONE && FIELD(exchange, H1Exchange__line) == link
                    && count_of(FIELD(FIELD(link, Link_outbox), Outbox_size)) == 0
                    && FIELD(FIELD(link, Link_engine), Engine_access_log) == Py_None
                    && is_cycle_over(FIELD(link, Link_h1)) && is_discard_plain(exchange, link);
    return is_plain ? exchange : NULL;
}

/* `_set_deadline`. -1 if it raised. */
static int
set_deadline(PyObject *link, double deadline)
{
    PyObject *reactor = FIELD(FIELD(link, Link_engine), Engine_reactor);
    PyObject *time = PyFloat_FromDouble(deadline);
    double slot = -1;
    if (time == NULL) {
        return -1;
    }
    PUT(link, Link_deadline, time);
    if (seconds_of(FIELD(link, Link_slot), &slot) && slot >= 0 && deadline >= slot - 1) {
        return 0;
    }
    PyObject *wheel = PyObject_GetAttr(reactor, names.wheel);
    if (wheel == NULL) {
        return -1;
    }
    int done = forget(PyObject_CallMethodObjArgs(wheel, names.add, link, FIELD(reactor, Reactor_now), NULL));
    Py_DECREF(wheel);
    return done;
}

int
complete_link(PyObject *link)
{
    PyObject *exchange = ended_exchange(link);
    double idle, now;
    if (exchange == NULL || !seconds_of(FIELD(FIELD(link, Link_engine), Engine_idle_timeout), &idle) || idle == 0
        || !seconds_of(FIELD(FIELD(FIELD(link, Link_engine), Engine_reactor), Reactor_now), &now)) {
        return forget(PyObject_CallOneArg(pure.Link_complete, link));
    }
    PUT_NEW(link, Link_is_handled, Py_False);
    Py_INCREF(exchange);
    int done = discard_exchange(exchange, link);
    Py_DECREF(exchange);
    if (done < 0) {
        return -1;
    }
    PUT_NEW(link, Link_exchange, Py_None);
    if (start_next_cycle(FIELD(link, Link_h1)) < 0) {
        return -1;
    }
    PUT_NEW(link, Link_phase, known.PHASE_IDLE);
    return set_deadline(link, now + idle);
}

static PyObject *
Link_send_held(PyObject *link, PyObject *unused)
{
    PyObject *data = FIELD(link, Link_held);
    if (!has_plain_parts(link) || data == NULL || !PyBytes_CheckExact(data) || FIELD(link, Link_phase) == known.PHASE_CLOSED
        || !is_false(FIELD(link, Link__is_paused)) || count_of(FIELD(link, Link__events)) != count_of(known.READ)
        || !is_false(FIELD(link, Link_is_broken)) || count_of(FIELD(FIELD(link, Link_outbox), Outbox_size)) != 0) {
        return PyObject_CallOneArg(pure.Link_send_held, link);
    }
    PUT_NEW(link, Link_is_handled, Py_False);
    return send_held(link) < 0 || complete_link(link) < 0 ? NULL : Py_NewRef(Py_None);
}

/* `hand_in`, without its beginning. 1: taken back, 0: it must be given back, -1: it raised. */
static int
hand_in(PyObject *link, PyObject *exchange, double deadline)
{
    PyObject *lock = FIELD(link, Link__hand_in_lock);
    Py_INCREF(exchange);
    int done = discard_exchange(exchange, link);
    Py_DECREF(exchange);
    if (done < 0 || call_method(lock, names.acquire) < 0) {
        return -1;
    }
    int answer = 0;
    double slot;
    if (is_false(FIELD(link, Link__is_paused)) && PyObject_RichCompareBool(FIELD(link, Link__events), known.READ, Py_EQ) == 1
        && is_false(FIELD(FIELD(link, Link_engine), Engine_is_draining)) && seconds_of(FIELD(link, Link_slot), &slot)) {
        PyObject *time = PyFloat_FromDouble(deadline);
        if (time == NULL) {
            answer = -1;
        }
        else {
            PUT(link, Link_deadline, time);
            if (slot < 0 || slot > deadline + 1) {
                PUT_NEW(link, Link_deadline, known.NEVER); /* the wheel would look too late, and it is the leader's */
            }
            else {
                PUT_NEW(link, Link_exchange, Py_None);
                answer = start_next_cycle(FIELD(link, Link_h1)) < 0 ? -1 : 1;
                if (answer == 1) {
                    PUT_NEW(link, Link_phase, known.PHASE_IDLE);
                    PUT_NEW(link, Link_is_handled, Py_False);
                }
            }
        }
    }
    return release(lock, answer);
}

int
hand_in_link(PyObject *link)
{
    PyObject *exchange = ended_exchange(link);
    if (exchange == NULL || has_buffered(FIELD(link, Link_h1))) {
        return truth_of(PyObject_CallOneArg(pure.Link_hand_in, link));
    }
    PyObject *engine = FIELD(link, Link_engine);
    double keep_alive = 0, now = 0;
    PyObject *time = PyObject_CallMethodNoArgs(FIELD(engine, Engine_clock), names.monotonic);
    bool are_known = time != NULL && seconds_of(time, &now)
                     && seconds_of(FIELD(FIELD(engine, Engine_options), ServerOptions_keep_alive), &keep_alive);
    Py_XDECREF(time);
    if (PyErr_Occurred()) {
        return -1;
    }
    return are_known ? hand_in(link, exchange, now + keep_alive) : truth_of(PyObject_CallOneArg(pure.Link_hand_in, link));
}

/* ---- methods */

static PyObject *
Link_hand_in(PyObject *link, PyObject *unused)
{
    return as_bool(hand_in_link(link));
}

static PyObject *
Link__submit(PyObject *link, PyObject *unused)
{
    return as_bool(submit_link(link));
}

static PyObject *
Link__advance(PyObject *link, PyObject *unused)
{
    return as_bool(advance(link));
}

static PyObject *
Link_complete(PyObject *link, PyObject *unused)
{
    return complete_link(link) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *
Link_run(PyObject *link, PyObject *unused)
{
    return run_link(link) < 0 ? NULL : Py_NewRef(Py_None);
}

PyMethodDef Link_methods[] = {
    {"_advance", Link__advance, METH_NOARGS, NULL}, {"_submit", Link__submit, METH_NOARGS, NULL},
    {"complete", Link_complete, METH_NOARGS, NULL}, {"hand_in", Link_hand_in, METH_NOARGS, NULL},
    {"on_event", Link_on_event, METH_O, NULL},      {"run", Link_run, METH_NOARGS, NULL},
    {"send_held", Link_send_held, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
