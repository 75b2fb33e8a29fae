/* http: against a small server of our own on loopback that also does what servers should not. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "clk.h"
#include "http.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

/* --- the server: one thread a connection ------------------------------------------------------------------------- */

static atomic_int connections;
static int server_port;

static void say(int fd, const char *text, size_t len)
{
	/* The other side may be gone on purpose. */
	(void)!send(fd, text, len, MSG_NOSIGNAL);
}

static void answer(int fd, const char *status, const char *headers, const char *body, size_t len)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	strbuf_addf(&sb, "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, len);
	strbuf_add(&sb, body, len);
	say(fd, sb.buf, sb.len);
}

/* Reads one request, head and body, onto sb. False when the client has left. */
static bool read_request(int fd, struct strbuf *sb)
{
	char chunk[4096];
	size_t want = 0;

	while (!want || sb->len < want) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
		const char *end;
		const char *length;

		if (n <= 0)
			return false;
		strbuf_add(sb, chunk, (size_t)n);
		end = strstr(sb->buf, "\r\n\r\n");
		length = strstr(sb->buf, "Content-Length: ");
		if (end)
			want = (size_t)(end + 4 - sb->buf) + (length && length < end ? strtoul(length + 16, NULL, 10) : 0);
	}
	return true;
}

/* Answers by path. False when the connection is to be closed. */
static bool serve_one(int fd, const struct strbuf *request)
{
	scoped_free char *method = xstrndup(request->buf, strcspn(request->buf, " "));
	const char *rest = request->buf + strlen(method) + 1;
	scoped_free char *path = xstrndup(rest, strcspn(rest, " ?"));

	if (str_eq(path, "/slow")) {
		char byte;

		(void)!recv(fd, &byte, 1, 0); /* until the client leaves */
		return false;
	}
	if (str_eq(path, "/cut")) {
		static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this";

		say(fd, text, sizeof(text) - 1);
		return false;
	}
	if (str_eq(path, "/silent"))
		return false;
	if (str_eq(path, "/garbage")) {
		say(fd, "hello from another protocol\n", 28);
		return false;
	}
	if (str_eq(path, "/interim"))
		say(fd, "HTTP/1.1 103 Early Hints\r\nX-Interim: yes\r\n\r\n", 44);
	if (str_eq(path, "/missing"))
		answer(fd, "404 Not Found", "", "{\"error_code\":40401,\"message\":\"no such\\nsubject\"}", 49);
	else if (str_eq(path, "/busy"))
		answer(fd, "503 Service Unavailable", "", "starting up\nsecond line", 23);
	else if (str_eq(path, "/conflict"))
		answer(fd, "409 Conflict", "", "", 0);
	else if (str_eq(path, "/denied"))
		answer(fd, "401 Unauthorized", "", "<html>sorry</html>", 18);
	else if (str_eq(path, "/redirect"))
		answer(fd, "302 Found", "Location: /json\r\n", "", 0);
	else if (str_eq(path, "/json"))
		answer(fd, "200 OK", "Content-Type: application/json\r\n", "{\"a\": {\"b\": 7}}", 15);
	else if (str_eq(path, "/echo-json")) {
		scoped(json_decref_p) json_t *text = json_string(request->buf);
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		jsonx_dump(text, JSONX_AS_BUILT, &sb);
		answer(fd, "200 OK", "", sb.buf, sb.len);
	} else if (str_eq(path, "/nojson"))
		answer(fd, "200 OK", "", "{\"secret\": oops", 15);
	else if (str_eq(path, "/empty"))
		say(fd, "HTTP/1.1 204 No Content\r\n\r\n", 27);
	else if (str_eq(method, "HEAD"))
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nETag: \"x\"\r\n\r\n", 53);
	else if (str_eq(path, "/large")) {
		scoped_free char *large = xcalloc(1, 1000000);

		answer(fd, "200 OK", "", large, 1000000);
	} else
		answer(fd, "200 OK", "X-Twice: first\r\nx-twice: second\r\nX-Spaces:   a b  \r\n", request->buf, request->len);
	return true;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	bool on = true;

	atomic_fetch_add(&connections, 1);
	while (on) {
		scoped(strbuf_release) struct strbuf request = STRBUF_INIT;

		on = read_request(fd, &request) && serve_one(fd, &request);
	}
	close(fd);
	return NULL;
}

