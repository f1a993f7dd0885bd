/* The functions of the server's twins that call each other. */
#ifndef DEMIJOHN_SERVER_H
#define DEMIJOHN_SERVER_H

#include "leaf.h"

extern PyMethodDef H1Exchange_methods[];
extern PyMethodDef InlineRunner_methods[];
extern PyMethodDef LateRunner_methods[];
extern PyMethodDef Link_methods[];

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

/* ---- serve: octets.c, exchange.c, link.c, held.c, queue.c, late.c, follower.c, inline.c */

enum outcome {
    DONE_SO_FAR,
    NOT_NOW, /* the socket is not ready */
    BROKEN,  /* the connection is; the reason is nobody's business */
    RAISED,  /* an exception is set, and is no socket's */
};

/* Take what has come, `RECEIVE_BYTES` at most; empty at the end. */
enum outcome receive_octets(PyObject *sock, PyObject **data);

/* Send what the socket takes now; if more is to come at once, the system may wait for it. */
enum outcome send_octets(PyObject *sock, PyObject *data, bool is_more_to_come, Py_ssize_t *sent);

/* Whether a socket is one whose bytes the system lets wait for more. */
bool can_be_corked(PyObject *sock);

/* Have the system send what waits for more. Any thread. */
void uncork_socket(PyObject *sock);

/* Make the exchange of a request without a body; `EMPTY_BODY` is its body. */
PyObject *new_exchange(PyObject *link, PyObject *head);

/* Call the handler, as `Link.run` does. -1 if it raised. */
int run_link(PyObject *link);

/* Whether nobody holds a lock. Then nobody is where it keeps others out, as long as the interpreter's lock is not given away. */
bool is_free(PyObject *lock);

/* Release a lock, with an exception set if `done` is negative; return `done`, or -1 if that raised. */
int release(PyObject *lock, int done);

/* Add to the server's counts what `Answering.discard` adds, and close the body. -1 if it raised. */
int discard_exchange(PyObject *exchange, PyObject *link);

/* Whether `discard_exchange` may be called: nobody counted it, nobody watches its client. */
bool is_discard_plain(PyObject *exchange, PyObject *link);

/* Add one to a cell of the server's counts. -1 if it raised. */
int count_one(PyObject *stats, PyObject *cell);

/* One run of a handler by the leader. */
struct run {
    double began;
    bool is_doubtful; /* of late one took long, and nobody knows whether it waited */
    long waited;      /* then: how often this thread had */
};

/* Whether `LateRunner.submit` may run a handler here and now. */
bool begin_late(PyObject *runner, struct run *run);

/* Run a job that may. 1: this thread is still the leader, 0: it is not, -1: it raised. */
int run_late(PyObject *runner, PyObject *job, const struct run *run);

/* Whether this job is one of many in a row that `LateRunner.submit` leaves to other threads without a look at its label. */
bool is_left(PyObject *runner);

/* Leave a link to them. -1 if it raised. */
int leave_job(PyObject *runner, PyObject *link);

/* Twin of the method, of a slot that has no job. */
PyObject *LateRunner__run_waiting(PyObject *runner, PyObject *slot);

/* Tell a job's label to a method of the `Blockers`, and the time, unless it is NULL. -1 if it raised. */
int tell_label(PyObject *blockers, PyObject *name, PyObject *job, PyObject *time);

/* Whether a request may wait in the queue, and nothing else is to be done for that. */
bool may_wait(PyObject *queue);

/* `JobQueue.put` of a link that may. -1 if it raised. */
int let_wait(PyObject *queue, PyObject *link);

/* `JobQueue.run`, of a job that was taken. -1 if it raised. */
int run_queued(PyObject *queue, PyObject *job, double now);

/* Hand a job in that has run, or give it back to the reactor. -1 if it raised. */
int return_job(PyObject *reactor, PyObject *job);

int complete_link(PyObject *link);

/* `Link.hand_in`. 1: taken back, 0: it must be given back, -1: it raised. */
int hand_in_link(PyObject *link);

/* Read a clock, and give the time as the object that it was read as, too, where `time` is not NULL: a new reference. False: an
 * exception is set. */
bool read_clock(PyObject *now, PyObject **time, double *seconds);

/* `Line.send`, of a line that is not broken and has nothing in front; corked, if more is to come. -1 if it raised. */
int send_line(PyObject *link, PyObject *data, bool is_more_to_come);

/* The same with the answer that such a line holds. -1 if it raised. */
int send_held(PyObject *link);

/* Whether what is sent may wait in the system for the next answer on a line: another thread sees to it that it does not wait for a
 * handler that blocks, and nothing has waited for too long. */
bool may_cork(PyObject *link);

/* From now on something waits there, if nothing did. */
void cork(PyObject *link);

/* Nothing comes at once: `Line.uncork`. */
void uncork(PyObject *link);

/* Let the job's answer be held, if others are ready (the size of `others`) or there is a next request behind this one, and none of
 * late has taken long. */
void allow_holding(PyObject *reactor, PyObject *job, PyObject *others, double began);

/* The handler has ended: answers that come after are no longer held. */
void end_holding(PyObject *job);

/* `Reactor.hold`. -1 if it raised. */
int hold(PyObject *reactor, PyObject *link, PyObject *time);

/* `Reactor.settle`, if there is something to do. -1 if it raised. */
int settle(PyObject *reactor, double began, double ended);

/* `Reactor.note_long`. -1 if it raised. */
int note_long(PyObject *reactor, double began, double ended);

#endif
