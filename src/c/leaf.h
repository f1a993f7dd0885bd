/* What the files of the compiled leaf share: where objects keep what, and how it is read.
 *
 * Every function here is the twin of a Python method of the same name, and does its plain case only: whatever is not plain is
 * found out before anything is changed, and left to the Python method. A plain case has the same effects in the same order.
 *
 * The objects stay those of the Python classes. A class with __slots__ keeps each attribute at a fixed place of its instances;
 * the places are looked up once (places.c), when the classes are given to `bind`. All functions hold the interpreter's lock.
 */
#ifndef DEMIJOHN_LEAF_H
#define DEMIJOHN_LEAF_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdbool.h>

#include "lists.h"

struct kinds {
#define X(kind) PyTypeObject *kind;
    KINDS(X)
#undef X
};
struct places {
#define X(kind, name) Py_ssize_t kind##_##name;
    PLACES(X)
#undef X
};
struct constants {
#define X(name) PyObject *name;
    CONSTANTS(X)
#undef X
};
struct numbers {
#define X(name) Py_ssize_t name;
    NUMBERS(X)
#undef X
};

extern struct kinds kinds;
extern struct places at;
extern struct constants known;
extern struct numbers numbers;

/* Resolve everything that the server's twins, or the application's, look into; -1 with an exception if something is not where it
 * should be: then none of them may be used. */
int resolve_server(PyObject *classes, PyObject *constants);
int resolve_app(PyObject *classes, PyObject *constants);

/* The attribute `place` of an object, borrowed; NULL if it was never set. An lvalue. */
#define FIELD(object, place) (*(PyObject **)((char *)(object) + at.place))

/* Set an attribute; takes over the reference. */
#define PUT(object, place, value) put(&FIELD(object, place), value)

/* Set an attribute to an object that somebody else holds. */
#define PUT_NEW(object, place, value) put(&FIELD(object, place), Py_NewRef(value))

static inline void
put(PyObject **cell, PyObject *value)
{
    PyObject *old = *cell;
    *cell = value;
    Py_XDECREF(old);
}

/* The exact class: a subclass may do it in its own way. Of a field that was never set, too; no object is of a class that the other
 * twins have not been given yet. */
#define IS(object, kind) ((object) != NULL && Py_TYPE(object) == kinds.kind)

static inline bool
is_true(PyObject *object)
{
    return object == Py_True;
}

static inline bool
is_false(PyObject *object)
{
    return object == Py_False;
}

static inline bool
is_empty_tuple(PyObject *object)
{
    return object != NULL && PyTuple_CheckExact(object) && PyTuple_GET_SIZE(object) == 0;
}

/* A whole number; -1 of what is none, or is negative. */
static inline Py_ssize_t
count_of(PyObject *object)
{
    if (object == NULL || !PyLong_CheckExact(object)) {
        return -1;
    }
    Py_ssize_t count = PyLong_AsSsize_t(object);
    if (count == -1 && PyErr_Occurred()) {
        PyErr_Clear();
    }
    return count;
}

/* A number that may be given as either; false of what is neither. */
static inline bool
seconds_of(PyObject *object, double *seconds)
{
    if (object == NULL) {
        return false;
    }
    if (PyFloat_CheckExact(object)) {
        *seconds = PyFloat_AS_DOUBLE(object);
        return true;
    }
    if (PyLong_CheckExact(object)) {
        *seconds = PyLong_AsDouble(object);
        if (*seconds == -1.0 && PyErr_Occurred()) {
            PyErr_Clear();
            return false;
        }
        return true;
    }
    return false;
}

enum { DIGITS_ROOM = 24 };

/* Write a length at the end of `room`, and return where it begins. PERF: a tenth of what the system's printing takes. */
static inline const char *
write_digits(char *room, Py_ssize_t size)
{
    char *first = room + DIGITS_ROOM;
    do {
        *--first = (char)('0' + size % 10);
        size /= 10;
    } while (size > 0);
    return first;
}

/* Forget what a call returned, whose reference is stolen; -1 if it raised. */
int forget(PyObject *result);

/* Whether what a call returned is true; steals the reference. -1 if it raised. */
int truth_of(PyObject *result);

/* Call a method without arguments and forget its result; -1 if it raised. */
int call_method(PyObject *object, PyObject *name);

struct names {
#define X(name) PyObject *name;
    NAMES(X)
#undef X
};
extern struct names names;

/* The Python methods, for all that is not plain. */
struct pure {
#define X(kind, name) PyObject *kind##_##name;
    TWINS(X)
#undef X
};
extern struct pure pure;

/* What stands in their place while the twins are used. */
struct twins {
#define X(kind, name) PyMethodDef *kind##_##name;
    TWINS(X)
#undef X
};
extern struct twins twins;

/* Whether a twin stands in its place: then it may be called without a look at the class. */
bool is_used(PyTypeObject *kind, PyObject *name, PyMethodDef *twin);

/* Twin of `H1Exchange.respond`, of an exchange whose `respond` it is. `is_last`: the handler has nothing to do afterwards; then the
 * answer may be held (`Link.held`), and so be sent later than by `respond`. */
PyObject *respond_on(PyObject *exchange, PyObject *status, PyObject *headers, PyObject *body, bool is_last);

/* Twin of `NativeHandler.__call__` with an exchange alone, where `is_handler_plain`. */
PyObject *handle(PyObject *handler, PyObject *exchange);
bool is_handler_plain(PyObject *handler);

/* Call a Python method with the arguments that its twin was called with. */
PyObject *call_pure(PyObject *method, PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords);

/* Take the exception that is set, with its traceback; a new reference. */
PyObject *take_exception(void);

#endif
