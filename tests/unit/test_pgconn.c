/* pgconn: quoting, and servers that are not there or do not answer. (What needs a PostgreSQL is tested with the platform.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "clk.h"
#include "pgconn.h"
#include "scoped.h"

#include "banned.h"

static void quotes(void **state)
{
	static const struct {
		const char *in, *literal, *identifier;
	} cases[] = {
		{"", "''", "\"\""},
		{"plain", "'plain'", "\"plain\""},
		{"it's", "'it''s'", "\"it's\""},
		{"a\"b", "'a\"b'", "\"a\"\"b\""},
		{"c:\\x'", " E'c:\\\\x'''", "\"c:\\x'\""},
		{"'; DROP TABLE t; --", "'''; DROP TABLE t; --'", "\"'; DROP TABLE t; --\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf literal = STRBUF_INIT, identifier = STRBUF_INIT;

		pgconn_add_literal(&literal, cases[i].in);
		pgconn_add_identifier(&identifier, cases[i].in);
		assert_string_equal(literal.buf, cases[i].literal);
		assert_string_equal(identifier.buf, cases[i].identifier);
	}
}

static void says_who_is_not_there(void **state)
{
	const struct pgconn_target to = {"127.0.0.1", "1", "db", "user", "hidden", NULL};
	struct pgconn c = PGCONN_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(pgconn_open(&c, &to, 2000, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.msg, "connection refused on 127.0.0.1:1");
	assert_false(pgconn_alive(&c));
	assert_null(pgconn_query(&c, "SELECT 1", 0, NULL, 100, &e));
	assert_int_equal(e.kind, ERR_RETRY);
	pgconn_close(&c);
}

/* Accepts, and never says a word. */
static void does_not_wait_for_ever(void **state)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	scoped_close int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(a);
	struct pgconn c = PGCONN_INIT;
	struct err e = ERR_INIT;
	int64_t began_ms = clk_mono_ms();
	char port[8];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	getsockname(fd, (struct sockaddr *)&a, &len);
	snprintf(port, sizeof(port), "%d", ntohs(a.sin_port));
	assert_int_equal(pgconn_open(&c, &(struct pgconn_target){"127.0.0.1", port, "db", "user", "hidden", NULL}, 200, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "did not answer within 200 ms"));
	assert_null(strstr(e.msg, "hidden"));
	assert_true(clk_mono_ms() - began_ms < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes),
		cmocka_unit_test(says_who_is_not_there),
		cmocka_unit_test(does_not_wait_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
