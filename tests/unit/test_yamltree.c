/* yamltree: values, places, and what is refused. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "strbuf.h"
#include "yamltree.h"

#include "banned.h"

static struct ynode *parse(const char *text, struct err *e)
{
	return ynode_parse("f.yaml", text, strlen(text), e);
}

static void values_and_places(void **state)
{
	struct err e = ERR_INIT;
	scoped(ynode_free_p) struct ynode *root = parse("a: one\nb:\n  - x\n  - {c: 'two', d: 3}\n", &e);
	const struct ynode *list;

	(void)state;
	assert_non_null(root);
	assert_string_equal(ynode_text(root, "a"), "one");
	list = ynode_get(root, "b");
	assert_int_equal(list->kind, YNODE_LIST);
	assert_int_equal(list->n, 2);
	assert_int_equal(list->key_line, 2);
	assert_int_equal(list->key_column, 1);
	assert_int_equal(list->items[0]->line, 3);
	assert_int_equal(list->items[0]->column, 5);
	assert_true(ynode_get(list->items[1], "c")->quoted);
	assert_false(ynode_get(list->items[1], "d")->quoted);
	assert_int_equal(ynode_get(list->items[1], "d")->column, 19);
	assert_null(ynode_get(root, "z"));
	assert_null(ynode_get(NULL, "a"));
	assert_null(ynode_get(list, "a"));
	assert_null(ynode_text(root, "b"));
}

static void many_entries(void **state)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text, "k%d: %d\n", i, i);
	scoped(ynode_free_p) struct ynode *root = parse(text.buf, &e);

	assert_non_null(root);
	assert_int_equal(root->n, 1000);
	assert_string_equal(ynode_text(root, "k999"), "999");
}

static void nothing_is_an_empty_map(void **state)
{
	static const char *const texts[] = {"", "# only a comment\n", "---\n", "---\n...\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;
		scoped(ynode_free_p) struct ynode *root = parse(texts[i], &e);

		assert_non_null(root);
		assert_int_equal(root->kind, YNODE_MAP);
		assert_int_equal(root->n, 0);
	}
}

static void faults_have_a_place(void **state)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
	    {"a: 1\na: 2\n", "f.yaml:2:1: the key a is there twice"},
	    {"a: &x 1\nb: *x\n", "f.yaml:2:4: an alias; write the value out"},
	    {"a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document; one file holds one"},
	    {"? [a]\n: 1\n", "f.yaml:1:3: a key must be a plain word"},
	    {"a: \"\\0\"\n", "f.yaml:1:4: a NUL character"},
	    {"a: [1, 2\n", "f.yaml:2:1: "},
	    {"a: b: c\n", "f.yaml:1:5: "},
	    {"\ta: 1\n", "f.yaml:1:1: "},
	    {"a: \xff\n", "f.yaml:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(parse(cases[i].text, &e));
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_true(e.remedy[0] != '\0');
		if (!str_starts(e.msg, cases[i].msg))
			fail_msg("case %zu: \"%s\" does not begin with \"%s\"", i, e.msg, cases[i].msg);
	}
}

static void depth_is_bounded(void **state)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 10000; i++)
		strbuf_addch(&text, '[');
	assert_null(parse(text.buf, &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "nested too deeply"));
}

static void integers(void **state)
{
	static const struct {
		const char *text;
		long long min, max, value;
		const char *msg; /* NULL: fine */
	} cases[] = {
	    {"n: 7", 0, 10, 7, NULL},
	    {"n: -7", -10, 10, -7, NULL},
	    {"n: 10", 0, 10, 10, NULL},
	    {"n: 11", 0, 10, 0, "f.yaml:1:4: `n` must be between 0 and 10, not 11"},
	    {"n: 7x", 0, 10, 0, "f.yaml:1:4: `n` must be an integer, not \"7x\""},
	    {"n: ''", 0, 10, 0, "f.yaml:1:4: `n` must be an integer, not \"\""},
	    {"n: 99999999999999999999", LLONG_MIN, LLONG_MAX, 0, "f.yaml:1:4: `n` must be an integer"},
	    {"n: [1]", 0, 10, 0, "f.yaml:1:4: `n` must be a single value, not a list"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		scoped(ynode_free_p) struct ynode *root = parse(cases[i].text, &e);
		long long v = 4711;
		int rc = ynode_int(ynode_get(root, "n"), cases[i].min, cases[i].max, &v, &e);

		assert_int_equal(rc, cases[i].msg ? -1 : 0);
		assert_int_equal(v, cases[i].msg ? 4711 : cases[i].value);
		if (cases[i].msg)
			assert_true(str_starts(e.msg, cases[i].msg));
	}
}

static void booleans(void **state)
{
	struct err e = ERR_INIT;
	scoped(ynode_free_p) struct ynode *root = parse("t: true\nf: false\nx: yes\n", &e);
	bool v = false;

	(void)state;
	assert_int_equal(ynode_bool(ynode_get(root, "t"), &v, &e), 0);
	assert_true(v);
	assert_int_equal(ynode_bool(ynode_get(root, "f"), &v, &e), 0);
	assert_false(v);
	assert_int_equal(ynode_bool(ynode_get(root, "x"), &v, &e), -1);
	assert_string_equal(e.msg, "f.yaml:3:4: `x` must be true or false, not \"yes\"");
}

static void unknown_keys(void **state)
{
	static const char *const known[] = {"memory_mb", "name", NULL};
	struct err e = ERR_INIT;
	scoped(ynode_free_p) struct ynode *near = parse("name: x\nmemroy_mb: 1\n", &e),
					  *far = parse("qqqqqqq: 1\n", &e);

	(void)state;
	assert_int_equal(ynode_known_keys(near, known, &e), -1);
	assert_string_equal(e.msg, "f.yaml:2:1: unknown key `memroy_mb`");
	assert_string_equal(e.remedy, "did you mean `memory_mb`?");
	assert_int_equal(ynode_known_keys(far, known, &e), -1);
	assert_string_equal(e.remedy, "known here: memory_mb, name");
	assert_int_equal(ynode_known_keys(near->items[0], known, &e), -1);
	assert_non_null(strstr(e.msg, "must be a map"));
}

static void a_missing_file(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_null(ynode_load("/nonexistent/f.yaml", &e));
	assert_int_equal(e.kind, ERR_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_and_places),
	    cmocka_unit_test(many_entries),
	    cmocka_unit_test(nothing_is_an_empty_map),
	    cmocka_unit_test(faults_have_a_place),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(integers),
	    cmocka_unit_test(booleans),
	    cmocka_unit_test(unknown_keys),
	    cmocka_unit_test(a_missing_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
