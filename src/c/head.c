/* Twins of wire/h1/reader.py: a head that the connection knows, whole or but for its request line. */
#include "server.h"
#include <string.h>

/* RFC 9110 §5.6.2: what a token is made of. */
static const bool is_token[256] = {
    ['!'] = 1, ['#'] = 1, ['$'] = 1, ['%'] = 1, ['&'] = 1, ['\''] = 1, ['*'] = 1, ['+'] = 1, ['-'] = 1, ['.'] = 1,
    ['^'] = 1, ['_'] = 1, ['`'] = 1, ['|'] = 1, ['~'] = 1,
    ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1, ['9'] = 1,
    ['A'] = 1, ['B'] = 1, ['C'] = 1, ['D'] = 1, ['E'] = 1, ['F'] = 1, ['G'] = 1, ['H'] = 1, ['I'] = 1, ['J'] = 1,
    ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 1, ['Q'] = 1, ['R'] = 1, ['S'] = 1, ['T'] = 1,
    ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    ['a'] = 1, ['b'] = 1, ['c'] = 1, ['d'] = 1, ['e'] = 1, ['f'] = 1, ['g'] = 1, ['h'] = 1, ['i'] = 1, ['j'] = 1,
    ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 1, ['q'] = 1, ['r'] = 1, ['s'] = 1, ['t'] = 1,
    ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
};

int
receive_data(PyObject *h1, PyObject *data)
{
    PyObject *buffer = FIELD(h1, H1Connection__buffer);
    if (FIELD(h1, H1Connection__state) != known.H1_CLOSED && buffer != NULL && PyBytes_CheckExact(buffer)
        && count_of(FIELD(h1, H1Connection__at)) == PyBytes_GET_SIZE(buffer)) {
        PUT_NEW(h1, H1Connection__buffer, data);
        PyObject *start = PyLong_FromLong(0);
        PUT(h1, H1Connection__at, start);
        return 0;
    }
    return forget(PyObject_CallMethodOneArg(h1, names.receive_data, data));
}

bool
has_buffered(PyObject *h1)
{
    PyObject *buffer = FIELD(h1, H1Connection__buffer);
    return buffer == NULL || count_of(FIELD(h1, H1Connection__at)) < PyObject_Size(buffer);
}

/* The head was taken: everything up to here. */
static int
set_head(PyObject *h1, PyObject *buffer, PyObject *head, bool is_head_method)
{
    PyObject *end = PyLong_FromSsize_t(PyBytes_GET_SIZE(buffer));
    if (end == NULL) {
        return -1;
    }
    PUT(h1, H1Connection__at, end);
    PUT_NEW(h1, H1Connection__state, known.H1_PAUSED);
    PUT_NEW(h1, H1Connection_head, head);
    if (is_head_method) {
        PUT_NEW(h1, H1Connection_is_head_method, Py_True);
    }
    return 0;
}

static bool
is_head(PyObject *method)
{
    return PyUnicode_CompareWithASCIIString(method, "HEAD") == 0;
}

/* Make a head of this request line and the fields of a known one. */
static PyObject *
new_head(const char *method, Py_ssize_t method_size, const char *target, Py_ssize_t target_size, PyObject *same)
{
    PyObject *head = kinds.RequestHead->tp_alloc(kinds.RequestHead, 0);
    if (head == NULL) {
        return NULL;
    }
    PyObject *name = PyUnicode_FromStringAndSize(method, method_size);
    PyObject *path = PyUnicode_FromStringAndSize(target, target_size);
    FIELD(head, RequestHead_method) = name;
    FIELD(head, RequestHead_target) = path;
    if (name == NULL || path == NULL) {
        Py_DECREF(head);
        return NULL;
    }
    FIELD(head, RequestHead_version) = Py_NewRef(known.HTTP11);
    FIELD(head, RequestHead_fields) = Py_NewRef(FIELD(same, RequestHead_fields));
    FIELD(head, RequestHead__index) = Py_NewRef(FIELD(same, RequestHead__index));
    return head;
}

