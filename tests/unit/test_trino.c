/* trino: the statement protocol against a server that plays Trino's part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clk.h"
#include "fake_http.h"
#include "jsonx.h"
#include "scoped.h"
#include "trino.h"

#include "banned.h"

#define NEXT(n) "\"id\":\"q\",\"nextUri\":\"http://127.0.0.1:%P/v1/next/" n "\""
#define COLUMNS "\"columns\":[{\"name\":\"a\",\"type\":\"integer\"},{\"name\":\"b\",\"type\":\"varchar(3)\"}]"

static struct trino *client(const struct fake_http *f, bool (*interrupted)(void *arg))
{
	scoped_free char *url = xstrf("http://127.0.0.1:%d", f->port);

	return trino_new(&(struct trino_options){.url = url, .user = "somebody", .source = "test", .catalog = "lake", .schema = "inventory",
	                                         .interrupted = interrupted});
}

static int64_t soon(void)
{
	return clk_mono_ms() + 5000;
}

static void follows_pages(void **state)
{
	static const struct fake_route routes[] = {
		{"POST", "/v1/statement", 200, NULL, "{" NEXT("1") "}"},
		{"GET", "/v1/next/1", 503, NULL, "busy"},
		{"GET", "/v1/next/1", 200, NULL, "{" NEXT("2") "," COLUMNS ",\"data\":[[1,\"x\"]]}"},
		{"GET", "/v1/next/2", 200, NULL, "{" NEXT("3") "," COLUMNS "}"},
		{"GET", "/v1/next/3", 200, NULL, "{\"id\":\"q\"," COLUMNS ",\"data\":[[2,null],[3,\"z\"]]}"},
		{0},
	};
	struct fake_http f;
	struct err e = ERR_INIT;
	struct trino_query *q;
	const struct trino_column *columns;
	struct trino *t;
	json_t *rows;
	int64_t changed;
	size_t n;

	(void)state;
	fake_start(&f, routes);
	t = client(&f, NULL);
	q = trino_start(t, "SELECT 1", soon(), &e);
	assert_non_null(q);
	assert_int_equal(trino_next(q, &rows, &e), 1);
	assert_int_equal(jsonx_int(rows, "0.0", -1), 1);
	json_decref(rows);
	columns = trino_columns(q, &n);
	assert_int_equal(n, 2);
	assert_string_equal(columns[1].name, "b");
	assert_string_equal(columns[1].type, "varchar(3)");
	assert_int_equal(trino_next(q, &rows, &e), 1);
	assert_int_equal(json_array_size(rows), 2);
	json_decref(rows);
	assert_int_equal(trino_next(q, &rows, &e), 0);
	assert_null(trino_update_type(q, &changed));
	trino_query_free(q);
	trino_free(t);
	fake_stop(&f);
	assert_non_null(strstr(f.seen.buf, "X-Trino-User: somebody"));
	assert_non_null(strstr(f.seen.buf, "X-Trino-Catalog: lake"));
	assert_non_null(strstr(f.seen.buf, "\r\n\r\nSELECT 1"));
	assert_null(strstr(f.seen.buf, "DELETE"));
	fake_release(&f);
}

static void tells_errors(void **state)
{
	static const struct {
		const char *body;
		enum err_kind kind;
		int line, column;
	} cases[] = {
		{"{\"error\":{\"message\":\"line 2:5: no such column\",\"errorName\":\"COLUMN_NOT_FOUND\",\"errorType\":\"USER_ERROR\",\"errorLocation\":{\"lineNumber\":2,\"columnNumber\":5}}}",
		 ERR_DATA, 2, 5},
		{"{\"error\":{\"message\":\"Trino server is still initializing\",\"errorName\":\"SERVER_STARTING_UP\",\"errorType\":\"INTERNAL_ERROR\"}}", ERR_RETRY, 0, 0},
		{"{\"error\":{\"message\":\"metastore is away\",\"errorName\":\"HIVE_METASTORE_ERROR\",\"errorType\":\"EXTERNAL\"}}", ERR_SERVICE, 0, 0},
		{"<html>", ERR_DATA, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct fake_route routes[] = {{"POST", "/v1/statement", 200, NULL, "{" NEXT("1") "}"}, {"GET", "/v1/next/1", 200, NULL, cases[i].body}, {0}};
		struct fake_http f;
		struct err e = ERR_INIT;
		struct trino *t;
		int line, column;

		fake_start(&f, routes);
		t = client(&f, NULL);
		assert_null(trino_rows(t, "SELECT 1", soon(), &e));
		assert_int_equal(e.kind, cases[i].kind);
		trino_error_place(t, &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
		trino_free(t);
		fake_stop(&f);
		fake_release(&f);
	}
}

/* A query that never ends is cancelled at its deadline. */
static void cancels_at_the_deadline(void **state)
{
	static const struct fake_route routes[] = {
		{"POST", "/v1/statement", 200, NULL, "{" NEXT("1") "}"},
		{"GET", "/v1/next/1", 503, NULL, "{}"},
		{"DELETE", "/v1/next/1", 204, NULL, ""},
		{0},
	};
	struct fake_http f;
	struct err e = ERR_INIT;
	struct trino *t;

	(void)state;
	fake_start(&f, routes);
	t = client(&f, NULL);
	assert_null(trino_rows(t, "SELECT 1", clk_mono_ms() + 300, &e));
	assert_int_equal(e.kind, ERR_TIMEOUT);
	trino_free(t);
	fake_stop(&f);
	assert_non_null(strstr(f.seen.buf, "DELETE /v1/next/1"));
	fake_release(&f);
}

