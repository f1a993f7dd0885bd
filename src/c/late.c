/* Twins of `LateRunner`: a handler that is run by the leader, where nobody is known to block; and the watcher's pause. */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include "server.h"

#ifndef _WIN32
#include <time.h>
#endif
#ifdef __linux__
#include <sys/resource.h>
#endif

/* A pause looks so many times in the time after which somebody is promoted, and ends after so many looks: `wake` is to be heard. */
enum { PAUSES_IN_TICK = 2, MOST_NAPS = 32 };

/* `times_waited`; -1 where it cannot be told. */
static long
times_waited(void)
{
#ifdef __linux__
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) == 0) {
        return usage.ru_nvcsw;
    }
#endif
    return -1;
}

/* Whether the thread has waited since a run began, if that is asked. */
static bool
has_waited(const struct run *run)
{
    return run->is_doubtful && times_waited() != run->waited;
}

/* Followers are there, and this round has not taken too long. */
static bool
is_on_time(PyObject *runner)
{
    PyObject *engine = FIELD(runner, LateRunner__engine);
    PyObject *idle = FIELD(runner, LateRunner__idle);
    PyObject *reactor = IS(engine, Engine) ? FIELD(engine, Engine_reactor) : NULL;
    double now, polled_at, max_age;
    return IS(reactor, Reactor) && idle != NULL && PyObject_Size(idle) > 0 && seconds_of(FIELD(reactor, Reactor_now), &now)
           && seconds_of(FIELD(reactor, Reactor_polled_at), &polled_at)
           && seconds_of(FIELD(runner, LateRunner__max_age), &max_age) && now - polled_at <= max_age;
}

/* What `submit` may leave to nobody else: nothing is known to be slow, the watcher is awake. */
static bool
is_plain(PyObject *runner)
{
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    return IS(blockers, Blockers) && PyDict_CheckExact(FIELD(blockers, Blockers_known))
           && PyDict_GET_SIZE(FIELD(blockers, Blockers_known)) == 0 && is_on_time(runner)
           && is_false(FIELD(runner, LateRunner__is_watcher_asleep)) && IS(FIELD(runner, LateRunner__leader), Slot);
}

bool
read_clock(PyObject *now, PyObject **time, double *seconds)
{
    PyObject *read = PyObject_CallNoArgs(now);
    if (read != NULL && !seconds_of(read, seconds)) {
        PyErr_SetString(PyExc_TypeError, "the clock's time is no number");
        Py_CLEAR(read);
    }
    bool is_read = read != NULL;
    if (time != NULL) {
        *time = read;
    }
    else {
        Py_XDECREF(read);
    }
    return is_read;
}

static int
run_job(PyObject *job)
{
    return IS(job, Link) ? run_link(job) : call_method(job, names.run);
}

int
tell_label(PyObject *blockers, PyObject *name, PyObject *job, PyObject *time)
{
    PyObject *label = PyObject_GetAttr(job, names.label);
    int done = label == NULL ? -1 : forget(PyObject_CallMethodObjArgs(blockers, name, label, time, NULL));
    Py_XDECREF(label);
    return done;
}

/* The handler took long; nobody doubts why. -1 if that raised. */
static int
suspect(PyObject *runner, PyObject *job, PyObject *ended)
{
    return tell_label(FIELD(runner, LateRunner__blockers), names.suspect, job, ended);
}

/* Take the job's connection back, or have its answer wait for those of others. -1 if it raised. */
static int
complete_job(PyObject *reactor, PyObject *job, PyObject *time)
{
    if (!IS(job, Link)) {
        return call_method(job, names.complete);
    }
    return FIELD(job, Link_held) == Py_None ? complete_link(job) : hold(reactor, job, time);
}

/* After the handler, as the leader. -1 if it raised. */
static int
end_job(PyObject *runner, PyObject *slot, PyObject *job, const struct run *run)
{
    PyObject *time;
    double ended, slow_after;
    PUT_NEW(slot, Slot_job, Py_None);
    if (!is_false(FIELD(runner, LateRunner__is_short)) && call_method(runner, names._end_shortage) < 0) {
        return -1;
    }
    if (!read_clock(FIELD(runner, LateRunner__now), &time, &ended)) {
        return -1;
    }
    PyObject *reactor = FIELD(FIELD(runner, LateRunner__engine), Engine_reactor);
    PUT_NEW(reactor, Reactor_now, time);
    bool is_slow = !seconds_of(FIELD(runner, LateRunner__slow_after), &slow_after) || ended - run->began > slow_after;
    int done = is_slow && (!run->is_doubtful || has_waited(run)) ? suspect(runner, job, time) : 0;
    if (done == 0) {
        done = complete_job(reactor, job, time);
    }
    Py_DECREF(time);
    return done < 0 ? -1 : settle(reactor, run->began, ended);
}

/* Another thread polls now. -1 if it raised. */
static int
finish_late(PyObject *runner, PyObject *slot, PyObject *job, const struct run *run)
{
    PyObject *time;
    double ended;
    PUT_NEW(slot, Slot_role, known.ROLE_LATE);
    if (IS(job, Link)) {
        uncork(job);
        /* Nobody else would send it. */
        if (FIELD(job, Link_held) != Py_None && send_held(job) < 0) {
            return -1;
        }
    }
    if (!read_clock(FIELD(runner, LateRunner__now), &time, &ended)) {
        return -1;
    }
    PyObject *reactor = FIELD(FIELD(runner, LateRunner__engine), Engine_reactor);
    int done = note_long(reactor, run->began, ended);
    if (done == 0 && has_waited(run)) {
        done = suspect(runner, job, time);
    }
    Py_DECREF(time);
    return done < 0 ? -1 : forget(PyObject_CallMethodObjArgs(runner, names._finish_late, slot, job, NULL));
}

