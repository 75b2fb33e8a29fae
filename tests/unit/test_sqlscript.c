/* sqlscript: what is replaced and what is not, where statements end, the lines of errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "sqlscript.h"

#include "banned.h"

static const struct sqlscript_var vars[] = {
	{"pw", "it's"}, {"name", "we\"ird"}, {"path", "a\\b"}, {"empty", ""}, {NULL, NULL},
};

static void replaces_only_what_psql_would(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{"SELECT :'pw'", "SELECT 'it''s'"},
		{"SELECT :\"name\"", "SELECT \"we\"\"ird\""},
		{"SELECT :'path'", "SELECT  E'a\\\\b'"},
		{"SELECT :'empty'", "SELECT ''"},
		{"SELECT ':''pw''', :'pw'", "SELECT ':''pw''', 'it''s'"},
		{"SELECT E'\\':\\'' || :'pw'", "SELECT E'\\':\\'' || 'it''s'"},
		{"SELECT 'a\\' || :'pw'", "SELECT 'a\\' || 'it''s'"}, /* no escape in a plain literal */
		{"SELECT E'a''\\'' || :'pw'", "SELECT E'a''\\'' || 'it''s'"}, /* one literal, with an escape in its second half */
		{"SELECT \":'pw'\"", "SELECT \":'pw'\""},
		{"SELECT 1 -- :'nosuch'\n+ 2", "SELECT 1 -- :'nosuch'\n+ 2"},
		{"SELECT /* :'nosuch' /* nested */ ' */ 1", "SELECT /* :'nosuch' /* nested */ ' */ 1"},
		{"SELECT $$ :'nosuch' $$, :'pw'", "SELECT $$ :'nosuch' $$, 'it''s'"},
		{"DO $x$ $$ ; :'nosuch' $y$ $x$", "DO $x$ $$ ; :'nosuch' $y$ $x$"},
		{"SELECT $1, :'pw'", "SELECT $1, 'it''s'"},
		{"SELECT a$b$ FROM t", "SELECT a$b$ FROM t"}, /* a name may hold dollars */
		{"SELECT '1'::text, x::\"T\"", "SELECT '1'::text, x::\"T\""},
		{"SELECT a[1:2], f(x := 'y')", "SELECT a[1:2], f(x := 'y')"},
		{"SELECT :pw", "SELECT :pw"},
		{"SELECT :'p w'", "SELECT :'p w'"},
		{"SELECT U&'d\\0061', x'1F', e'\\''", "SELECT U&'d\\0061', x'1F', e'\\''"},
		{"SELECT 'a''b', \"c\"\"d\"", "SELECT 'a''b', \"c\"\"d\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(sqlscript_release) struct sqlscript s = {0};
		struct err e = ERR_INIT;

		assert_int_equal(sqlscript_parse("f", cases[i].in, vars, &s, &e), 0);
		assert_int_equal(s.n, 1);
		assert_string_equal(s.items[0].text, cases[i].out);
	}
}

static void cuts_where_psql_does(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		int lines[4];
	} cases[] = {
		{"", 0, {0}},
		{" ;; -- nothing\n;/* ; */", 0, {0}},
		{"SELECT 1", 1, {1}},
		{"SELECT 1;\n\n-- two\n  SELECT 2;\n", 2, {1, 4}},
		{"SELECT ';';SELECT \";\";\nSELECT $$;$$", 3, {1, 1, 2}},
		{"CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", 2, {1, 1}},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END; SELECT 2", 2, {1, 1}},
		{"create or replace procedure p()\nbegin atomic\n insert into t values (1);\nend;\nCALL p()", 2, {1, 5}},
		{"BEGIN; SELECT CASE WHEN 1=1 THEN 2 END; END", 3, {1, 1, 1}},
		{"/* a\nb */ SELECT 'x\ny';\nSELECT 2", 2, {2, 4}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(sqlscript_release) struct sqlscript s = {0};
		struct err e = ERR_INIT;

		assert_int_equal(sqlscript_parse("f", cases[i].in, vars, &s, &e), 0);
		assert_int_equal(s.n, cases[i].n);
		for (size_t k = 0; k < s.n; k++)
			assert_int_equal(s.items[k].line, cases[i].lines[k]);
	}
}

static void names_the_place_of_what_is_wrong(void **state)
{
	static const struct {
		const char *in, *says;
	} cases[] = {
		{"SELECT 1;\nSELECT :'pww'", "f.sql:2: there is no variable 'pww'"},
		{"SELECT 1;\n\nSELECT 'open", "f.sql:3: a string literal is not closed"},
		{"SELECT E'open\\'", "f.sql:1: a string literal is not closed"},
		{"SELECT \"open", "f.sql:1: a quoted identifier is not closed"},
		{"\n/* /* */", "f.sql:2: a comment is not closed"},
		{"DO $a$ $b$", "f.sql:1: a dollar quote is not closed"},
		{"\nSELECT (1;\nSELECT 2", "f.sql:2: a parenthesis of the statement that begins here is not closed"},
		{"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;", "f.sql:1: the body of the routine that begins here has no END"},
		{"SELECT 1;\n\\set x 1", "f.sql:2: commands of psql (\\…) do not exist here"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(sqlscript_release) struct sqlscript s = {0};
		struct err e = ERR_INIT;

		assert_int_equal(sqlscript_parse("f.sql", cases[i].in, vars, &s, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_string_equal(e.msg, cases[i].says);
	}
	struct err e = ERR_INIT;
	scoped(sqlscript_release) struct sqlscript s = {0};

	sqlscript_parse("f.sql", "SELECT :'nam'", vars, &s, &e);
	assert_string_equal(e.remedy, "did you mean 'name'?");
}

static void finds_lines_by_character(void **state)
{
	struct sqlscript_statement s = {.text = (char *)"é\nü x\n\nz", .line = 10};

	(void)state;
	assert_int_equal(sqlscript_line(&s, 0), 10);
	assert_int_equal(sqlscript_line(&s, 1), 10);
	assert_int_equal(sqlscript_line(&s, 2), 10); /* the line's end belongs to it */
	assert_int_equal(sqlscript_line(&s, 3), 11);
	assert_int_equal(sqlscript_line(&s, 5), 11);
	assert_int_equal(sqlscript_line(&s, 8), 13);
	assert_int_equal(sqlscript_line(&s, 1000), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replaces_only_what_psql_would),
		cmocka_unit_test(cuts_where_psql_does),
		cmocka_unit_test(names_the_place_of_what_is_wrong),
		cmocka_unit_test(finds_lines_by_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
