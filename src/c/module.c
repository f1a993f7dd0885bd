/* The module `demijohn._compiled`: compiled twins of methods. The files named compiled.py of the Python rooms say which. */
#include "app.h"
#include "server.h"
#include <string.h>

struct pure pure;
struct twins twins;

static PyMethodDef *
method_of(PyMethodDef *methods, const char *name)
{
    while (methods->ml_name != NULL && strcmp(methods->ml_name, name) != 0) {
        methods++;
    }
    return methods->ml_name == NULL ? NULL : methods;
}

/* Add the twin of one method to `all`, and keep the method for what its twin leaves to it. -1 if it raised. */
static int
add_twin(PyObject *all, PyTypeObject *kind, PyMethodDef *methods, const char *name, PyObject **kept, PyMethodDef **made)
{
    PyMethodDef *method = method_of(methods, name);
    PyObject *python = PyObject_GetAttrString((PyObject *)kind, name);
    if (python == NULL) {
        return -1;
    }
    if (method == NULL || !PyFunction_Check(python)) {
        Py_DECREF(python);
        PyErr_Format(PyExc_TypeError, "%s.%s has no twin, or is not written in Python", kind->tp_name, name);
        return -1;
    }
    Py_XSETREF(*kept, python);
    *made = method;
    PyObject *twin = PyDescr_NewMethod(kind, method);
    PyObject *key = twin == NULL ? NULL : Py_BuildValue("(Os)", kind, name);
    int done = key == NULL ? -1 : PyDict_SetItem(all, key, twin);
    Py_XDECREF(key);
    Py_XDECREF(twin);
    return done;
}

/* What is looked into is kept once for the process, and so is of one interpreter: the main one. */
static bool
is_main_interpreter(void)
{
    if (PyInterpreterState_Get() == PyInterpreterState_Main()) {
        return true;
    }
    PyErr_SetString(PyExc_ImportError, "the compiled twins are for the main interpreter only");
    return false;
}

#define ADD_TWIN(kind, name) \
    if (add_twin(all, kinds.kind, kind##_methods, #name, &pure.kind##_##name, &twins.kind##_##name) < 0) { \
        Py_DECREF(all); \
        return NULL; \
    }

/* What both binders do first: look everything up. NULL with an exception, or a dict for the twins. */
static PyObject *
begin_binding(PyObject *arguments, int (*resolve)(PyObject *, PyObject *))
{
    PyObject *classes, *constants;
    bool is_resolved = is_main_interpreter()
                       && PyArg_ParseTuple(arguments, "O!O!", &PyDict_Type, &classes, &PyDict_Type, &constants)
                       && resolve(classes, constants) == 0;
    return is_resolved ? PyDict_New() : NULL;
}

static PyObject *
bind_server(PyObject *module, PyObject *arguments)
{
    PyObject *all = begin_binding(arguments, resolve_server);
    if (all != NULL) {
        SERVER_TWINS(ADD_TWIN)
    }
    return all;
}

static PyObject *
bind_app(PyObject *module, PyObject *arguments)
{
    PyObject *all = begin_binding(arguments, resolve_app);
    if (all != NULL) {
        APP_TWINS(ADD_TWIN)
    }
    return all;
}

PyDoc_STRVAR(
    bind_server_doc,
    "bind_server($module, classes, constants, /)\n--\n\n"
    "Return the server's twins: (class, name of a method) -> what to put in the method's place. Once in a process.\n\n"
    "Raises:\n    ImportError: not in the main interpreter.\n    TypeError: a class or constant is missing, or is not what the twins were written for.");
PyDoc_STRVAR(bind_app_doc, "bind_app($module, classes, constants, /)\n--\n\nThe same for the application's twins.");

static PyMethodDef methods[] = {
    {"bind_app", bind_app, METH_VARARGS, bind_app_doc},
    {"bind_server", bind_server, METH_VARARGS, bind_server_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "demijohn._compiled",
    .m_doc = "Compiled twins of methods; see demijohn._base.compiled.",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__compiled(void)
{
    return PyModule_Create(&definition);
}