static void *accept_all(void *arg)
{
	int listener = (int)(intptr_t)arg;

	for (;;) {
		int fd = accept(listener, NULL, NULL);
		pthread_t thread;

		if (fd < 0)
			return NULL;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(thread);
	}
}

static pthread_t acceptor;
static int listener_fd;

/* A socket on a free port of loopback. */
static int listen_anywhere(int *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return -1;
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int start_server(void **state)
{
	(void)state;
	/* Whoever runs the tests behind a proxy: loopback must not go there. */
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "http://127.0.0.1:9", 1);
	unsetenv("no_proxy");
	listener_fd = listen_anywhere(&server_port);
	if (listener_fd < 0)
		return -1;
	return pthread_create(&acceptor, NULL, accept_all, (void *)(intptr_t)listener_fd);
}

static int stop_server(void **state)
{
	(void)state;
	shutdown(listener_fd, SHUT_RDWR);
	pthread_join(acceptor, NULL);
	close(listener_fd);
	return 0;
}

/* --- the tests --------------------------------------------------------------------------------------------------- */

static char *url_of(const char *path)
{
	return xstrf("http://127.0.0.1:%d%s", server_port, path);
}

static int get(const char *path, struct http_request req, struct http_response *ret, struct err *e)
{
	scoped_free char *url = url_of(path);

	req.url = url;
	return http_do(NULL, &req, ret, e);
}

static void a_plain_get(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(get("/a/../b%2Fc?q=1", (struct http_request){0}, &r, &e), 0);
	assert_int_equal(r.status, 200);
	assert_true(http_ok(&r));
	/* The path goes out as it stands. */
	assert_true(str_starts(r.body.buf, "GET /a/../b%2Fc?q=1 HTTP/1.1\r\n"));
	assert_null(strstr(r.body.buf, "Content-Type"));
	assert_null(strstr(r.body.buf, "Authorization"));
	assert_string_equal(http_response_header(&r, "X-TWICE"), "first");
	assert_string_equal(http_response_header(&r, "x-spaces"), "a b");
	assert_null(http_response_header(&r, "X-Tw"));
}

static void every_status_is_an_answer(void **state)
{
	static const struct {
		const char *path;
		int status;
	} cases[] = {{"/missing", 404}, {"/busy", 503}, {"/conflict", 409}, {"/redirect", 302}, {"/empty", 204}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

		assert_int_equal(get(cases[i].path, (struct http_request){0}, &r, &e), 0);
		assert_int_equal(r.status, cases[i].status);
		assert_int_equal(http_ok(&r), cases[i].status == 204);
	}
}

static void methods_bodies_and_headers(void **state)
{
	static const struct {
		const char *method, *body, *length;
	} cases[] = {
		{"POST", "SELECT 1", "Content-Length: 8\r\n"}, {"PUT", "x", "Content-Length: 1\r\n"},
		{"POST", NULL, "Content-Length: 0\r\n"},       {"PUT", NULL, "Content-Length: 0\r\n"},
		{"DELETE", NULL, NULL},                        {"DELETE", "why", "Content-Length: 3\r\n"},
	};
	const char *const headers[] = {"X-Trino-User: me", "Content-Type: text/plain", NULL};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
		const struct http_request req = {.method = cases[i].method, .headers = headers, .body = cases[i].body,
		                                 .body_len = cases[i].body ? strlen(cases[i].body) : 0};

		assert_int_equal(get("/echo", req, &r, &e), 0);
		assert_true(str_starts(r.body.buf, cases[i].method));
		assert_non_null(strstr(r.body.buf, "X-Trino-User: me\r\n"));
		assert_non_null(strstr(r.body.buf, "Content-Type: text/plain\r\n"));
		if (cases[i].length)
			assert_non_null(strstr(r.body.buf, cases[i].length));
		else
			assert_null(strstr(r.body.buf, "Content-Length"));
		assert_true(str_ends(r.body.buf, cases[i].body ? cases[i].body : "\r\n\r\n"));
	}
}

