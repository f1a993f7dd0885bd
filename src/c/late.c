/* Twin of `LateRunner.submit`: a handler that is run by the leader, where nobody is known to block. */
#include "server.h"

/* What `submit` may leave to nobody else: followers are there, the watcher is awake, nothing is known to be slow. */
static bool
is_plain(PyObject *runner)
{
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    PyObject *engine = FIELD(runner, LateRunner__engine);
    PyObject *idle = FIELD(runner, LateRunner__idle);
    PyObject *reactor = IS(engine, Engine) ? FIELD(engine, Engine_reactor) : NULL;
    double now, polled_at, max_age;
    return IS(blockers, Blockers) && PyDict_CheckExact(FIELD(blockers, Blockers_known))
           && PyDict_GET_SIZE(FIELD(blockers, Blockers_known)) == 0 && IS(reactor, Reactor) && idle != NULL
           && PyObject_Size(idle) > 0 && is_false(FIELD(runner, LateRunner__is_watcher_asleep))
           && IS(FIELD(runner, LateRunner__leader), Slot) && seconds_of(FIELD(reactor, Reactor_now), &now)
           && seconds_of(FIELD(reactor, Reactor_polled_at), &polled_at)
           && seconds_of(FIELD(runner, LateRunner__max_age), &max_age) && now - polled_at <= max_age;
}

/* Read the runner's clock. False: an exception is set. */
static bool
read_clock(PyObject *runner, PyObject **time, double *seconds)
{
    *time = PyObject_CallNoArgs(FIELD(runner, LateRunner__now));
    if (*time == NULL) {
        return false;
    }
    if (!seconds_of(*time, seconds)) {
        PyErr_SetString(PyExc_TypeError, "the clock's time is no number");
        Py_CLEAR(*time);
        return false;
    }
    return true;
}

static int
run_job(PyObject *job)
{
    return IS(job, Link) ? run_link(job) : call_method(job, names.run);
}

/* The handler took long; nobody doubts why. -1 if that raised. */
static int
suspect(PyObject *runner, PyObject *job, PyObject *ended)
{
    PyObject *label = PyObject_GetAttr(job, names.label);
    if (label == NULL) {
        return -1;
    }
    int done = forget(PyObject_CallMethodObjArgs(FIELD(runner, LateRunner__blockers), names.suspect, label, ended, NULL));
    Py_DECREF(label);
    return done;
}

/* Another thread polls now. */
static int
finish_late(PyObject *runner, PyObject *slot, PyObject *job)
{
    PUT_NEW(slot, Slot_role, known.ROLE_LATE);
    return forget(PyObject_CallMethodObjArgs(runner, names._finish_late, slot, job, NULL));
}

/* Take the job's connection back, or have its answer wait for those of others. -1 if it raised. */
static int
complete_job(PyObject *reactor, PyObject *job, PyObject *time)
{
    if (!IS(job, Link)) {
        return call_method(job, names.complete);
    }
    PyObject *held = FIELD(reactor, Reactor_held);
    if (FIELD(job, Link_held) == Py_None) {
        return complete_link(job);
    }
    if (PyObject_Size(held) == 0) {
        PUT_NEW(reactor, Reactor_held_since, time);
    }
    return forget(PyObject_CallMethodOneArg(held, names.append, job));
}

/* Call a method of the reactor that is told how long a handler took. -1 if it raised. */
static int
tell(PyObject *reactor, PyObject *name, double began, double ended)
{
    PyObject *from = PyFloat_FromDouble(began), *to = PyFloat_FromDouble(ended);
    int done = from == NULL || to == NULL ? -1 : forget(PyObject_CallMethodObjArgs(reactor, name, from, to, NULL));
    Py_XDECREF(from);
    Py_XDECREF(to);
    return done;
}

/* `Reactor.settle`, if there is something to do. -1 if it raised. */
static int
settle(PyObject *reactor, double began, double ended)
{
    double longest, since;
    if (seconds_of(known.HOLD_SECONDS, &longest) && ended - began <= longest
        && (PyObject_Size(FIELD(reactor, Reactor_held)) == 0
            || (seconds_of(FIELD(reactor, Reactor_held_since), &since) && ended - since <= longest))) {
        return 0;
    }
    return tell(reactor, names.settle, began, ended);
}