static bool always(void *arg)
{
	(void)arg;
	return true;
}

static void obeys_the_interrupt(void **state)
{
	static const struct fake_route routes[] = {{0}};
	struct fake_http f;
	struct err e = ERR_INIT;
	struct trino *t;

	(void)state;
	fake_start(&f, routes);
	t = client(&f, always);
	assert_null(trino_rows(t, "SELECT 1", soon(), &e));
	assert_int_equal(e.kind, ERR_NO);
	trino_free(t);
	fake_stop(&f);
	assert_int_equal(f.seen.len, 0);
	fake_release(&f);
}

static void keeps_the_session(void **state)
{
	static const struct fake_route routes[] = {
		{"POST", "/v1/statement", 200, "X-Trino-Set-Catalog: source\r\nX-Trino-Set-Schema: public\r\n", "{\"id\":\"q\",\"updateType\":\"USE\"}"},
		{"POST", "/v1/statement", 200, "X-Trino-Set-Session: a=1\r\nX-Trino-Set-Session: b=2\r\n", "{\"id\":\"q\",\"updateType\":\"SET SESSION\"}"},
		{"POST", "/v1/statement", 200, "X-Trino-Set-Session: a=3\r\nX-Trino-Clear-Session: b\r\n", "{\"id\":\"q\",\"updateType\":\"INSERT\",\"updateCount\":7}"},
		{"POST", "/v1/statement", 200, NULL, "{\"id\":\"q\"}"},
		{0},
	};
	struct fake_http f;
	struct err e = ERR_INIT;
	struct trino *t;
	struct trino_query *q;
	int64_t changed = 0;

	(void)state;
	fake_start(&f, routes);
	t = client(&f, NULL);
	json_decref(trino_rows(t, "USE source.public", soon(), &e));
	json_decref(trino_rows(t, "SET SESSION a = 1", soon(), &e));
	q = trino_start(t, "INSERT", soon(), &e);
	assert_non_null(q);
	assert_string_equal(trino_update_type(q, &changed), "INSERT");
	assert_int_equal(changed, 7);
	trino_query_free(q);
	json_decref(trino_rows(t, "SELECT last", soon(), &e));
	trino_free(t);
	fake_stop(&f);
	assert_non_null(strstr(f.seen.buf, "X-Trino-Catalog: source"));
	assert_non_null(strstr(f.seen.buf, "X-Trino-Session: a=1,b=2"));
	assert_non_null(strstr(f.seen.buf, "X-Trino-Session: a=3\r\n"));
	fake_release(&f);
}

static void tells_that_trino_is_away(void **state)
{
	struct trino *t = trino_new(&(struct trino_options){.url = "http://127.0.0.1:1", .user = "u", .source = "s"});
	struct err e = ERR_INIT;

	(void)state;
	assert_null(trino_rows(t, "SELECT 1", soon(), &e));
	assert_int_equal(e.kind, ERR_RETRY);
	trino_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_pages),       cmocka_unit_test(tells_errors),      cmocka_unit_test(cancels_at_the_deadline),
		cmocka_unit_test(obeys_the_interrupt), cmocka_unit_test(keeps_the_session), cmocka_unit_test(tells_that_trino_is_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
