/* Twin of `H1Connection.render_response`: a whole answer with plain fields, in one piece. */
#include "server.h"
#include <string.h>

/* More field lines than this are not plain. */
enum { MOST_LINES = 48, LONGEST_LENGTH = 18 };

static const char LENGTH_NAME[] = "Content-Length: ";
enum { LENGTH_NAME_SIZE = sizeof LENGTH_NAME - 1 };

/* One field line: made before, or of a name and a value that are known to be plain. */
struct line {
    PyObject *made;
    PyObject *name;
    PyObject *value;
};

struct answer {
    struct line lines[MOST_LINES];
    int count;
    Py_ssize_t size;   /* of all lines */
    Py_ssize_t length; /* the application's Content-Length; -1: it has none */
    bool has_date;     /* of the application's */
};

/* SECURITY: nothing but these characters goes on the wire unasked: no CR, no LF, no NUL. The rest is looked at in Python. */
static bool
is_printable(PyObject *text)
{
    if (!PyUnicode_CheckExact(text) || !PyUnicode_IS_COMPACT_ASCII(text)) {
        return false;
    }
    const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t place = 0; place < size; place++) {
        if (letters[place] < 0x20 || letters[place] > 0x7e) {
            return false;
        }
    }
    return true;
}

/* Digits alone, few enough for every number; -1 of anything else. */
static Py_ssize_t
parse_digits(PyObject *text)
{
    Py_ssize_t size = PyUnicode_GET_LENGTH(text);
    if (size < 1 || size > LONGEST_LENGTH || !is_printable(text)) {
        return -1;
    }
    const Py_UCS1 *letters = PyUnicode_1BYTE_DATA(text);
    Py_ssize_t number = 0;
    for (Py_ssize_t place = 0; place < size; place++) {
        if (letters[place] < '0' || letters[place] > '9') {
            return -1;
        }
        number = number * 10 + (letters[place] - '0');
    }
    return number;
}

/* Twin of `field_lines`: add one field. False: not plain, or an exception is set. */
static bool
add_field(struct answer *answer, PyObject *field)
{
    if (!PyTuple_CheckExact(field) || PyTuple_GET_SIZE(field) != 2 || answer->count == MOST_LINES) {
        return false;
    }
    PyObject *name = PyTuple_GET_ITEM(field, 0);
    PyObject *value = PyTuple_GET_ITEM(field, 1);
    if (!PyUnicode_CheckExact(name) || !PyUnicode_CheckExact(value)) {
        return false;
    }
    struct line *line = &answer->lines[answer->count];
    line->made = PyDict_GetItemWithError(known.STEADY_LINES, field);
    if (line->made != NULL) {
        if (!PyBytes_CheckExact(line->made)) {
            return false;
        }
        answer->size += PyBytes_GET_SIZE(line->made);
        answer->count++;
        return true;
    }
    if (PyErr_Occurred()) {
        return false;
    }
    PyObject *kind = PyDict_GetItemWithError(known.KNOWN_NAMES, name);
    if (kind == NULL) {
        return false;
    }
    Py_ssize_t which = count_of(kind);
    if (which == numbers.LENGTH_KIND) {
        if (answer->length >= 0) {
            return false;
        }
        answer->length = parse_digits(value);
        return answer->length >= 0;
    }
    bool is_date = which == numbers.DATE_KIND;
    if (is_date ? answer->has_date : which != numbers.PLAIN_KIND) {
        return false;
    }
    if (!is_printable(name) || !is_printable(value)) {
        return false;
    }
    answer->has_date |= is_date;
    line->name = name;
    line->value = value;
    answer->size += PyUnicode_GET_LENGTH(name) + 2 + PyUnicode_GET_LENGTH(value) + 2;
    answer->count++;
    return true;
}

static char *
write_bytes(char *to, const void *from, Py_ssize_t size)
{
    memcpy(to, from, (size_t)size);
    return to + size;
}

static char *
write_object(char *to, PyObject *bytes)
{
    return write_bytes(to, PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes));
}

static char *
write_text(char *to, PyObject *text)
{
    return write_bytes(to, PyUnicode_1BYTE_DATA(text), PyUnicode_GET_LENGTH(text));
}

static char *
write_named(char *to, const char *name, PyObject *value)
{
    if (PyBytes_GET_SIZE(value) == 0) {
        return to;
    }
    to = write_bytes(to, name, (Py_ssize_t)strlen(name));
    to = write_object(to, value);
    return write_bytes(to, "\r\n", 2);
}