static void a_large_body_is_sent_at_once(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *body = xcalloc(1, 3000000);
	int64_t start = clk_mono_ms();

	(void)state;
	assert_int_equal(get("/echo", (struct http_request){.method = "PUT", .body = body, .body_len = 3000000}, &r, &e), 0);
	assert_true(r.body.len > 3000000);
	assert_null(strstr(r.body.buf, "Expect"));
	assert_true(clk_mono_ms() - start < 20000);
}

static void head_has_no_body(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(get("/object", (struct http_request){.method = "HEAD", .timeout_ms = 5000}, &r, &e), 0);
	assert_int_equal(r.status, 200);
	assert_int_equal(r.body.len, 0);
	assert_string_equal(http_response_header(&r, "etag"), "\"x\"");
	assert_string_equal(http_response_header(&r, "content-length"), "12345");
}

static void authentication(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(get("/echo", (struct http_request){.user = "me", .password = "p:w"}, &r, &e), 0);
	assert_non_null(strstr(r.body.buf, "Authorization: Basic bWU6cDp3\r\n"));
	assert_int_equal(get("/echo", (struct http_request){.bearer = "tok"}, &r, &e), 0);
	assert_non_null(strstr(r.body.buf, "Authorization: Bearer tok\r\n"));
}

static void an_interim_answer_leaves_no_headers(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

	(void)state;
	assert_int_equal(get("/interim", (struct http_request){0}, &r, &e), 0);
	assert_int_equal(r.status, 200);
	assert_null(http_response_header(&r, "X-Interim"));
}

static void failures_on_the_way(void **state)
{
	static const struct {
		const char *path;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{"/slow", ERR_RETRY, "/slow: no answer in time"},
		{"/cut", ERR_RETRY, "/cut: the connection was cut off"},
		{"/silent", ERR_RETRY, "/silent: the connection was cut off"},
		{"/garbage", ERR_DATA, "does not speak HTTP"},
		{"/large", ERR_DATA, "/large: the answer is larger than 1000 bytes"},
	};
	scoped_free char *peer = xstrf("127.0.0.1:%d", server_port);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(http_response_release) struct http_response r = {.status = 7, .body = STRBUF_INIT};
		int64_t start = clk_mono_ms();

		assert_int_equal(get(cases[i].path, (struct http_request){.timeout_ms = 400, .max_response_bytes = 1000}, &r, &e), -1);
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.msg, cases[i].says));
		assert_non_null(strstr(e.msg, peer));
		assert_true(clk_mono_ms() - start < 10000);
		assert_int_equal(r.status, 7); /* untouched */
	}
}