/* `_accept_known`: a plain request line of HTTP/1.1, and fields that are to the byte those of the head before. */
static PyObject *
take_known_section(PyObject *h1, PyObject *buffer)
{
    static const char version[] = " HTTP/1.";
    enum { VERSION = sizeof version - 1 };
    PyObject *section = FIELD(h1, H1Connection__known_section);
    PyObject *same = FIELD(h1, H1Connection__known_head);
    if (section == NULL || !PyBytes_CheckExact(section) || !IS(same, RequestHead)
        || FIELD(same, RequestHead_fields) == NULL || FIELD(same, RequestHead__index) == NULL) {
        return NULL;
    }
    const char *text = PyBytes_AS_STRING(buffer);
    Py_ssize_t size = PyBytes_GET_SIZE(buffer);
    Py_ssize_t kept = PyBytes_GET_SIZE(section);
    /* Line, CRLF, fields, CRLF. */
    Py_ssize_t line = size - 2 - kept - 2;
    if (size > count_of(FIELD(h1, H1Connection__plain_room)) || line < VERSION + 1
        || memcmp(text + line, "\r\n", 2) != 0 || memcmp(text + size - 2, "\r\n", 2) != 0
        || memcmp(text + line + 2, PyBytes_AS_STRING(section), (size_t)kept) != 0) {
        return NULL;
    }
    /* `REQUEST_LINE`; a later minor version is served as HTTP/1.1, HTTP/1.0 is another matter. */
    Py_ssize_t target_end = line - VERSION - 1;
    if (memcmp(text + target_end, version, VERSION) != 0 || text[line - 1] < '1' || text[line - 1] > '9') {
        return NULL;
    }
    Py_ssize_t method = 0;
    while (is_token[(unsigned char)text[method]]) {
        method++;
    }
    if (method == 0 || text[method] != ' ' || (method == 7 && memcmp(text, "CONNECT", 7) == 0)) {
        return NULL;
    }
    Py_ssize_t target = method + 1;
    if (target >= target_end || text[target] != '/') {
        return NULL;
    }
    for (Py_ssize_t place = target; place < target_end; place++) {
        char one = text[place];
        if (one < '!' || one > '~' || one == '#') {
            return NULL;
        }
    }
    PyObject *head = new_head(text, method, text + target, target_end - target, same);
    if (head == NULL || set_head(h1, buffer, head, is_head(FIELD(head, RequestHead_method))) < 0) {
        Py_XDECREF(head);
        return NULL;
    }
    if (size <= 2 * numbers.KNOWN_BYTES) {
        PUT_NEW(h1, H1Connection__known_octets, buffer);
        PUT_NEW(h1, H1Connection__known_request, head);
    }
    Py_DECREF(head); /* `h1.head` holds it */
    return head;
}

PyObject *
take_head(PyObject *h1)
{
    PyObject *buffer = FIELD(h1, H1Connection__buffer);
    if (FIELD(h1, H1Connection__state) != known.H1_HEAD || FIELD(h1, H1Connection__scanner) != Py_None || buffer == NULL
        || !PyBytes_CheckExact(buffer) || count_of(FIELD(h1, H1Connection__at)) != 0) {
        return NULL;
    }
    PyObject *octets = FIELD(h1, H1Connection__known_octets);
    if (octets != NULL && PyBytes_CheckExact(octets) && PyBytes_GET_SIZE(octets) == PyBytes_GET_SIZE(buffer)
        && memcmp(PyBytes_AS_STRING(octets), PyBytes_AS_STRING(buffer), (size_t)PyBytes_GET_SIZE(buffer)) == 0) {
        PyObject *head = FIELD(h1, H1Connection__known_request);
        if (!IS(head, RequestHead) || FIELD(head, RequestHead_method) == NULL) {
            return NULL;
        }
        return set_head(h1, buffer, head, is_head(FIELD(head, RequestHead_method))) < 0 ? NULL : head;
    }
    return take_known_section(h1, buffer);
}

bool
is_read(PyObject *h1)
{
    PyObject *state = FIELD(h1, H1Connection__state);
    return state == known.H1_PAUSED || state == known.H1_BODY_END;
}

bool
is_cycle_over(PyObject *h1)
{
    return is_true(FIELD(h1, H1Connection_has_answered)) && is_false(FIELD(h1, H1Connection_must_close)) && is_read(h1);
}

int
start_next_cycle(PyObject *h1)
{
    if (!is_false(FIELD(h1, H1Connection__is_special))) {
        return call_method(h1, names.start_next_cycle);
    }
    PUT_NEW(h1, H1Connection__state, known.H1_HEAD);
    PUT_NEW(h1, H1Connection_head, Py_None);
    PUT_NEW(h1, H1Connection_is_head_method, Py_False);
    PUT_NEW(h1, H1Connection_has_started, Py_False);
    PUT_NEW(h1, H1Connection_has_answered, Py_False);
    PUT_NEW(h1, H1Connection_overrun, Py_False);
    PUT_NEW(h1, H1Connection__was_continue_sent, Py_False);
    return 0;
}
