/* Twin of `Request.from_exchange`: the request of a plain target, with nothing in front of its path. */
#include "app.h"

#include <string.h>

static struct fresh fresh;

const struct fresh *
fresh_of(PyObject *parts)
{
    return parts != NULL && fresh.version != 0 && fresh.version == version_of(parts) ? &fresh : NULL;
}

PyObject *
request_head(PyObject *parts)
{
    const struct fresh *found = fresh_of(parts);
    return found != NULL ? found->head : parts == NULL ? NULL : part(parts, names._head);
}

PyObject *
request_method(PyObject *parts)
{
    const struct fresh *found = fresh_of(parts);
    return found != NULL ? FIELD(found->head, Head_method) : parts == NULL ? NULL : part(parts, names.method);
}

void
note_match(PyObject *parts, PyObject *values)
{
    fresh.version = version_of(parts);
    fresh.values = values;
}

/* A part of the exchange, which may be anybody's; a new reference. */
static PyObject *
exchange_part(PyObject *exchange, Py_ssize_t place, PyObject *name)
{
    if (IS(exchange, H1Exchange)) {
        PyObject *value = *(PyObject **)((char *)exchange + place);
        if (value != NULL) {
            return Py_NewRef(value);
        }
    }
    return PyObject_GetAttr(exchange, name);
}

/* Letters without those that `upper` would change. */
static bool
is_upper(PyObject *text)
{
    if (text == NULL || !PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) {
        return false;
    }
    const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(text);
    for (Py_ssize_t place = 0; place < PyUnicode_GET_LENGTH(text); place++) {
        if (letters[place] >= 'a' && letters[place] <= 'z') {
            return false;
        }
    }
    return true;
}

/* What `Request.path` comes to where nothing is encoded and there is one slash in front; NULL: not plain. A new reference. */
static PyObject *
path_of(PyObject *target)
{
    if (target == NULL || !PyUnicode_CheckExact(target) || !PyUnicode_IS_COMPACT_ASCII(target)) {
        return NULL;
    }
    const char *letters = (const char *)PyUnicode_1BYTE_DATA(target);
    Py_ssize_t size = PyUnicode_GET_LENGTH(target);
    if (size == 0 || letters[0] != '/' || (size > 1 && letters[1] == '/')) {
        return NULL;
    }
    const char *query = memchr(letters, '?', (size_t)size);
    Py_ssize_t path = query == NULL ? size : query - letters;
    if (memchr(letters, '%', (size_t)path) != NULL) {
        return NULL;
    }
    return path == size ? Py_NewRef(target) : PyUnicode_Substring(target, 0, path);
}

/* The request of a plain exchange; NULL without an exception: it is not plain. */
static PyObject *
make_request(PyTypeObject *kind, PyObject *exchange, PyObject *head)
{
    if (!IS(head, Head) || !is_upper(FIELD(head, Head_method))) {
        return NULL;
    }
    PyObject *path = path_of(FIELD(head, Head_target));
    PyObject *request = path == NULL ? NULL : new_of_parts(kind, known.NEW_REQUEST);
    PyObject *parts = request == NULL ? NULL : parts_of(request);
    if (parts == NULL || PyDict_SetItem(parts, names._exchange, exchange) < 0
        || PyDict_SetItem(parts, names._head, head) < 0
        || PyDict_SetItem(parts, names.method, FIELD(head, Head_method)) < 0
        || PyDict_SetItem(parts, names.path, path) < 0) {
        Py_CLEAR(request);
    }
    else {
        fresh = (struct fresh){.version = version_of(parts), .exchange = exchange, .head = head, .path = path};
    }
    Py_XDECREF(path);
    return request;
}

PyObject *
new_request(PyTypeObject *kind, PyObject *exchange)
{
    if (!is_request_plain(kind)) {
        return NULL;
    }
    PyObject *peer = exchange_part(exchange, at.H1Exchange_peer, names.peer);
    PyObject *prefix = IS(peer, Peer) ? FIELD(peer, Peer_root_path) : NULL;
    PyObject *request = NULL;
    if (prefix != NULL && PyUnicode_CheckExact(prefix) && PyUnicode_GET_LENGTH(prefix) == 0) {
        PyObject *head = exchange_part(exchange, at.H1Exchange_head, names.head);
        request = head == NULL ? NULL : make_request(kind, exchange, head);
        Py_XDECREF(head);
    }
    Py_XDECREF(peer);
    return request;
}