static void refused(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *url = NULL;
	scoped_free char *message = NULL;
	int port = 0;
	int fd = listen_anywhere(&port);

	(void)state;
	close(fd); /* a port that was free a moment ago */
	url = xstrf("http://me:hidden@127.0.0.1:%d/x?token=hidden", port);
	message = xstrf("connection refused on 127.0.0.1:%d", port);
	assert_int_equal(http_do(NULL, &(struct http_request){.url = url}, &r, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.msg, message);
}

static void an_unknown_host(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *saved = xstrdup(getenv("http_proxy"));

	(void)state;
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	assert_int_equal(http_do(NULL, &(struct http_request){.url = "http://no-such-host.invalid/"}, &r, &e), -1);
	setenv("http_proxy", saved, 1);
	setenv("all_proxy", saved, 1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.msg, "cannot find the host of no-such-host.invalid:80");
}

static void urls_that_are_none(void **state)
{
	static const char *const urls[] = {NULL, "", "no url", "ftp://127.0.0.1/", "file:///etc/passwd", "http://[broken/"};

	(void)state;
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct err e = ERR_INIT;
		scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;

		assert_int_equal(http_do(NULL, &(struct http_request){.url = urls[i]}, &r, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
	}
}

static void messages_hold_no_credentials(void **state)
{
	static const char *const paths[] = {"/slow?sig=hidden", "/cut?sig=hidden", "/nojson?sig=hidden", "/missing?sig=hidden"};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct err e = ERR_INIT;
		scoped_free char *url = xstrf("http://me:hidden@127.0.0.1:%d%s", server_port, paths[i]);
		const struct http_request req = {.url = url, .timeout_ms = 300, .password = "hidden", .user = "me"};
		scoped(json_decref_p) json_t *json = NULL;

		assert_int_equal(http_json(NULL, &req, NULL, NULL, &json, &e), -1);
		assert_null(strstr(e.msg, "hidden"));
		assert_null(strstr(e.remedy, "hidden"));
	}
}

static bool stop_at_once(void *arg)
{
	(void)arg;
	return true;
}

static void it_can_be_aborted(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	int64_t start = clk_mono_ms();

	(void)state;
	assert_int_equal(get("/slow", (struct http_request){.aborted = stop_at_once}, &r, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "interrupted"));
	assert_true(clk_mono_ms() - start < 10000);
}

static void a_client_keeps_its_connection(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_client_free_p) struct http_client *c = http_client_new();
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *url = url_of("/echo");
	int before = atomic_load(&connections);

	(void)state;
	assert_int_equal(http_do(c, &(struct http_request){.url = url, .method = "POST", .body = "x", .body_len = 1,
	                                                  .user = "me", .password = "pw"}, &r, &e), 0);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(http_do(c, &(struct http_request){.url = url}, &r, &e), 0);
		/* Nothing of the request before is left over. */
		assert_true(str_starts(r.body.buf, "GET "));
		assert_null(strstr(r.body.buf, "Authorization"));
		assert_null(strstr(r.body.buf, "Content-Length"));
	}
	assert_int_equal(atomic_load(&connections), before + 1);
}

static void a_connection_that_was_closed_is_replaced(void **state)
{
	struct err e = ERR_INIT;
	scoped(http_client_free_p) struct http_client *c = http_client_new();
	scoped(http_response_release) struct http_response r = HTTP_RESPONSE_INIT;
	scoped_free char *cut = url_of("/cut");
	scoped_free char *url = url_of("/echo");

	(void)state;
	assert_int_equal(http_do(c, &(struct http_request){.url = url}, &r, &e), 0);
	assert_int_equal(http_do(c, &(struct http_request){.url = cut}, &r, &e), -1);
	assert_int_equal(http_do(c, &(struct http_request){.url = url}, &r, &e), 0);
}

