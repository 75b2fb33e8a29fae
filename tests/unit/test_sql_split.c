/* sql_split: where statements end, in both dialects. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "sql_split.h"
#include "strbuf.h"

#include "banned.h"

/* The statements of a text, each in brackets; an unended one has an opening bracket only. */
static char *split_all(enum sql_dialect dialect, const char *text)
{
	struct strbuf out = STRBUF_INIT;
	size_t len = strlen(text);

	for (size_t at = 0; at < len;) {
		struct sql_piece p = sql_split(dialect, text + at, len - at);

		assert_true(p.next > 0 && p.next <= len - at);
		if (p.len || p.ended)
			strbuf_addf(&out, "[%.*s%s", (int)p.len, p.text, p.ended ? "]" : "");
		at += p.next;
	}
	return strbuf_detach(&out);
}

static void splits(void **state)
{
	static const struct {
		enum sql_dialect dialect;
		const char *text;
		const char *want;
	} cases[] = {
		{SQL_TRINO, "", ""},
		{SQL_TRINO, "  -- only words;\n", ""},
		{SQL_TRINO, "SELECT 1", "[SELECT 1"},
		{SQL_TRINO, "SELECT 1 ; SELECT 2;\n", "[SELECT 1][SELECT 2]"},
		{SQL_TRINO, ";;", "[][]"},
		{SQL_TRINO, "SELECT ';', 'it''s;' ; x", "[SELECT ';', 'it''s;'][x"},
		{SQL_TRINO, "SELECT \"a;b\"\"c;\" FROM \"t$snapshots\"; x;", "[SELECT \"a;b\"\"c;\" FROM \"t$snapshots\"][x]"},
		{SQL_TRINO, "/* a; */ SELECT /* ; */ 1 -- ;\n + 2; x", "[SELECT /* ; */ 1 -- ;\n + 2][x"},
		{SQL_TRINO, "SELECT 'never ends; x", "[SELECT 'never ends; x"},
		{SQL_TRINO, "SELECT 1 /* never ends; x", "[SELECT 1"},
		{SQL_TRINO, "SELECT '\\'; x", "[SELECT '\\'][x"},
		{SQL_POSTGRES, "SELECT E'\\';' ; x", "[SELECT E'\\';'][x"},
		{SQL_POSTGRES, "SELECT E'a''\\';' ; x", "[SELECT E'a''\\';'][x"},
		{SQL_POSTGRES, "SELECT '\\'; x", "[SELECT '\\'][x"},
		{SQL_POSTGRES, "/* a /* b; */ ; */ y; z", "[y][z"},
		{SQL_TRINO, "/* a /* b; */ y; z", "[y][z"},
		{SQL_POSTGRES, "DO $$ a; b; $$; x", "[DO $$ a; b; $$][x"},
		{SQL_POSTGRES, "DO $f$ a; $$ ; $f$; x", "[DO $f$ a; $$ ; $f$][x"},
		{SQL_POSTGRES, "SELECT $1; x$y$z; w", "[SELECT $1][x$y$z; w"},
		{SQL_TRINO, "DO $$ a; b", "[DO $$ a][b"},
		{SQL_POSTGRES, "SELECT 'é;ü'; x", "[SELECT 'é;ü'][x"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *got = split_all(cases[i].dialect, cases[i].text);

		assert_string_equal(got, cases[i].want);
	}
}

static void finds_places(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		int line, column;
	} cases[] = {{"abc", 0, 1, 1}, {"abc", 2, 1, 3}, {"a\nbc", 2, 2, 1}, {"a\nbc", 3, 2, 2}, {"é\nüx", 3, 2, 2}, {"ab", 99, 1, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int line, column;

		sql_place(cases[i].text, cases[i].at, &line, &column);
		assert_int_equal(line, cases[i].line);
		assert_int_equal(column, cases[i].column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(splits), cmocka_unit_test(finds_places)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
