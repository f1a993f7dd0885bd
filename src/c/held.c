/* Twins of the reactor's `hold` and `settle`: an answer that waits for those of others that were ready in the same round; and of
 * `Line.uncork`: one that waits in the system for the answer to the next request of the same client. */
#include "server.h"

/* There are bytes behind the request, which may be the next one. */
static bool
has_next(PyObject *link)
{
    return IS(FIELD(link, Link_h1), H1Connection) && has_buffered(FIELD(link, Link_h1));
}

bool
may_cork(PyObject *link)
{
    PyObject *engine = FIELD(link, Link_engine);
    if (!IS(FIELD(engine, Engine_runner), LateRunner) || !IS(FIELD(engine, Engine_reactor), Reactor)
        || !can_be_corked(FIELD(link, Link_sock))) {
        return false;
    }
    double since, now, longest;
    return FIELD(link, Link_corked_since) == Py_None
           || (seconds_of(FIELD(link, Link_corked_since), &since)
               && seconds_of(FIELD(FIELD(engine, Engine_reactor), Reactor_now), &now)
               && seconds_of(known.HOLD_SECONDS, &longest) && now - since <= longest);
}

void
cork(PyObject *link)
{
    if (FIELD(link, Link_corked_since) == Py_None) {
        PUT_NEW(link, Link_corked_since, FIELD(FIELD(FIELD(link, Link_engine), Engine_reactor), Reactor_now));
    }
}

void
uncork(PyObject *link)
{
    if (FIELD(link, Link_corked_since) != Py_None) {
        PUT_NEW(link, Link_corked_since, Py_None);
        uncork_socket(FIELD(link, Link_sock));
    }
}

void
allow_holding(PyObject *reactor, PyObject *job, PyObject *others, double began)
{
    double direct_until;
    if (IS(job, Link) && (PyObject_Size(others) > 0 || has_next(job))
        && seconds_of(FIELD(reactor, Reactor_direct_until), &direct_until) && began >= direct_until) {
        PUT_NEW(job, Link_held, Py_False);
    }
}

void
end_holding(PyObject *job)
{
    if (IS(job, Link) && FIELD(job, Link_held) == Py_False) {
        PUT_NEW(job, Link_held, Py_None);
    }
}

int
hold(PyObject *reactor, PyObject *link, PyObject *time)
{
    PyObject *held = FIELD(reactor, Reactor_held);
    if (PyObject_Size(held) == 0) {
        PUT_NEW(reactor, Reactor_held_since, time);
    }
    return forget(PyObject_CallMethodOneArg(held, names.append, link));
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

int
note_long(PyObject *reactor, double began, double ended)
{
    return tell(reactor, names.note_long, began, ended);
}

int
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