static void statuses_as_errors(void **state)
{
	static const struct {
		const char *path;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{"/missing", ERR_DATA, "/missing: HTTP 404: no such subject"},
		{"/busy", ERR_RETRY, "/busy: HTTP 503: starting up"},
		{"/conflict", ERR_CONFLICT, "/conflict: HTTP 409"},
		{"/denied", ERR_CONFIG, "/denied: HTTP 401"},
		{"/redirect", ERR_DATA, "/redirect: HTTP 302"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped_free char *url = url_of(cases[i].path);
		scoped(json_decref_p) json_t *json = NULL;

		assert_int_equal(http_get_json(NULL, url, 5000, &json, &e), -1);
		assert_int_equal(e.kind, cases[i].kind);
		assert_true(str_ends(e.msg, cases[i].says));
		assert_true(str_starts(e.msg, "GET http://127.0.0.1:"));
		assert_null(json);
	}
}

static void json_there_and_back(void **state)
{
	struct err e = ERR_INIT;
	scoped_free char *url = url_of("/json");
	scoped_free char *empty = url_of("/empty");
	scoped_free char *echo = url_of("/echo");
	scoped_free char *missing = url_of("/missing");
	scoped_free char *broken = url_of("/nojson");
	scoped(json_decref_p) json_t *json = NULL;
	scoped(json_decref_p) json_t *body = json_pack("{s:i}", "n", 1);
	json_t *none = body;
	int status = 0;

	(void)state;
	assert_int_equal(http_get_json(NULL, url, 0, &json, &e), 0);
	assert_int_equal(jsonx_int(json, "a.b", 0), 7);
	assert_int_equal(http_put_json(NULL, empty, body, 0, &none, &e), 0);
	assert_null(none);
	assert_int_equal(http_put_json(NULL, echo, body, 0, NULL, &e), 0); /* the answer is not wanted, so it need not be JSON */
	json_decref(json);
	json = NULL;
	/* With a status to judge, an error's body is the answer. */
	assert_int_equal(http_json(NULL, &(struct http_request){.url = missing}, NULL, &status, &json, &e), 0);
	assert_int_equal(status, 404);
	assert_int_equal(jsonx_int(json, "error_code", 0), 40401);
	none = NULL;
	assert_int_equal(http_get_json(NULL, broken, 0, &none, &e), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_non_null(strstr(e.msg, "/nojson: malformed JSON at line 1"));
	assert_null(none);
}

static void json_requests_say_so(void **state)
{
	static const struct {
		const char *headers[3];
		const char *accept, *type;
	} cases[] = {
		{{"X-Mine: 1"}, "\r\nAccept: application/json\r\n", "\r\nContent-Type: application/json\r\n"},
		{{"accept: a/b", "content-type: c/d"}, "\r\naccept: a/b\r\n", "\r\ncontent-type: c/d\r\n"},
	};
	scoped_free char *url = url_of("/echo-json");
	scoped(json_decref_p) json_t *body = json_pack("{s:i,s:i}", "b", 1, "a", 2);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(json_decref_p) json_t *json = NULL;
		const char *seen;

		assert_int_equal(http_json(NULL, &(struct http_request){.method = "POST", .url = url, .headers = cases[i].headers},
		                           body, NULL, &json, &e), 0);
		seen = jsonx_str(json, "", "");
		assert_non_null(strstr(seen, cases[i].headers[0]));
		assert_non_null(strstr(seen, cases[i].accept));
		assert_non_null(strstr(seen, cases[i].type));
		assert_true(str_ends(seen, "{\"b\":1,\"a\":2}"));
	}
}

static void percent_encoding(void **state)
{
	static const struct {
		const char *text, *keep, *encoded;
	} cases[] = {
		{"", "", ""},          {"aZ09-._~", "", "aZ09-._~"}, {"a b", "", "a%20b"},   {"a/b", "", "a%2Fb"},
		{"a/b c", "/", "a/b%20c"}, {"100%", "", "100%25"},   {"ä", "", "%C3%A4"},    {"a+b&c=d?", "", "a%2Bb%26c%3Dd%3F"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		http_add_urlencoded(&sb, cases[i].text, cases[i].keep);
		assert_string_equal(sb.buf, cases[i].encoded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_get),
		cmocka_unit_test(every_status_is_an_answer),
		cmocka_unit_test(methods_bodies_and_headers),
		cmocka_unit_test(a_large_body_is_sent_at_once),
		cmocka_unit_test(head_has_no_body),
		cmocka_unit_test(authentication),
		cmocka_unit_test(an_interim_answer_leaves_no_headers),
		cmocka_unit_test(failures_on_the_way),
		cmocka_unit_test(refused),
		cmocka_unit_test(an_unknown_host),
		cmocka_unit_test(urls_that_are_none),
		cmocka_unit_test(messages_hold_no_credentials),
		cmocka_unit_test(it_can_be_aborted),
		cmocka_unit_test(a_client_keeps_its_connection),
		cmocka_unit_test(a_connection_that_was_closed_is_replaced),
		cmocka_unit_test(statuses_as_errors),
		cmocka_unit_test(json_there_and_back),
		cmocka_unit_test(json_requests_say_so),
		cmocka_unit_test(percent_encoding),
	};

	return cmocka_run_group_tests_name("http", tests, start_server, stop_server);
}
