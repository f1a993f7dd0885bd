/* Where the server's objects keep what: looked up once. */
#include "leaf.h"
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

int
resolve_places(PyObject *classes, PyObject *constants)
{
#define X(kind) \
    if ((kinds.kind = kind_of(classes, #kind)) == NULL) { \
        return -1; \
    }
    KINDS(X)
#undef X
#define X(kind, name) \
    if ((at.kind##_##name = place_of(kinds.kind, #name)) < 0) { \
        return -1; \
    }
    PLACES(X)
#undef X
#define X(name) \
    if ((known.name = Py_XNewRef(constant_of(constants, #name))) == NULL) { \
        return -1; \
    }
    CONSTANTS(X)
#undef X
#define X(name) \
    PyObject *number_##name = constant_of(constants, #name); \
    if (number_##name == NULL || ((numbers.name = PyLong_AsSsize_t(number_##name)) == -1 && PyErr_Occurred())) { \
        return -1; \
    }
    NUMBERS(X)
#undef X
#define X(name) \
    if (names.name == NULL && (names.name = PyUnicode_InternFromString(#name)) == NULL) { \
        return -1; \
    }
    NAMES(X)
#undef X
    return 0;
}

int
call_method(PyObject *object, PyObject *name)
{
    PyObject *result = PyObject_CallMethodNoArgs(object, name);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

int
ask_pure(PyObject *method, PyObject *self)
{
    PyObject *result = PyObject_CallOneArg(method, self);
    if (result == NULL) {
        return -1;
    }
    int answer = PyObject_IsTrue(result);
    Py_DECREF(result);
    return answer;
}
