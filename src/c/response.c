/* Twins of message/response_body.py and message/response.py: a response that is made of text, and one that leaves as a block. */
#include "app.h"

#include <string.h>

/* The response that was made last, as long as nobody has changed its parts: see `struct fresh`. Its lists may be changed. */
static struct {
    uint64_t version;
    PyObject *headers, *body, *on_close;
} fresh;

static bool
is_fresh(PyObject *parts)
{
    return fresh.version != 0 && fresh.version == version_of(parts);
}

/* ---- making one */

/* A length as text; a new reference. */
static PyObject *
digits_of(Py_ssize_t size)
{
    char room[DIGITS_ROOM];
    const char *first = write_digits(room, size);
    return PyUnicode_FromStringAndSize(first, room + DIGITS_ROOM - first);
}

/* The two fields of a text's response; a new reference to a list. */
static PyObject *
fields_of(PyObject *type_field, Py_ssize_t size)
{
    PyObject *length = digits_of(size);
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
type_field_of(PyTypeObject *kind)
{
    PyObject *media_type = _PyType_Lookup(kind, names.default_mimetype);
    bool is_plain = is_response_plain(kind) && media_type != NULL && PyUnicode_CheckExact(media_type)
                    && count_of(_PyType_Lookup(kind, names.default_status)) == 200
                    && _PyType_Lookup(kind, names.automatically_set_content_length) == Py_True;
    return is_plain ? part(known.TYPE_FIELDS, media_type) : NULL;
}

/* A new `Headers` of these fields; steals the list. */
static PyObject *
headers_of(PyObject *fields)
{
    PyObject *headers = fields == NULL ? NULL : kinds.Headers->tp_alloc(kinds.Headers, 0);
    if (headers == NULL) {
        Py_XDECREF(fields);
        return NULL;
    }
    FIELD(headers, Headers__list) = fields;
    return headers;
}

/* Set a part; steals the value. -1 if that raised, or there is no value. */
static int
set_part(PyObject *parts, PyObject *name, PyObject *value)
{
    int done = value == NULL || parts == NULL ? -1 : PyDict_SetItem(parts, name, value);
    Py_XDECREF(value);
    return done;
}

PyObject *
new_response(PyObject *text)
{
    PyTypeObject *kind = kinds.AppResponse;
    PyObject *type_field = type_field_of(kind);
    if (type_field == NULL) {
        return NULL;
    }
    PyObject *data = PyUnicode_AsUTF8String(text);
    if (data == NULL) {
        return NULL;
    }
    PyObject *response = new_of_parts(kind, known.NEW_RESPONSE);
    PyObject *parts = response == NULL ? NULL : parts_of(response);
    PyObject *body = PyList_New(1);
    PyObject *headers = headers_of(fields_of(type_field, PyBytes_GET_SIZE(data)));
    if (body == NULL) {
        Py_DECREF(data);
    }
    else {
        PyList_SET_ITEM(body, 0, data);
    }
    PyObject *on_close = PyList_New(0);
    int done = set_part(parts, names._on_close, on_close);
    done |= set_part(parts, names.headers, headers);
    done |= set_part(parts, names.response, body);
    if (done < 0) {
        Py_CLEAR(response);
    }
    else {
        fresh.version = version_of(parts);
        fresh.headers = headers;
        fresh.body = body;
        fresh.on_close = on_close;
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

/* The response itself has none of the methods that its class has. */
static bool
has_no_methods(PyObject *parts)
{
    return PyDict_GET_SIZE(parts) <= PyDict_GET_SIZE(known.NEW_RESPONSE)
           || (part(parts, names.close) == NULL && part(parts, names.prepare_block) == NULL);
}

PyObject *
blocks_of(PyObject *response)
{
    PyObject *parts = is_response_plain(Py_TYPE(response)) ? parts_of(response) : NULL;
    bool is_known = parts != NULL && is_fresh(parts);
    if (parts == NULL || !(is_known || has_no_methods(parts))) {
        return NULL;
    }
    PyObject *blocks = is_known ? fresh.body : part(parts, names.response);
    PyObject *on_close = is_known ? fresh.on_close : part(parts, names._on_close);
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
    PyObject *parts = parts_of(response);
    bool is_known = is_fresh(parts);
    PyObject *headers = is_known ? fresh.headers : part(parts, names.headers);
    /* Both are those of a new one then. */
    Py_ssize_t code = is_known ? 200 : count_of(part(parts, names._status_code));
    *status = part(is_known ? known.NEW_RESPONSE : parts, names._status);
    if (!IS(headers, Headers) || *status == NULL || code < 200 || code == 204 || code == 304) {
        return false;
    }
    *body = PyList_GET_ITEM(blocks, 0);
    *fields = FIELD(headers, Headers__list);
    return PyBytes_CheckExact(*body) && *fields != NULL && PyList_CheckExact(*fields) && are_fields_plain(*fields);
}
