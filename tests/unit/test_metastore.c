/* metastore and thrift: golden answers of a real metastore, whole and in pieces, cut off, and bytes that are no Thrift. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>

#include "clk.h"
#include "fsx.h"
#include "metastore.h"
#include "scoped.h"
#include "thrift.h"

#include "banned.h"

/* A metastore that gives one answer to whatever it is asked, over one connection. */
struct fake {
	int listener;
	char port[8];
	pthread_t thread;
	struct strbuf answer, asked;
	size_t piece; /* bytes a write; the rest follows 5 ms later */
	bool close_after;
};

static void *serve(void *arg)
{
	struct fake *f = arg;
	char buf[4096];
	int fd = accept(f->listener, NULL, NULL);
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		strbuf_add(&f->asked, buf, (size_t)n);
		for (size_t at = 0; at < f->answer.len; at += f->piece) {
			size_t len = f->answer.len - at < f->piece ? f->answer.len - at : f->piece;

			(void)!send(fd, f->answer.buf + at, len, MSG_NOSIGNAL);
			if (len == f->piece)
				clk_sleep_ms(5);
		}
		if (f->close_after)
			break;
	}
	close(fd);
	return NULL;
}

static struct metastore *start(struct fake *f, const void *answer, size_t len)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(a);
	struct err e = ERR_INIT;
	struct metastore *m;

	*f = (struct fake){.answer = STRBUF_INIT, .asked = STRBUF_INIT, .piece = 1 << 20};
	strbuf_add(&f->answer, answer, len);
	f->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&a, size), 0);
	assert_int_equal(listen(f->listener, 1), 0);
	getsockname(f->listener, (struct sockaddr *)&a, &size);
	snprintf(f->port, sizeof(f->port), "%d", ntohs(a.sin_port));
	m = metastore_open("127.0.0.1", f->port, 2000, &e);
	assert_non_null(m);
	return m;
}

static struct metastore *start_golden(struct fake *f, const char *name)
{
	scoped_free char *path = xstrf("tests/golden/metastore/%s.bin", name);
	scoped(strbuf_release) struct strbuf answer = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(fsx_read(path, &answer, &e), 0);
	return start(f, answer.buf, answer.len);
}

/* After start(), once piece and close_after are set. */
static void go(struct fake *f)
{
	assert_int_equal(pthread_create(&f->thread, NULL, serve, f), 0);
}

static void stop(struct fake *f, struct metastore *m)
{
	metastore_close(m);
	pthread_join(f->thread, NULL);
	close(f->listener);
	strbuf_release(&f->answer);
	strbuf_release(&f->asked);
}

static void asks_and_reads_lists(void **state)
{
	static const char call[] = "\x80\x01\0\1\0\0\0\x11get_all_databases\0\0\0\1\0";
	static const size_t pieces[] = {1 << 20, 7, 1};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		scoped(strlist_release) struct strlist names = {0};
		struct err e = ERR_INIT;
		struct fake f;
		struct metastore *m = start_golden(&f, "databases");

		f.piece = pieces[i];
		go(&f);
		assert_int_equal(metastore_databases(m, 5000, &names, &e), 0);
		assert_int_equal(names.n, 4);
		assert_string_equal(names.items[3], "inventory");
		stop(&f, m);
	}
	scoped(strlist_release) struct strlist tables = {0};
	struct err e = ERR_INIT;
	struct fake f;
	struct metastore *m = start_golden(&f, "databases");

	f.close_after = true; /* the answer and the end of the connection in one go */
	go(&f);
	assert_int_equal(metastore_databases(m, 5000, &tables, &e), 0);
	assert_int_equal(f.asked.len, sizeof(call) - 1);
	assert_memory_equal(f.asked.buf, call, sizeof(call) - 1);
	stop(&f, m);
}

static void reads_a_table(void **state)
{
	struct metastore_table t;
	struct err e = ERR_INIT;
	struct fake f;
	struct metastore *m = start_golden(&f, "table");

	(void)state;
	f.piece = 1000;
	go(&f);
	assert_int_equal(metastore_table(m, "inventory", "products", 5000, &t, &e), 0);
	assert_true(str_starts(metastore_table_param(&t, "metadata_location"), "s3://lake/"));
	assert_string_equal(metastore_table_param(&t, "table_type"), "ICEBERG");
	assert_null(metastore_table_param(&t, "nosuch"));
	for (size_t i = 1; i < t.n; i++)
		assert_true(strcmp(t.params[i - 1].name, t.params[i].name) < 0);
	metastore_table_release(&t);
	stop(&f, m);
}

