/* Twin of `LateRunner._run_waiting`: a follower that runs what the leader has left to it, one job after the other. */
#include "server.h"

/* `JobQueue.take`, of a queue that has something. -1 if it raised. */
static int
take_job(PyObject *queue, PyObject *slot)
{
    if (!is_free(FIELD(queue, JobQueue__lock))) {
        return forget(PyObject_CallMethodOneArg(queue, names.take, slot));
    }
    PyObject *job = PyObject_CallMethodNoArgs(FIELD(queue, JobQueue_jobs), names.popleft);
    if (job == NULL) {
        return -1;
    }
    PUT(slot, Slot_job, job);
    return 0;
}

/* `_next_job`, under the lock. -1 if it raised. */
static int
find_job(PyObject *runner, PyObject *slot)
{
    PyObject *queue = FIELD(runner, LateRunner_queue), *idle = FIELD(runner, LateRunner__idle);
    PUT_NEW(slot, Slot_role, known.ROLE_LATE);
    if (is_false(FIELD(FIELD(runner, LateRunner__engine), Engine_is_stopped))
        && PyObject_Size(FIELD(queue, JobQueue_jobs)) > 0 && take_job(queue, slot) < 0) {
        return -1;
    }
    if (FIELD(slot, Slot_job) == Py_None) {
        PUT_NEW(slot, Slot_role, known.ROLE_FOLLOWING);
        return forget(PyObject_CallMethodOneArg(idle, names.append, slot));
    }
    return PyObject_Size(FIELD(queue, JobQueue_jobs)) > 0 && PyObject_Size(idle) > 0
                   && is_false(FIELD(runner, LateRunner__is_waking))
               ? call_method(runner, names._wake_next)
               : 0;
}

static int
next_job(PyObject *runner, PyObject *slot)
{
    PyObject *lock = FIELD(runner, LateRunner__lock);
    return call_method(lock, names.acquire) < 0 ? -1 : release(lock, find_job(runner, slot));
}

/* `_hand_in`. -1 if it raised. */
static int
give_in(PyObject *runner, PyObject *slot, PyObject *job)
{
    PUT_NEW(slot, Slot_ending, job);
    PUT_NEW(slot, Slot_job, Py_None);
    if (return_job(FIELD(FIELD(runner, LateRunner__engine), Engine_reactor), job) < 0) {
        return -1;
    }
    PUT_NEW(slot, Slot_ending, Py_None);
    return 0;
}

/* The slot's job was quick. -1 if it raised. */
static int
note_quick(PyObject *runner, PyObject *slot, PyObject *job)
{
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    PUT_NEW(slot, Slot_computed, Py_None);
    return IS(blockers, Blockers) && is_false(FIELD(blockers, Blockers_is_probing))
               ? 0
               : tell_label(blockers, names.note_quick, job, NULL);
}

/* Run the slot's job. -1 if it raised. */
static int
run_taken(PyObject *runner, PyObject *slot, PyObject *job)
{
    PyObject *now = FIELD(runner, LateRunner__now);
    double began, ended, slow_after;
    if (!read_clock(now, NULL, &began) || run_queued(FIELD(runner, LateRunner_queue), job, began) < 0
        || !read_clock(now, NULL, &ended)) {
        return -1;
    }
    if (seconds_of(FIELD(runner, LateRunner__slow_after), &slow_after) && ended - began <= slow_after) {
        return note_quick(runner, slot, job) < 0 ? -1 : give_in(runner, slot, job);
    }
    PyObject *wall = PyFloat_FromDouble(ended - began);
    int done = wall == NULL ? -1 : forget(PyObject_CallMethodObjArgs(runner, names._note_slow, slot, job, wall, NULL));
    Py_XDECREF(wall);
    return done < 0 ? -1 : give_in(runner, slot, job);
}

PyObject *
LateRunner__run_waiting(PyObject *runner, PyObject *slot)
{
    if (!IS(slot, Slot) || !IS(FIELD(runner, LateRunner_queue), JobQueue) || !IS(FIELD(runner, LateRunner__engine), Engine)
        || FIELD(slot, Slot_job) != Py_None) {
        PyObject *both[] = {runner, slot};
        return PyObject_Vectorcall(pure.LateRunner__run_waiting, both, 2, NULL);
    }
    for (;;) {
        if (next_job(runner, slot) < 0) {
            return NULL;
        }
        PyObject *job = FIELD(slot, Slot_job);
        if (job == Py_None) {
            Py_RETURN_NONE;
        }
        Py_INCREF(job);
        int done = run_taken(runner, slot, job);
        Py_DECREF(job);
        if (done < 0) {
            return NULL;
        }
    }
}
