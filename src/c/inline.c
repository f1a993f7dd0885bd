/* Twins of `InlineRunner`: handlers that run between two polls, in the order their requests came. */
#include "server.h"

/* One job of the runner's. */
struct turn {
    PyObject *runner, *queue, *reactor;
    double began, ended;
};

/* Take the next job, if it is a link's, as `JobQueue.take` does; there is no second thread. NULL: there is none, or it is something
 * else, and it stays where it is; with an exception if one is set. A new reference. */
static PyObject *
take_link(const struct turn *turn)
{
    PyObject *jobs = FIELD(turn->queue, JobQueue_jobs);
    PyObject *link = PyObject_Size(jobs) > 0 ? PySequence_GetItem(jobs, 0) : NULL;
    if (link != NULL && (!IS(link, Link) || call_method(jobs, names.popleft) < 0)) {
        Py_CLEAR(link);
    }
    return link;
}

/* Run a link's handler and take the link back. -1 if that raised. */
static int
run_handler(struct turn *turn, PyObject *link)
{
    PyObject *time;
    PUT_NEW(turn->runner, InlineRunner_job, link);
    PUT_NEW(link, Link_held, Py_None);
    allow_holding(turn->reactor, link, FIELD(turn->queue, JobQueue_jobs), turn->began);
    if (run_queued(turn->queue, link, turn->began) < 0) {
        return -1;
    }
    PUT_NEW(turn->runner, InlineRunner_job, Py_None);
    end_holding(link);
    if (!read_clock(FIELD(turn->runner, InlineRunner__now), &time, &turn->ended)) {
        return -1;
    }
    int done = FIELD(link, Link_held) == Py_None ? return_job(turn->reactor, link) : hold(turn->reactor, link, time);
    Py_DECREF(time);
    return done < 0 ? -1 : settle(turn->reactor, turn->began, turn->ended);
}

/* Run what waits until it is time to poll. 1: done; 0: something is in front that is left to Python; -1: it raised. */
static int
run_handlers(struct turn *turn)
{
    double longest, until;
    if (!seconds_of(known.HANDLER_SECONDS, &longest)) {
        return 0;
    }
    until = turn->began + longest;
    while (is_false(FIELD(FIELD(turn->queue, JobQueue__engine), Engine_is_stopped))) {
        PyObject *link = take_link(turn);
        if (link == NULL) {
            return PyErr_Occurred() ? -1 : PyObject_Size(FIELD(turn->queue, JobQueue_jobs)) == 0;
        }
        int done = run_handler(turn, link);
        Py_DECREF(link);
        if (done < 0) {
            return -1;
        }
        if (turn->ended >= until) {
            bool is_left = PyObject_Size(FIELD(turn->queue, JobQueue_jobs)) > 0; /* then the poll is not to wait */
            return is_left && forget(PyObject_CallMethodOneArg(turn->reactor, names.call_soon, known.NOTHING)) < 0 ? -1 : 1;
        }
        turn->began = turn->ended;
    }
    return 1;
}

static PyObject *
InlineRunner__run_handlers(PyObject *runner, PyObject *unused)
{
    PyObject *engine = FIELD(runner, InlineRunner__engine);
    struct turn turn = {.runner = runner, .queue = FIELD(runner, InlineRunner_queue)};
    if (!IS(turn.queue, JobQueue) || !IS(engine, Engine) || !IS(FIELD(engine, Engine_reactor), Reactor)) {
        return PyObject_CallOneArg(pure.InlineRunner__run_handlers, runner);
    }
    turn.reactor = FIELD(engine, Engine_reactor);
    if (!read_clock(FIELD(runner, InlineRunner__now), NULL, &turn.began)) {
        return NULL;
    }
    int done = run_handlers(&turn);
    if (done == 0) {
        return PyObject_CallOneArg(pure.InlineRunner__run_handlers, runner);
    }
    return done < 0 ? NULL : Py_NewRef(Py_None);
}

PyMethodDef InlineRunner_methods[] = {
    {"_run_handlers", InlineRunner__run_handlers, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};