static void creates_only_what_is_not_there(void **state)
{
	struct err e = ERR_INIT;
	bool created = true;
	struct fake f;
	struct metastore *m = start_golden(&f, "databases");

	(void)state;
	go(&f);
	assert_int_equal(metastore_create_database(m, "inventory", "s3://lake/x.db", 5000, &created, &e), 0);
	assert_false(created);
	assert_null(memmem(f.asked.buf, f.asked.len, "create_database", 15));
	stop(&f, m);
}

static void tells_exceptions_apart(void **state)
{
	static const struct {
		const char *golden;
		enum err_kind kind;
		const char *says;
	} cases[] = {
		{"no-table", ERR_MISSING, "hive.inventory.nosuch table not found"},
		{"no-method", ERR_DATA, "Invalid method name: 'get_tabel'"},
		{"exists", ERR_DATA, "Database inventory already exists"}, /* exception 1 of get_table_req is a MetaException */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct metastore_table t;
		struct err e = ERR_INIT;
		struct fake f;
		struct metastore *m = start_golden(&f, cases[i].golden);

		go(&f);
		assert_int_equal(metastore_table(m, "inventory", "nosuch", 5000, &t, &e), -1);
		assert_int_equal(e.kind, cases[i].kind);
		assert_non_null(strstr(e.msg, cases[i].says));
		stop(&f, m);
	}
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void refuses_what_is_no_answer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool close_after;
		enum err_kind kind;
	} cases[] = {
		{BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"), true, ERR_RETRY},    /* malformed, but it hung up first or we saw it first */
		{BYTES("\x80\x01\0\2\0\0\0\1x\0\0\0\1\x0f\0\0\x0b\xff\xff\xff\xff"), false, ERR_DATA}, /* a list of -1 */
		{BYTES("\x80\x01\0\2\0\0\0\1x\0\0\0\1\x63\0\0"), false, ERR_DATA}, /* type 99 */
		{BYTES("\x80\x01\0\2\0\0\0\1x\0\0\0\1\x0f\0\0\x0b\0\0\0\2\0\0\0\1a"), false, ERR_TIMEOUT}, /* one of two */
		{BYTES("\x80\x01\0\2\0\0\0\1x\0\0\0\1\x0f\0\0\x08\0\0\0\1\0\0\0\1\0"), false, ERR_DATA}, /* numbers, not names */
		{BYTES("\x80\x01\0\2\0\0\0\1x\0\0\0\1\0"), false, ERR_DATA},        /* no value at all */
		{BYTES("\x80\x01"), true, ERR_RETRY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist names = {0};
		struct err e = ERR_INIT;
		struct fake f;
		struct metastore *m = start(&f, cases[i].bytes, cases[i].len);

		f.close_after = cases[i].close_after;
		go(&f);
		assert_int_equal(metastore_databases(m, 300, &names, &e), -1);
		if (i == 0)
			assert_true(e.kind == ERR_RETRY || e.kind == ERR_DATA);
		else
			assert_int_equal(e.kind, cases[i].kind);
		assert_int_equal(names.n, 0);
		assert_int_equal(metastore_databases(m, 300, &names, &e), -1); /* closed: says so and does not block */
		assert_int_equal(e.kind, ERR_RETRY);
		stop(&f, m);
	}
}

static void every_cut_is_short_not_malformed(void **state)
{
	scoped(strbuf_release) struct strbuf answer = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fsx_read("tests/golden/metastore/table.bin", &answer, &e), 0);
	for (size_t len = 0; len <= answer.len - 25; len++) {
		scoped_free char *copy = len ? memcpy(xmalloc(len), answer.buf + 25, len) : NULL; /* of exact size, for the sanitizer */
		struct reader r;

		reader_init(&r, copy, len);
		assert_true(thrift_skip(&r, THRIFT_STRUCT));
		assert_int_equal(r.bad, len < answer.len - 25);
	}
}

static void nesting_has_a_bound(void **state)
{
	char deep[4000];
	struct reader r;

	(void)state;
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 5 == 0 ? THRIFT_LIST : i % 5 == 4; /* lists of one list */
	reader_init(&r, deep, sizeof(deep));
	assert_false(thrift_skip(&r, THRIFT_LIST));
}

static void nobody_is_there(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(metastore_open("127.0.0.1", "1", 1000, &e));
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.msg, "connection refused on 127.0.0.1:1");
	assert_null(metastore_open("127.0.0.1", "port", 1000, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_and_reads_lists),
		cmocka_unit_test(reads_a_table),
		cmocka_unit_test(creates_only_what_is_not_there),
		cmocka_unit_test(tells_exceptions_apart),
		cmocka_unit_test(refuses_what_is_no_answer),
		cmocka_unit_test(every_cut_is_short_not_malformed),
		cmocka_unit_test(nesting_has_a_bound),
		cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
