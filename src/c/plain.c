/* Whether an application and its requests do what ours do: every step may be replaced, in a subclass or on the object. */
#include "app.h"

/* What was found out about a class, until the class, or a base of it, is changed: then it has another version. */
struct judgement {
    PyTypeObject *kind;
    unsigned int version;
    bool is_plain;
};

/* Whether a class has, under these names, these objects and no others; `MISSING` stands for none. */
static bool
judge(struct judgement *kept, PyTypeObject *kind, PyObject *expected)
{
    if (kept->kind == kind && kept->version == kind->tp_version_tag && kept->version != 0) {
        return kept->is_plain;
    }
    PyObject *name, *value;
    Py_ssize_t place = 0;
    bool is_plain = kind->tp_getattro == PyObject_GenericGetAttr && kind->tp_setattro == PyObject_GenericSetAttr;
    while (is_plain && PyDict_Next(expected, &place, &name, &value)) {
        PyObject *found = _PyType_Lookup(kind, name);
        is_plain = (found == NULL ? known.MISSING : found) == value;
    }
    /* Looking something up has given the class a version. The class is kept: another one must not take its address. */
    Py_XSETREF(kept->kind, (PyTypeObject *)Py_NewRef((PyObject *)kind));
    kept->version = kind->tp_version_tag;
    kept->is_plain = is_plain;
    return is_plain;
}

#ifdef __GNUC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#endif
uint64_t
version_of(PyObject *dict)
{
#if PY_VERSION_HEX < 0x030D0000
    return ((PyDictObject *)dict)->ma_version_tag;
#else
    return 0;
#endif
}
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

/* The application itself has none of these names. */
static bool
has_no_steps(PyObject *parts)
{
    static uint64_t kept;
    uint64_t version = version_of(parts);
    if (version != 0 && version == kept) {
        return true;
    }
    for (Py_ssize_t place = 0; place < PyTuple_GET_SIZE(known.STEP_NAMES); place++) {
        if (PyDict_Contains(parts, PyTuple_GET_ITEM(known.STEP_NAMES, place)) != 0) {
            return false;
        }
    }
    kept = version;
    return true;
}

bool
are_steps_plain(PyObject *app)
{
    static struct judgement kept;
    PyObject *parts = parts_of(app);
    return parts != NULL && judge(&kept, Py_TYPE(app), known.PLAIN_STEPS) && has_no_steps(parts);
}

bool
is_request_plain(PyTypeObject *kind)
{
    static struct judgement kept;
    return judge(&kept, kind, known.PLAIN_REQUEST);
}

bool
is_response_plain(PyTypeObject *kind)
{
    static struct judgement kept;
    return judge(&kept, kind, known.PLAIN_RESPONSE);
}

/* ---- parts */

PyObject *
parts_of(PyObject *object)
{
    PyObject *parts = PyObject_GenericGetDict(object, NULL);
    if (parts == NULL) {
        PyErr_Clear();
        return NULL;
    }
    Py_DECREF(parts); /* the object holds it */
    return PyDict_CheckExact(parts) ? parts : NULL;
}

PyObject *
parts_of_request(PyObject *request)
{
    return is_request_plain(Py_TYPE(request)) ? parts_of(request) : NULL;
}

PyObject *
part(PyObject *parts, PyObject *name)
{
    PyObject *value = PyDict_GetItemWithError(parts, name);
    if (value == NULL) {
        PyErr_Clear();
    }
    return value;
}

PyObject *
part_or_default(PyObject *object, PyObject *parts, PyObject *name)
{
    PyObject *value = part(parts, name);
    return value != NULL ? value : _PyType_Lookup(Py_TYPE(object), name);
}

PyObject *
new_of_parts(PyTypeObject *kind, PyObject *usual)
{
    PyObject *object = kind->tp_alloc(kind, 0);
    PyObject *parts = object == NULL ? NULL : PyObject_GenericGetDict(object, NULL);
    /* Into an empty dict: that is a copy. */
    if (parts == NULL || PyDict_Update(parts, usual) < 0) {
        Py_CLEAR(object);
    }
    Py_XDECREF(parts); /* the object holds it */
    return object;
}

/* ---- signals and attributes */

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