/* Run a job while leadership lies on offer. 1: this thread is still the leader, 0: it is not, -1: it raised. */
static int
run_on_offer(PyObject *runner, PyObject *slot, PyObject *job, const struct run *run)
{
    PyObject *offer = FIELD(slot, Slot_offer);
    PyObject *reactor = FIELD(FIELD(runner, LateRunner__engine), Engine_reactor);
    allow_holding(reactor, job, FIELD(reactor, Reactor__ready), run->began);
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
        return finish_late(runner, slot, job, run) < 0 ? -1 : 0;
    }
    return end_job(runner, slot, job, run) < 0 ? -1 : 1;
}

bool
begin_late(PyObject *runner, struct run *run)
{
    double doubts_until;
    if (!is_plain(runner)) {
        return false;
    }
    if (!read_clock(FIELD(runner, LateRunner__now), NULL, &run->began)) {
        PyErr_Clear(); /* Python meets it, too */
        return false;
    }
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    if (!seconds_of(FIELD(blockers, Blockers_doubts_until), &doubts_until)) {
        return false;
    }
    run->is_doubtful = run->began < doubts_until;
    run->waited = run->is_doubtful ? times_waited() : 0;
    return run->waited >= 0;
}

int
run_late(PyObject *runner, PyObject *job, const struct run *run)
{
    PyObject *serial = PyNumber_Add(FIELD(runner, LateRunner__serial), known.ONE);
    if (serial == NULL) {
        return -1;
    }
    PyObject *slot = Py_NewRef(FIELD(runner, LateRunner__leader));
    Py_INCREF(job);
    PUT_NEW(slot, Slot_job, job);
    PUT(runner, LateRunner__serial, serial);
    int answer = run_on_offer(runner, slot, job, run);
    Py_DECREF(job);
    Py_DECREF(slot);
    return answer;
}

/* ---- a job that is left to other threads */

bool
is_left(PyObject *runner)
{
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    PyObject *known_labels = IS(blockers, Blockers) ? FIELD(blockers, Blockers_known) : NULL;
    Py_ssize_t streak = known_labels == NULL ? -1 : count_of(FIELD(blockers, Blockers_streak));
    return streak >= numbers.STREAK && streak % numbers.SAMPLE != 0 && PyDict_CheckExact(known_labels)
           && PyDict_GET_SIZE(known_labels) > 0 && is_on_time(runner) && may_wait(FIELD(runner, LateRunner_queue));
}

int
leave_job(PyObject *runner, PyObject *link)
{
    PyObject *blockers = FIELD(runner, LateRunner__blockers);
    PyObject *streak = PyNumber_Add(FIELD(blockers, Blockers_streak), known.ONE);
    if (streak == NULL) {
        return -1;
    }
    PUT(blockers, Blockers_streak, streak);
    if (let_wait(FIELD(runner, LateRunner_queue), link) < 0
        || count_one(FIELD(FIELD(runner, LateRunner__engine), Engine_stats), known.HAND_OVERS) < 0) {
        return -1;
    }
    return is_false(FIELD(runner, LateRunner__is_waking)) ? call_method(runner, names._call_follower) : 0;
}

static PyObject *
LateRunner_submit(PyObject *runner, PyObject *job)
{
    struct run run;
    if (!begin_late(runner, &run)) {
        PyObject *both[] = {runner, job};
        return PyObject_Vectorcall(pure.LateRunner_submit, both, 2, NULL);
    }
    int answer = run_late(runner, job, &run);
    return answer < 0 ? NULL : PyBool_FromLong(answer);
}

/* ---- the watcher */

/* `_pause`, without the interpreter's lock, which the leader would have to wait for: as long as handlers are begun one after the
 * other it is enough to see that there is another number. That it is read without the lock is harmless: what is compared is where
 * it lies, and numbers that happen to lie in the same place end the pause, no more. */
static PyObject *
LateRunner__pause(PyObject *runner, PyObject *unused)
{
#ifndef _WIN32
    double seconds;
    PyObject *engine = FIELD(runner, LateRunner__engine);
    if (Py_IS_TYPE(runner, kinds.LateRunner) && IS(engine, Engine)
        && seconds_of(FIELD(runner, LateRunner__promote_after), &seconds) && seconds > 0 && seconds < 1) {
        PyObject *volatile *serial = &FIELD(runner, LateRunner__serial);
        PyObject *volatile *is_stopped = &FIELD(engine, Engine_is_stopped);
        struct timespec nap = {0, (long)(seconds / PAUSES_IN_TICK * 1e9)};
        Py_BEGIN_ALLOW_THREADS
        PyObject *seen;
        int naps = 0;
        do {
            seen = *serial;
            nanosleep(&nap, NULL);
        } while (*serial != seen && *is_stopped == Py_False && ++naps < MOST_NAPS);
        Py_END_ALLOW_THREADS
    }
#endif
    Py_RETURN_NONE;
}

PyMethodDef LateRunner_methods[] = {
    {"_pause", LateRunner__pause, METH_NOARGS, NULL},
    {"_run_waiting", LateRunner__run_waiting, METH_O, NULL},
    {"submit", LateRunner_submit, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};
