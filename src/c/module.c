/* The module `demijohn._compiled`: compiled twins of methods of the server. serve/compiled.py says which are in use. */
#include "leaf.h"
#include <string.h>

struct pure pure;

static PyMethodDef *
method_of(PyMethodDef *methods, const char *name)
{
    while (methods->ml_name != NULL && strcmp(methods->ml_name, name) != 0) {
        methods++;
    }
    return methods->ml_name == NULL ? NULL : methods;
}

/* Add the twin of one method to `twins`, and keep the method for what its twin leaves to it. -1 if it raised. */
static int
add_twin(PyObject *twins, PyTypeObject *kind, PyMethodDef *methods, const char *name, PyObject **kept)
{
    PyMethodDef *method = method_of(methods, name);
    PyObject *python = PyObject_GetAttrString((PyObject *)kind, name);
    if (python == NULL) {
        return -1;
    }
    Py_XSETREF(*kept, python);
    if (method == NULL || !PyFunction_Check(python)) {
        PyErr_Format(PyExc_TypeError, "%s.%s has no twin, or is not written in Python", kind->tp_name, name);
        return -1;
    }
    PyObject *twin = PyDescr_NewMethod(kind, method);
    PyObject *key = twin == NULL ? NULL : Py_BuildValue("(Os)", kind, name);
    int done = key == NULL ? -1 : PyDict_SetItem(twins, key, twin);
    Py_XDECREF(key);
    Py_XDECREF(twin);
    return done;
}

static PyObject *
bind(PyObject *module, PyObject *arguments)
{
    PyObject *classes, *constants;
    if (!PyArg_ParseTuple(arguments, "O!O!:bind", &PyDict_Type, &classes, &PyDict_Type, &constants)
        || resolve_places(classes, constants) < 0) {
        return NULL;
    }
    PyObject *twins = PyDict_New();
    if (twins == NULL) {
        return NULL;
    }
    PyMethodDef *H1Exchange = exchange_methods, *LateRunner = late_methods, *Link = link_methods;
#define X(kind, name) \
    if (add_twin(twins, kinds.kind, kind, #name, &pure.kind##_##name) < 0) { \
        Py_DECREF(twins); \
        return NULL; \
    }
    TWINS(X)
#undef X
    return twins;
}

PyDoc_STRVAR(
    bind_doc,
    "bind($module, classes, constants, /)\n--\n\n"
    "Return the twins: (class, name of a method) -> what to put in the method's place. Once in a process.\n\n"
    "Raises:\n    TypeError: a class or constant is missing, or is not what the twins were written for.");

static PyMethodDef methods[] = {{"bind", bind, METH_VARARGS, bind_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "demijohn._compiled",
    .m_doc = "Compiled twins of methods of the server; see demijohn.serve.compiled.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__compiled(void)
{
    return PyModule_Create(&definition);
}
