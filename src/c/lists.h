/* What the twins look into, by name: for the server's twins and for the application's. */
#ifndef DEMIJOHN_LISTS_H
#define DEMIJOHN_LISTS_H

/* ================ the server */

/* Classes whose instances are looked into. */
#define SERVER_KINDS(X) \
    X(Blockers) X(Engine) X(H1Connection) X(H1Exchange) X(InlineRunner) X(JobQueue) X(LateRunner) X(Link) X(Outbox) X(Reactor) \
    X(RequestHead) X(ServerOptions) X(Slot) X(Socket) X(Stats) X(SystemClock)

/* Places: class, attribute. */
#define SERVER_PLACES(X) \
    X(Blockers, doubts_until) X(Blockers, is_probing) X(Blockers, known) X(Blockers, streak) \
    X(Engine, access_log) X(Engine, clock) X(Engine, handler) X(Engine, idle_timeout) X(Engine, is_draining) \
    X(Engine, is_last_answer) X(Engine, is_stopped) X(Engine, options) X(Engine, reactor) X(Engine, runner) \
    X(Engine, server_field) \
    X(Engine, stats) \
    X(H1Connection, _answer_left) X(H1Connection, _at) X(H1Connection, _buffer) X(H1Connection, _is_answer_chunked) \
    X(H1Connection, _is_special) X(H1Connection, _known_head) X(H1Connection, _known_octets) \
    X(H1Connection, _known_request) X(H1Connection, _known_section) X(H1Connection, _plain_room) \
    X(H1Connection, _scanner) X(H1Connection, _state) X(H1Connection, _was_continue_sent) X(H1Connection, has_answered) \
    X(H1Connection, has_body) X(H1Connection, has_started) X(H1Connection, head) X(H1Connection, is_head_method) \
    X(H1Connection, is_http10) X(H1Connection, must_close) X(H1Connection, overrun) X(H1Connection, response_has_body) \
    X(H1Exchange, _after) X(H1Exchange, _began) X(H1Exchange, _called) X(H1Exchange, _chunks) \
    X(H1Exchange, _client_watch) X(H1Exchange, _fields) X(H1Exchange, _is_counted) X(H1Exchange, _is_logged) \
    X(H1Exchange, _iterator) X(H1Exchange, _line) X(H1Exchange, _number) X(H1Exchange, _status) X(H1Exchange, body) \
    X(H1Exchange, body_bytes) X(H1Exchange, context) X(H1Exchange, head) X(H1Exchange, is_running) X(H1Exchange, peer) \
    X(H1Exchange, state) X(H1Exchange, time_limit) \
    X(InlineRunner, _engine) X(InlineRunner, _now) X(InlineRunner, job) X(InlineRunner, queue) \
    X(JobQueue, _engine) X(JobQueue, _lock) X(JobQueue, _max_age) X(JobQueue, _most) X(JobQueue, jobs) X(JobQueue, slot) \
    X(LateRunner, _blockers) X(LateRunner, _engine) X(LateRunner, _idle) X(LateRunner, _is_short) X(LateRunner, _is_waking) \
    X(LateRunner, _is_watcher_asleep) X(LateRunner, _leader) X(LateRunner, _lock) X(LateRunner, _max_age) \
    X(LateRunner, _now) X(LateRunner, _promote_after) X(LateRunner, _serial) X(LateRunner, _slow_after) X(LateRunner, queue) \
    X(Link, _body) X(Link, _events) X(Link, _forwarding) X(Link, _hand_in_lock) X(Link, _is_paused) \
    X(Link, _is_requeued) X(Link, _requests_left) X(Link, corked_since) X(Link, counted_bytes) X(Link, deadline) X(Link, engine) \
    X(Link, exchange) X(Link, h1) X(Link, held) X(Link, is_broken) X(Link, is_handled) X(Link, is_read_closed) X(Link, outbox) \
    X(Link, patience) X(Link, peer) X(Link, phase) X(Link, queued_at) X(Link, received_bytes) X(Link, request_count) \
    X(Link, sent_bytes) X(Link, slot) X(Link, sock) \
    X(Outbox, size) \
    X(Reactor, _ready) X(Reactor, direct_until) X(Reactor, held) X(Reactor, held_since) X(Reactor, now) \
    X(Reactor, polled_at) \
    X(RequestHead, _index) X(RequestHead, fields) X(RequestHead, method) X(RequestHead, target) X(RequestHead, version) \
    X(ServerOptions, keep_alive) X(ServerOptions, request_id_header) X(ServerOptions, request_timeout) \
    X(ServerOptions, write_timeout) \
    X(Slot, computed) X(Slot, ending) X(Slot, job) X(Slot, offer) X(Slot, role) \
    X(Stats, cells) X(Stats, lock) \
    X(SystemClock, _date) X(SystemClock, _date_second) X(SystemClock, time)

/* Objects of the Python modules that are compared by identity, or looked into. */
#define SERVER_CONSTANTS(X) \
    X(ANSWERS) X(BlockingIOError) X(DONE) X(EMPTY_BODY) X(ENDED) X(H1_BODY_END) X(H1_CLOSED) X(H1_HEAD) X(H1_PAUSED) \
    X(HANDLER_SECONDS) X(HAND_OVERS) X(HOLD_SECONDS) X(HTTP11) X(InterruptedError) X(KNOWN_STATUSES) X(KNOWN_NAMES) X(NEVER) \
    X(NEW) X(NOTHING) X(ONE) X(PHASE_BODY) X(PHASE_CLOSED) X(PHASE_FEEDING) X(PHASE_IDLE) X(PHASE_SENDING) X(READ) \
    X(RECEIVED_BYTES) X(RECEIVE_BYTES) X(REQUESTS) X(ROLE_FOLLOWING) X(ROLE_LATE) X(SENT_BYTES) X(STEADY_LINES)

