/* Twins of `JobQueue`: what waits for a thread, and what becomes of a job whose turn has come. */
#include "server.h"

bool
may_wait(PyObject *queue)
{
    double slot;
    PyObject *engine = IS(queue, JobQueue) ? FIELD(queue, JobQueue__engine) : NULL;
    if (!IS(engine, Engine) || !IS(FIELD(engine, Engine_reactor), Reactor) || !seconds_of(FIELD(queue, JobQueue_slot), &slot)
        || slot < 0) {
        return false;
    }
    PyObject *most = FIELD(queue, JobQueue__most);
    return most == Py_None || PyObject_Size(FIELD(queue, JobQueue_jobs)) < count_of(most);
}

int
let_wait(PyObject *queue, PyObject *link)
{
    PUT_NEW(link, Link_queued_at, FIELD(FIELD(FIELD(queue, JobQueue__engine), Engine_reactor), Reactor_polled_at));
    return forget(PyObject_CallMethodOneArg(FIELD(queue, JobQueue_jobs), names.append, link));
}

int
run_queued(PyObject *queue, PyObject *job, double now)
{
    double queued_at, max_age;
    if (IS(job, Link) && seconds_of(FIELD(job, Link_queued_at), &queued_at)
        && seconds_of(FIELD(queue, JobQueue__max_age), &max_age) && now - queued_at <= max_age) {
        return run_link(job);
    }
    return forget(PyObject_CallMethodOneArg(queue, names.run, job));
}

int
return_job(PyObject *reactor, PyObject *job)
{
    int is_in = IS(job, Link) ? hand_in_link(job) : truth_of(PyObject_CallMethodNoArgs(job, names.hand_in));
    return is_in == 0 ? forget(PyObject_CallMethodOneArg(reactor, names.give_back, job)) : is_in;
}
