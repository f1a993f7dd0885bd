/* Whether an application and its requests do what ours do: every step may be replaced, in a subclass or on the object. */
#include "app.h"

/* What was found out about a class, until the class, or a base of it, is changed: then it has another version. */
struct judgement {
    PyTypeObject *kind;
    unsigned int version;
    bool is_plain;
};

/* Whether a class has, under these names, these objects and no others. */
static bool
judge(struct judgement *kept, PyTypeObject *kind, PyObject *expected)
{
    if (kept->kind == kind && kept->version == kind->tp_version_tag && kept->version != 0) {
        return kept->is_plain;
    }
    PyObject *name, *value;
    Py_ssize_t place = 0;
    bool is_plain = kind->tp_getattro == PyObject_GenericGetAttr;
    while (is_plain && PyDict_Next(expected, &place, &name, &value)) {
        is_plain = has_attribute((PyObject *)kind, name, value);
    }
    /* Looking something up has given the class a version. The class is kept: another one must not take its address. */
    Py_XSETREF(kept->kind, (PyTypeObject *)Py_NewRef((PyObject *)kind));
    kept->version = kind->tp_version_tag;
    kept->is_plain = is_plain;
    return is_plain;
}

bool
are_steps_plain(PyObject *app)
{
    static struct judgement kept;
    if (!judge(&kept, Py_TYPE(app), known.PLAIN_STEPS)) {
        return false;
    }
    PyObject *own = PyObject_GenericGetDict(app, NULL);
    if (own == NULL) {
        PyErr_Clear();
        return false;
    }
    bool is_plain = PyTuple_CheckExact(known.STEP_NAMES);
    for (Py_ssize_t place = 0; is_plain && place < PyTuple_GET_SIZE(known.STEP_NAMES); place++) {
        is_plain = PyDict_Contains(own, PyTuple_GET_ITEM(known.STEP_NAMES, place)) == 0;
    }
    Py_DECREF(own);
    return is_plain;
}

bool
is_close_plain(PyObject *request)
{
    static struct judgement kept;
    return judge(&kept, Py_TYPE(request), known.PLAIN_REQUEST);
}

bool
is_response_plain(PyTypeObject *kind)
{
    static struct judgement kept;
    return judge(&kept, kind, known.PLAIN_RESPONSE);
}

bool
is_silent(PyObject *receivers)
{
    return PyDict_CheckExact(receivers) && PyDict_GET_SIZE(receivers) == 0;
}

bool
has_attribute(PyObject *object, PyObject *name, PyObject *value)
{
    PyObject *found = PyObject_GetAttr(object, name);
    if (found == NULL) {
        PyErr_Clear();
        return false;
    }
    bool is_same = found == value;
    Py_DECREF(found);
    return is_same;
}

bool
is_attribute_false(PyObject *object, PyObject *name)
{
    PyObject *found = PyObject_GetAttr(object, name);
    int answer = found == NULL ? -1 : PyObject_IsTrue(found);
    Py_XDECREF(found);
    if (answer < 0) {
        PyErr_Clear();
    }
    return answer == 0;
}
