/* The functions of the application's twins that call each other. */
#ifndef DEMIJOHN_APP_H
#define DEMIJOHN_APP_H

#include "leaf.h"

extern PyMethodDef AppDispatch_methods[];
extern PyMethodDef NativeHandler_methods[];

/* Twin of `AppDispatch.respond`, of an application whose `respond` it is. */
PyObject *respond_to(PyObject *app, PyObject *request);

/* ---- plain.c: what nobody has replaced */

/* Nobody has replaced a step of this application, in its class or in itself. */
bool are_steps_plain(PyObject *app);

/* Nobody has replaced how a request is made and closed, or what it is asked for here. */
bool is_request_plain(PyTypeObject *kind);

/* Nobody has replaced how a response is made, handed over and closed. */
bool is_response_plain(PyTypeObject *kind);

/* What an object has of its own: its `__dict__`; borrowed, or NULL. Where no class has a data descriptor of a name, that is where
 * the attribute is; `judge` sees to that for the names that it is given. */
PyObject *parts_of(PyObject *object);

/* The same of a request; NULL, too, if its class is not plain. */
PyObject *parts_of_request(PyObject *request);

/* A number that a dict has from its last change to its next, and no dict before or after; 0 where Python has none such: CPython
 * 3.13 does not count all changes of an object's attributes, 3.14 none. */
uint64_t version_of(PyObject *dict);

/* One of the parts; borrowed, or NULL. */
PyObject *part(PyObject *parts, PyObject *name);

/* One of the parts, or what the class has; borrowed, or NULL. */
PyObject *part_or_default(PyObject *object, PyObject *parts, PyObject *name);

/* Make an object whose parts are those of `usual`; a new reference. */
PyObject *new_of_parts(PyTypeObject *kind, PyObject *usual);

/* Nobody listens to a signal, whose `receivers` these are: a dict that blinker makes once. */
bool is_silent(PyObject *receivers);

/* Whether an attribute is this very object; false if it is not there, too. */
bool has_attribute(PyObject *object, PyObject *name, PyObject *value);

/* ---- request.c */

/* The request that was made last, and whose parts nobody has changed: what they are. A dict has a version that no other has, so
 * whatever is of this version is known without a look. Borrowed: the parts hold it. */
struct fresh {
    uint64_t version;
    PyObject *exchange, *head, *path;
    PyObject *values; /* of a match that went well, NULL before */
};

/* NULL: it was changed, or it was not made here, or another one was made since; or there are no parts. */
const struct fresh *fresh_of(PyObject *parts);

/* The head of the request that has these parts; borrowed, or NULL. */
PyObject *request_head(PyObject *parts);

/* Its method, as it says; borrowed, or NULL. */
PyObject *request_method(PyObject *parts);

/* It was `fresh`, and was matched: these are the values of its path. */
void note_match(PyObject *parts, PyObject *values);

/* Make the request of an exchange; a new reference. NULL without an exception: it is not plain, and nothing was done. */
PyObject *new_request(PyTypeObject *kind, PyObject *exchange);

/* ---- response.c */

/* Make a response of text; a new reference. NULL without an exception: the class makes them in its own way. */
PyObject *new_response(PyObject *text);

/* The list of blocks of a response that has nothing to close; borrowed, or NULL. */
PyObject *blocks_of(PyObject *response);

/* What an exchange sends of a plain response: borrowed, while nothing runs. False: it is not plain. */
bool read_response(PyObject *response, PyObject **status, PyObject **fields, PyObject **body);

/* ---- context.c */

/* Make the context of a request and push it, where none is current; a new reference. NULL: not plain, or an exception is set. */
PyObject *push_context(PyObject *app, PyObject *request, PyObject *parts);

/* Find the request's rule. -1 if that raised. */
int match_request(PyObject *app, PyObject *request, PyObject *parts, PyObject *context);

/* This context is the current one. */
bool is_current(PyObject *context);

/* Pop a context that has nothing to tear down. 0: it has, and nothing was done; 1: done; -1: it raised. */
int pop_context(PyObject *app, PyObject *request, PyObject *context);

#endif
