/* Where objects keep what: looked up once; and calls back into Python. */
#include "leaf.h"

#include <string.h>
#include <structmember.h>

struct kinds kinds;
struct places at;
struct constants known;
struct numbers numbers;
struct names names;

/* The place of an attribute that a class, or a base of it, has in its __slots__; -1 with an exception if it has none such. */
static Py_ssize_t
place_of(PyTypeObject *kind, const char *name)
{
    PyObject *descriptor = PyObject_GetAttrString((PyObject *)kind, name);
    if (descriptor == NULL) {
        return -1;
    }
    Py_ssize_t place = -1;
    if (Py_IS_TYPE(descriptor, &PyMemberDescr_Type)) {
        PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
        if (member->type == T_OBJECT_EX) {
            place = member->offset;
        }
    }
    Py_DECREF(descriptor);
    if (place <= 0) {
        PyErr_Format(PyExc_TypeError, "%s.%s is not kept in a slot", kind->tp_name, name);
        return -1;
    }
    return place;
}

static PyTypeObject *
kind_of(PyObject *classes, const char *name)
{
    PyObject *kind = PyDict_GetItemString(classes, name);
    if (kind == NULL || !PyType_Check(kind)) {
        PyErr_Format(PyExc_TypeError, "no class is given for %s", name);
        return NULL;
    }
    return (PyTypeObject *)Py_NewRef(kind);
}

static PyObject *
constant_of(PyObject *constants, const char *name)
{
    PyObject *value = PyDict_GetItemString(constants, name);
    if (value == NULL) {
        PyErr_Format(PyExc_TypeError, "nothing is given for %s", name);
    }
    return value;
}

#define RESOLVE_KIND(kind) \
    Py_XSETREF(kinds.kind, kind_of(classes, #kind)); \
    if (kinds.kind == NULL) { \
        return -1; \
    }
#define RESOLVE_PLACE(kind, name) \
    if ((at.kind##_##name = place_of(kinds.kind, #name)) < 0) { \
        return -1; \
    }
#define RESOLVE_CONSTANT(name) \
    Py_XSETREF(known.name, Py_XNewRef(constant_of(constants, #name))); \
    if (known.name == NULL) { \
        return -1; \
    }
#define RESOLVE_NUMBER(name) \
    PyObject *number_##name = constant_of(constants, #name); \
    if (number_##name == NULL || ((numbers.name = PyLong_AsSsize_t(number_##name)) == -1 && PyErr_Occurred())) { \
        return -1; \
    }
#define RESOLVE_NAME(name) \
    if (names.name == NULL && (names.name = PyUnicode_InternFromString(#name)) == NULL) { \
        return -1; \
    }

int
resolve_server(PyObject *classes, PyObject *constants)
{
    SERVER_KINDS(RESOLVE_KIND)
    SERVER_PLACES(RESOLVE_PLACE)
    SERVER_CONSTANTS(RESOLVE_CONSTANT)
    SERVER_NUMBERS(RESOLVE_NUMBER)
    SERVER_NAMES(RESOLVE_NAME)
    return 0;
}

int
resolve_app(PyObject *classes, PyObject *constants)
{
    APP_KINDS(RESOLVE_KIND)
    APP_PLACES(RESOLVE_PLACE)
    APP_CONSTANTS(RESOLVE_CONSTANT)
    APP_NAMES(RESOLVE_NAME)
    SERVER_NAMES(RESOLVE_NAME)
    return 0;
}

bool
is_used(PyTypeObject *kind, PyObject *name, PyMethodDef *twin)
{
    PyObject *found = _PyType_Lookup(kind, name);
    return found != NULL && Py_IS_TYPE(found, &PyMethodDescr_Type) && ((PyMethodDescrObject *)found)->d_method == twin;
}

PyObject *
call_pure(PyObject *method, PyObject *self, PyObject *const *arguments, Py_ssize_t count, PyObject *keywords)
{
    /* As Python does when it calls a bound method: `self` before the others, keywords behind them. */
    Py_ssize_t all = 1 + count + (keywords == NULL ? 0 : PyTuple_GET_SIZE(keywords));
    PyObject **given = PyMem_New(PyObject *, all);
    if (given == NULL) {
        return PyErr_NoMemory();
    }
    given[0] = self;
    memcpy(given + 1, arguments, (size_t)(all - 1) * sizeof *given);
    PyObject *result = PyObject_Vectorcall(method, given, (size_t)count + 1, keywords);
    PyMem_Free(given);
    return result;
}

PyObject *
take_exception(void)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    PyErr_NormalizeException(&kind, &error, &traceback);
    if (traceback != NULL) {
        PyException_SetTraceback(error, traceback);
    }
    Py_XDECREF(kind);
    Py_XDECREF(traceback);
    return error;
}

int
forget(PyObject *result)
{
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

int
truth_of(PyObject *result)
{
    int answer = result == NULL ? -1 : PyObject_IsTrue(result);
    Py_XDECREF(result);
    return answer;
}

int
call_method(PyObject *object, PyObject *name)
{
    return forget(PyObject_CallMethodNoArgs(object, name));
}
