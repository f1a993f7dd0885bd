/* Twins of message/response_body.py and message/response.py: a response that is made of text, and one that leaves as a block. */
#include "app.h"

#include <string.h>

/* ---- making one */

/* The two fields of a text's response; a new reference to a list. */
static PyObject *
fields_of(PyObject *type_field, Py_ssize_t size)
{
    PyObject *length = PyUnicode_FromFormat("%zd", size);
    PyObject *length_field = length == NULL ? NULL : PyTuple_Pack(2, known.CONTENT_LENGTH, length);
    PyObject *fields = length_field == NULL ? NULL : PyList_New(2);
    Py_XDECREF(length);
    if (fields == NULL) {
        Py_XDECREF(length_field);
        return NULL;
    }
    PyList_SET_ITEM(fields, 0, Py_NewRef(type_field));
    PyList_SET_ITEM(fields, 1, length_field);
    return fields;
}

/* The field with the type of a class's responses; borrowed, NULL: not a usual one, or something else about the class is not. */
static PyObject *
type_field_of(PyObject *kind)
{
    PyObject *status = PyObject_GetAttr(kind, names.default_status);
    bool is_plain = count_of(status) == 200 && has_attribute(kind, names.automatically_set_content_length, Py_True)
                    && is_response_plain((PyTypeObject *)kind);
    Py_XDECREF(status);
    PyObject *media_type = is_plain ? PyObject_GetAttr(kind, names.default_mimetype) : NULL;
    PyObject *field = NULL;
    if (media_type != NULL && PyUnicode_CheckExact(media_type)) {
        field = PyDict_GetItemWithError(known.TYPE_FIELDS, media_type);
    }
    Py_XDECREF(media_type);
    PyErr_Clear();
    return field;
}

/* Set what `ResponseBody.__init__` sets; steals the references. -1 if that raised, or something is missing. */
static int
fill(PyObject *response, PyObject *headers, PyObject *body, PyObject *on_close)
{
    int done = -1;
    if (headers != NULL && body != NULL && on_close != NULL
        && PyObject_SetAttr(response, names.direct_passthrough, Py_False) == 0
        && PyObject_SetAttr(response, names._on_close, on_close) == 0
        && PyObject_SetAttr(response, names.headers, headers) == 0
        && PyObject_SetAttr(response, names._status, PyTuple_GET_ITEM(known.OK, 0)) == 0
        && PyObject_SetAttr(response, names._status_code, PyTuple_GET_ITEM(known.OK, 1)) == 0
        && PyObject_SetAttr(response, names.response, body) == 0) {
        done = 0;
    }
    Py_XDECREF(headers);
    Py_XDECREF(body);
    Py_XDECREF(on_close);
    return done;
}

PyObject *
new_response(PyObject *text)
{
    PyObject *type_field = type_field_of((PyObject *)kinds.AppResponse);
    if (type_field == NULL || !PyTuple_CheckExact(known.OK) || PyTuple_GET_SIZE(known.OK) != 2) {
        return NULL;
    }
    PyObject *data = PyUnicode_AsUTF8String(text);
    if (data == NULL) {
        return NULL;
    }
    PyObject *body = PyList_New(1);
    PyObject *lines = fields_of(type_field, PyBytes_GET_SIZE(data));
    PyObject *headers = lines == NULL ? NULL : kinds.Headers->tp_alloc(kinds.Headers, 0);
    PyObject *response = headers == NULL ? NULL : kinds.AppResponse->tp_alloc(kinds.AppResponse, 0);
    if (response == NULL || body == NULL) {
        Py_DECREF(data);
        Py_XDECREF(body);
        Py_XDECREF(lines);
        Py_XDECREF(headers);
        Py_XDECREF(response);
        return NULL;
    }
    PyList_SET_ITEM(body, 0, data);
    FIELD(headers, Headers__list) = lines;
    if (fill(response, headers, body, PyList_New(0)) < 0) {
        Py_CLEAR(response);
    }
    return response;
}

/* ---- handing one over: `Response.prepare_block` */

/* Whether a name is one of three, in any case; the names are of ASCII letters and hyphens. */
static bool
is_name(PyObject *name, const char *lower)
{
    if (PyUnicode_GET_LENGTH(name) != (Py_ssize_t)strlen(lower)) {
        return false;
    }
    const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(name);
    for (; *lower != '\0'; letters++, lower++) {
        if (Py_TOLOWER(*letters) != *lower) {
            return false;
        }
    }
    return true;
}

/* Whether the fields say a length, and name no place that has to be written as a URI. */
static bool
are_fields_plain(PyObject *fields)
{
    bool is_length_given = false;
    for (Py_ssize_t place = 0; place < PyList_GET_SIZE(fields); place++) {
        PyObject *field = PyList_GET_ITEM(fields, place);
        if (!PyTuple_CheckExact(field) || PyTuple_GET_SIZE(field) != 2) {
            return false;
        }
        PyObject *name = PyTuple_GET_ITEM(field, 0);
        if (name == known.CONTENT_TYPE) {
            continue;
        }
        if (name == known.CONTENT_LENGTH) {
            is_length_given = true;
            continue;
        }
        if (!PyUnicode_CheckExact(name) || !PyUnicode_IS_COMPACT_ASCII(name) || is_name(name, "location")
            || is_name(name, "content-location")) {
            return false;
        }
        is_length_given = is_length_given || is_name(name, "content-length");
    }
    return is_length_given;
}

/* An attribute that the object itself holds; borrowed, NULL if it does not hold it. */
static PyObject *
own_attribute(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    if (value == NULL) {
        PyErr_Clear();
        return NULL;
    }
    if (Py_REFCNT(value) < 2) { /* made for the occasion */
        Py_DECREF(value);
        return NULL;
    }
    Py_DECREF(value);
    return value;
}

PyObject *
blocks_of(PyObject *response)
{
    if (!is_response_plain(Py_TYPE(response))) {
        return NULL;
    }
    PyObject *blocks = own_attribute(response, names.response);
    PyObject *on_close = own_attribute(response, names._on_close);
    return blocks != NULL && PyList_CheckExact(blocks) && on_close != NULL && PyList_CheckExact(on_close)
                   && PyList_GET_SIZE(on_close) == 0
               ? blocks
               : NULL;
}

bool
read_response(PyObject *response, PyObject **status, PyObject **fields, PyObject **body)
{
    PyObject *blocks = blocks_of(response);
    if (blocks == NULL || PyList_GET_SIZE(blocks) != 1) {
        return false;
    }
    PyObject *headers = own_attribute(response, names.headers);
    PyObject *code = own_attribute(response, names._status_code);
    *status = own_attribute(response, names._status);
    if (!IS(headers, Headers) || *status == NULL || count_of(code) < 200 || count_of(code) == 204 || count_of(code) == 304) {
        return false;
    }
    *body = PyList_GET_ITEM(blocks, 0);
    *fields = FIELD(headers, Headers__list);
    return PyBytes_CheckExact(*body) && *fields != NULL && PyList_CheckExact(*fields) && are_fields_plain(*fields);
}
