/* http: against a small server of our own on loopback that also does what servers should not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "clk.h"
#include "http.h"
#include "http_server.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

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
	assert_int_equal(get("/object", (struct http_request){.method = "HEAD", .timeout_ms = 20000}, &r, &e), 0);
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
		int timeout_ms;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{"/slow", 400, ERR_RETRY, "/slow: no answer in time"},
		{"/cut", 0, ERR_RETRY, "/cut: the connection was cut off"},
		{"/silent", 0, ERR_RETRY, "/silent: the connection was cut off"},
		{"/garbage", 0, ERR_DATA, "does not speak HTTP"},
		{"/large", 0, ERR_DATA, "/large: the answer is larger than 1000 bytes"},
	};
	scoped_free char *peer = xstrf("127.0.0.1:%d", server_port);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(http_response_release) struct http_response r = {.status = 7, .body = STRBUF_INIT};
		int64_t start = clk_mono_ms();

		assert_int_equal(get(cases[i].path, (struct http_request){.timeout_ms = cases[i].timeout_ms, .max_response_bytes = 1000},
		                     &r, &e), -1);
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.msg, cases[i].says));
		assert_non_null(strstr(e.msg, peer));
		assert_true(clk_mono_ms() - start < 20000); /* well before the default deadline */
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

		assert_int_equal(http_get_json(NULL, url, 20000, &json, &e), -1);
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
