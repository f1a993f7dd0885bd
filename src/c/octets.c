/* What `socket.recv` and `socket.send` do for a connection's socket, without a call of Python's: it never waits.
 *
 * The interpreter's lock is kept meanwhile. To give it away for some microseconds makes another thread that wants it take it just
 * then; who was at work has to wait for it in turn, and each such change costs more than the call. A socket of a class of its own,
 * such as TLS has, is asked by its methods.
 */
#include "server.h"
#include <errno.h>
#ifndef _WIN32
#include <sys/socket.h>
#include <sys/types.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#endif

#if defined(MSG_DONTWAIT) && defined(MSG_NOSIGNAL)
#define HAS_DIRECT_CALLS 1
#else
#define HAS_DIRECT_CALLS 0
#endif

/* The descriptor of a plain socket that is open; -1 of any other. */
static int
descriptor_of(PyObject *sock)
{
    if (!HAS_DIRECT_CALLS || sock == NULL || Py_TYPE(sock) != kinds.Socket) {
        return -1;
    }
    PyObject *number = PyObject_CallMethodNoArgs(sock, names.fileno);
    if (number == NULL) {
        PyErr_Clear();
        return -1;
    }
    Py_ssize_t descriptor = count_of(number);
    Py_DECREF(number);
    return descriptor < 0 || descriptor > INT_MAX ? -1 : (int)descriptor;
}

/* What the exception that is set says of a socket; it is cleared unless it is no socket's. */
static enum outcome
outcome_of_error(void)
{
    if (PyErr_ExceptionMatches(known.BlockingIOError) || PyErr_ExceptionMatches(known.InterruptedError)) {
        PyErr_Clear();
        return NOT_NOW;
    }
    if (PyErr_ExceptionMatches(PyExc_OSError)) {
        PyErr_Clear();
        return BROKEN;
    }
    return RAISED;
}

static enum outcome
outcome_of_number(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR ? NOT_NOW : BROKEN;
}

/* Room for what is received, `RECEIVE_BYTES`. One is kept; only a thread that receives while another does needs a second. */
static char *kept_room;

static char *
take_room(void)
{
    char *room = kept_room;
    kept_room = NULL;
    return room != NULL ? room : PyMem_RawMalloc((size_t)numbers.RECEIVE_BYTES);
}

static void
give_room_back(char *room)
{
    if (kept_room == NULL) {
        kept_room = room;
    }
    else {
        PyMem_RawFree(room);
    }
}

enum outcome
receive_octets(PyObject *sock, PyObject **data)
{
    int descriptor = descriptor_of(sock);
#if HAS_DIRECT_CALLS
    if (descriptor >= 0) {
        char *room = take_room();
        if (room == NULL) {
            PyErr_NoMemory();
            return RAISED;
        }
        ssize_t size;
        int number;
        size = recv(descriptor, room, (size_t)numbers.RECEIVE_BYTES, MSG_DONTWAIT);
        number = errno;
        *data = size < 0 ? NULL : PyBytes_FromStringAndSize(room, size);
        give_room_back(room);
        if (size < 0) {
            return outcome_of_number(number);
        }
        return *data == NULL ? RAISED : DONE_SO_FAR;
    }
#endif
    *data = PyObject_CallMethodOneArg(sock, names.recv, known.RECEIVE_BYTES);
    if (*data == NULL) {
        return outcome_of_error();
    }
    if (!PyBytes_CheckExact(*data)) {
        PyErr_Format(PyExc_TypeError, "recv() returned %s, not bytes", Py_TYPE(*data)->tp_name);
        Py_CLEAR(*data);
        return RAISED;
    }
    return DONE_SO_FAR;
}

#if HAS_DIRECT_CALLS && defined(MSG_MORE)
#define HAS_CORK 1
#else
#define HAS_CORK 0
#define MSG_MORE 0
#endif

bool
can_be_corked(PyObject *sock)
{
    return HAS_CORK && sock != NULL && Py_TYPE(sock) == kinds.Socket;
}

void
uncork_socket(PyObject *sock)
{
#if HAS_CORK
    int descriptor = descriptor_of(sock), one = 1;
    if (descriptor >= 0) {
        /* It has this option already; to set it once more sends what is there. If not, the system does before long. */
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    }
#else
    (void)sock;
#endif
}

enum outcome
send_octets(PyObject *sock, PyObject *data, bool is_more_to_come, Py_ssize_t *sent)
{
    int descriptor = descriptor_of(sock);
    *sent = 0;
#if HAS_DIRECT_CALLS
    if (descriptor >= 0) {
        const char *octets = PyBytes_AS_STRING(data);
        size_t count = (size_t)PyBytes_GET_SIZE(data);
        ssize_t size;
        int number;
        size = send(descriptor, octets, count, MSG_DONTWAIT | MSG_NOSIGNAL | (is_more_to_come ? MSG_MORE : 0));
        number = errno;
        if (size < 0) {
            return outcome_of_number(number);
        }
        *sent = size;
        return DONE_SO_FAR;
    }
#endif
    PyObject *result = PyObject_CallMethodOneArg(sock, names.send, data);
    if (result == NULL) {
        return outcome_of_error();
    }
    *sent = PyLong_AsSsize_t(result);
    Py_DECREF(result);
    return *sent == -1 && PyErr_Occurred() ? RAISED : DONE_SO_FAR;
}