/* The status line of a final answer with content; NULL: not plain. Borrowed. */
static PyObject *
plain_status(PyObject *status)
{
    if (!PyUnicode_CheckExact(status)) {
        return NULL;
    }
    PyObject *both = PyDict_GetItemWithError(known.KNOWN_STATUSES, status);
    if (both == NULL || !PyTuple_CheckExact(both) || PyTuple_GET_SIZE(both) != 2) {
        return NULL;
    }
    Py_ssize_t code = count_of(PyTuple_GET_ITEM(both, 1));
    PyObject *line = PyTuple_GET_ITEM(both, 0);
    if (code < 200 || code == 204 || code == 205 || code == 304 || code == 426 || !PyBytes_CheckExact(line)) {
        return NULL;
    }
    return line;
}

PyObject *
render_plain(PyObject *h1, PyObject *status, PyObject *headers, PyObject *body, PyObject *date, PyObject *server)
{
    if (!is_false(FIELD(h1, H1Connection_has_started)) || !is_false(FIELD(h1, H1Connection_is_head_method))
        || !(is_false(FIELD(h1, H1Connection_has_body)) || is_read(h1)) || !is_false(FIELD(h1, H1Connection_must_close))
        || !is_false(FIELD(h1, H1Connection_is_http10)) || !PyList_CheckExact(headers) || !PyBytes_CheckExact(body)
        || !PyBytes_CheckExact(date) || !PyBytes_CheckExact(server)) {
        return NULL;
    }
    PyObject *first = plain_status(status);
    if (first == NULL) {
        return NULL;
    }
    struct answer answer;
    answer.count = 0;
    answer.size = PyBytes_GET_SIZE(first);
    answer.length = -1;
    answer.has_date = false;
    /* Nothing in here runs Python code: the list stays as it is. */
    for (Py_ssize_t place = 0; place < PyList_GET_SIZE(headers); place++) {
        if (!add_field(&answer, PyList_GET_ITEM(headers, place))) {
            return NULL;
        }
    }
    Py_ssize_t length = PyBytes_GET_SIZE(body);
    if (answer.length >= 0 && answer.length != length) {
        return NULL; /* cut, or closed as too short */
    }
    char room[DIGITS_ROOM];
    const char *digits = write_digits(room, length);
    Py_ssize_t digits_size = room + DIGITS_ROOM - digits;
    Py_ssize_t size = answer.size + LENGTH_NAME_SIZE + digits_size + 2 + 2 + length;
    size += PyBytes_GET_SIZE(server) ? PyBytes_GET_SIZE(server) + 10 : 0; /* "Server: " and CRLF */
    bool is_dated = PyBytes_GET_SIZE(date) > 0 && !answer.has_date;
    size += is_dated ? PyBytes_GET_SIZE(date) + 8 : 0; /* "Date: " and CRLF */
    PyObject *left = PyLong_FromSsize_t(length);
    PyObject *rendered = left == NULL ? NULL : PyBytes_FromStringAndSize(NULL, size);
    if (rendered == NULL) {
        Py_XDECREF(left);
        return NULL;
    }
    char *to = write_object(PyBytes_AS_STRING(rendered), first);
    for (int number = 0; number < answer.count; number++) {
        const struct line *line = &answer.lines[number];
        if (line->made != NULL) {
            to = write_object(to, line->made);
        }
        else {
            to = write_text(to, line->name);
            to = write_bytes(to, ": ", 2);
            to = write_text(to, line->value);
            to = write_bytes(to, "\r\n", 2);
        }
    }
    to = write_bytes(to, LENGTH_NAME, LENGTH_NAME_SIZE);
    to = write_bytes(to, digits, digits_size);
    to = write_bytes(to, "\r\n", 2);
    to = write_named(to, "Server: ", server);
    if (is_dated) {
        to = write_named(to, "Date: ", date);
    }
    to = write_bytes(to, "\r\n", 2);
    to = write_object(to, body);
    if (to != PyBytes_AS_STRING(rendered) + size) {
        Py_FatalError("demijohn: an answer was rendered with another size than it was measured with");
    }
    PUT_NEW(h1, H1Connection_response_has_body, Py_True);
    PUT_NEW(h1, H1Connection__is_answer_chunked, Py_False);
    PUT(h1, H1Connection__answer_left, left);
    PUT_NEW(h1, H1Connection_has_started, Py_True);
    PUT_NEW(h1, H1Connection_has_answered, Py_True);
    return rendered;
}