/* After the handler, as the leader. -1 if it raised. */
static int
end_job(PyObject *runner, PyObject *slot, PyObject *job, double began)
{
    PyObject *time;
    double ended, slow_after;
    PUT_NEW(slot, Slot_job, Py_None);
    if (!is_false(FIELD(runner, LateRunner__is_short)) && call_method(runner, names._end_shortage) < 0) {
        return -1;
    }
    if (!read_clock(runner, &time, &ended)) {
        return -1;
    }
    PyObject *reactor = FIELD(FIELD(runner, LateRunner__engine), Engine_reactor);
    PUT_NEW(reactor, Reactor_now, time);
    bool is_slow = !seconds_of(FIELD(runner, LateRunner__slow_after), &slow_after) || ended - began > slow_after;
    int done = is_slow ? suspect(runner, job, time) : 0;
    if (done == 0) {
        done = complete_job(reactor, job, time);
    }
    Py_DECREF(time);
    return done < 0 ? -1 : settle(reactor, began, ended);
}

/* ---- an answer that may be held */

/* Let the job's answer be held, if others are ready in this round, and none of late has taken long. */
static void
allow_holding(PyObject *reactor, PyObject *job, double began)
{
    double direct_until;
    if (IS(job, Link) && PyObject_Size(FIELD(reactor, Reactor__ready)) > 0
        && seconds_of(FIELD(reactor, Reactor_direct_until), &direct_until) && began >= direct_until) {
        PUT_NEW(job, Link_held, Py_False);
    }
}

/* The handler has ended: answers that come after are no longer held. */
static void
end_holding(PyObject *job)
{
    if (IS(job, Link) && FIELD(job, Link_held) == Py_False) {
        PUT_NEW(job, Link_held, Py_None);
    }
}

/* This thread is not the leader any more, and sends itself what was held. -1 if that raised. */
static int
send_late(PyObject *runner, PyObject *job, double began)
{
    PyObject *data = IS(job, Link) ? FIELD(job, Link_held) : Py_None;
    PyObject *time;
    double ended;
    int done = 0;
    if (data != Py_None) {
        Py_INCREF(data);
        PUT_NEW(job, Link_held, Py_None);
        done = send_line(job, data);
        Py_DECREF(data);
    }
    if (done < 0 || !read_clock(runner, &time, &ended)) {
        return -1;
    }
    Py_DECREF(time);
    return tell(FIELD(FIELD(runner, LateRunner__engine), Engine_reactor), names.note_long, began, ended);
}

/* Run a job while leadership lies on offer. 1: this thread is still the leader, 0: it is not, -1: it raised. */
static int
run_on_offer(PyObject *runner, PyObject *slot, PyObject *job, double began)
{
    PyObject *offer = FIELD(slot, Slot_offer);
    allow_holding(FIELD(FIELD(runner, LateRunner__engine), Engine_reactor), job, began);
    int done = forget(PyObject_CallMethodOneArg(offer, names.append, job)) < 0 ? -1 : run_job(job);
    end_holding(job);
    if (done < 0) {
        return -1;
    }
    if (call_method(offer, names.pop) < 0) {
        if (!PyErr_ExceptionMatches(PyExc_IndexError)) {
            return -1;
        }
        /* Promoted away: another thread polls now, and this one is late. */
        PyErr_Clear();
        return send_late(runner, job, began) < 0 || finish_late(runner, slot, job) < 0 ? -1 : 0;
    }
    return end_job(runner, slot, job, began) < 0 ? -1 : 1;
}

bool
begin_late(PyObject *runner, double *began)
{
    PyObject *time;
    double doubts_until;
    if (!is_plain(runner)) {
        return false;
    }
    if (!read_clock(runner, &time, began)) {
        PyErr_Clear(); /* Python meets it, too */
        return false;
    }
    Py_DECREF(time);
    /* While there are doubts the system is asked how the thread fares, before and after. */
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    return seconds_of(FIELD(blockers, Blockers_doubts_until), &doubts_until) && *began >= doubts_until;
}

int
run_late(PyObject *runner, PyObject *job, double began)
{
    PyObject *serial = PyNumber_Add(FIELD(runner, LateRunner__serial), known.ONE);
    if (serial == NULL) {
        return -1;
    }
    PyObject *slot = Py_NewRef(FIELD(runner, LateRunner__leader));
    Py_INCREF(job);
    PUT_NEW(slot, Slot_job, job);
    PUT(runner, LateRunner__serial, serial);
    int answer = run_on_offer(runner, slot, job, began);
    Py_DECREF(job);
    Py_DECREF(slot);
    return answer;
}

static PyObject *
LateRunner_submit(PyObject *runner, PyObject *job)
{
    double began;
    if (!begin_late(runner, &began)) {
        PyObject *both[] = {runner, job};
        return PyObject_Vectorcall(pure.LateRunner_submit, both, 2, NULL);
    }
    int answer = run_late(runner, job, began);
    return answer < 0 ? NULL : PyBool_FromLong(answer);
}

PyMethodDef LateRunner_methods[] = {{"submit", LateRunner_submit, METH_O, NULL}, {NULL, NULL, 0, NULL}};
