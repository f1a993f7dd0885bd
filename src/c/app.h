/* The functions of the application's twins that call each other. */
#ifndef DEMIJOHN_APP_H
#define DEMIJOHN_APP_H

#include "leaf.h"

extern PyMethodDef AppDispatch_methods[];
extern PyMethodDef NativeHandler_methods[];

/* ---- plain.c: what nobody has replaced */

/* Nobody has replaced a step of this application, in its class or in itself. */
bool are_steps_plain(PyObject *app);

/* Nobody has replaced what closes a request. */
bool is_close_plain(PyObject *request);

/* Nobody has replaced how a response is made, handed over and closed. */
bool is_response_plain(PyTypeObject *kind);

/* Nobody listens to a signal, whose `receivers` these are: a dict that blinker makes once. */
bool is_silent(PyObject *receivers);

/* Whether an attribute is this very object; false if it is not there, too. */
bool has_attribute(PyObject *object, PyObject *name, PyObject *value);

/* Whether an attribute is there, and is false, empty or None. */
bool is_attribute_false(PyObject *object, PyObject *name);

/* ---- response.c */

/* Make a response of text; a new reference. NULL without an exception: the class makes them in its own way. */
PyObject *new_response(PyObject *text);

/* The list of blocks of a response that has nothing to close; borrowed, or NULL. */
PyObject *blocks_of(PyObject *response);

/* What an exchange sends of a plain response: borrowed, while nothing runs. False: it is not plain. */
bool read_response(PyObject *response, PyObject **status, PyObject **fields, PyObject **body);

/* ---- context.c */

/* Make the context of a request and push it, where none is current; a new reference. NULL: not plain, or an exception is set. */
PyObject *push_context(PyObject *app, PyObject *request);

/* Find the request's rule. -1 if that raised. */
int match_request(PyObject *app, PyObject *request, PyObject *context);

/* This context is the current one. */
bool is_current(PyObject *context);

/* Pop a context that has nothing to tear down. 0: it has, and nothing was done; 1: done; -1: it raised. */
int pop_context(PyObject *app, PyObject *request, PyObject *context);

#endif