/* Sizes and numbers. */
#define SERVER_NUMBERS(X) \
    X(CELLS) X(DATE_KIND) X(GATHER_BYTES) X(KNOWN_BYTES) X(LENGTH_KIND) X(MAX_ROUNDS) X(PLAIN_KIND) X(RECEIVE_BYTES) \
    X(SAMPLE) X(STREAK) X(WRITE)

/* The methods that have a twin: class, name. */
#define SERVER_TWINS(X) \
    X(H1Exchange, respond) X(InlineRunner, _run_handlers) X(LateRunner, _pause) X(LateRunner, _run_waiting) \
    X(LateRunner, submit) X(Link, _advance) X(Link, _submit) X(Link, complete) X(Link, hand_in) X(Link, on_event) X(Link, run) \
    X(Link, send_held)

/* Names of attributes and methods that are asked for. */
#define SERVER_NAMES(X) \
    X(_after_handler) X(_call_follower) X(_end_shortage) X(_finish_late) X(_note_slow) X(_wake_next) X(acquire) X(add) \
    X(append) X(call_soon) X(close) X(complete) X(fileno) X(give_back) X(hand_in) X(http_date) X(label) X(locked) X(monotonic) \
    X(note_long) X(note_quick) X(pop) X(popleft) X(receive_data) X(receive_eof) X(recv) X(release) X(run) X(send) X(settle) \
    X(start_next_cycle) X(suspect) X(take) X(wheel)

/* ================ the application */

#define APP_KINDS(X) \
    X(AppDispatch) X(AppResponse) X(Candidates) X(Config) X(EndpointPlan) X(Head) X(Headers) X(HookList) X(Map) X(Matcher) \
    X(NativeHandler) X(Peer) X(RequestContext) X(Revision) X(Target)

#define APP_PLACES(X) \
    X(Candidates, http) X(Candidates, http_any) \
    X(EndpointPlan, after) X(EndpointPlan, before) X(EndpointPlan, endpoint) X(EndpointPlan, teardown) \
    X(EndpointPlan, timeout) X(EndpointPlan, url_values) X(EndpointPlan, view) \
    X(Head, _index) X(Head, method) X(Head, target) \
    X(Headers, _list) \
    X(Matcher, exact) \
    X(NativeHandler, _application) X(NativeHandler, _current) \
    X(Peer, root_path) \
    X(RequestContext, _after_request_functions) X(RequestContext, _closes_request) X(RequestContext, _held_error) \
    X(RequestContext, _held_session) X(RequestContext, _holds) X(RequestContext, _host) X(RequestContext, _is_matched) \
    X(RequestContext, _later_tokens) X(RequestContext, _outer) X(RequestContext, _token) X(RequestContext, app) \
    X(RequestContext, flashes) X(RequestContext, has_request) X(RequestContext, plan) X(RequestContext, request) \
    X(Revision, plans) \
    X(Target, defaults) X(Target, redirects) X(Target, rule)

#define APP_CONSTANTS(X) \
    X(ANSWERED) X(APPCONTEXT_POPPED) X(APPCONTEXT_PUSHED) X(APPCONTEXT_TEARING_DOWN) X(CONTENT_LENGTH) X(CONTENT_TYPE) X(COOKIE) \
    X(CURRENT) X(EMPTY_TEXT) X(GET_CURRENT) X(MISSING) X(NEW_REQUEST) X(NEW_RESPONSE) \
    X(PLAIN_REQUEST) X(PLAIN_RESPONSE) X(PLAIN_STEPS) X(REQUEST_FINISHED) X(REQUEST_STARTED) X(REQUEST_TEARING_DOWN) \
    X(STEP_NAMES) X(TYPE_FIELDS) X(UPGRADE) X(partial)

#define APP_NUMBERS(X)

#define APP_TWINS(X) X(AppDispatch, respond) X(NativeHandler, __call__)

#define APP_NAMES(X) \
    X(TRUSTED_HOSTS) X(__call__) X(_after_response) X(_answer_as_it_is) X(_answer_error) X(_answer_failure) X(_answer_unmatched) \
    X(_answer_within_limit) X(_exchange) X(_got_first_request) X(_head) X(_is_dirty) \
    X(_made_from_environ) X(_matcher) X(_on_close) X(_revision) X(_status) X(_status_code) X(after) \
    X(automatically_set_content_length) X(binds_plainly) X(config) X(ctx) X(default_mimetype) X(default_status) \
    X(default_subdomain) X(dispatch_request) X(endpoint) X(environ) X(files) X(finalize_request) \
    X(from_exchange) X(head) X(headers) X(host_matching) X(is_lazy) X(make_response) X(match_request) X(method) X(path) \
    X(peer) X(pop_left_over) X(prepare_block) X(preprocess_request) X(process_response) X(request_class) X(respond) \
    X(response) X(response_class) X(rest) X(routing_exception) X(session_interface) X(subdomain_matching) \
    X(teardown_appcontext_funcs) X(time_limit) X(trusted_hosts) X(url_map) X(url_rule) X(view_args)

/* ================ both */

#define KINDS(X) SERVER_KINDS(X) APP_KINDS(X)
#define PLACES(X) SERVER_PLACES(X) APP_PLACES(X)
#define CONSTANTS(X) SERVER_CONSTANTS(X) APP_CONSTANTS(X)
#define NUMBERS(X) SERVER_NUMBERS(X) APP_NUMBERS(X)
#define TWINS(X) SERVER_TWINS(X) APP_TWINS(X)
#define NAMES(X) SERVER_NAMES(X) APP_NAMES(X)

#endif
