/* strlist: argv form, splitting, joining, nearest word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "strlist.h"

#include "banned.h"

static void it_is_an_argv(void **state)
{
	scoped(strlist_release) struct strlist l = {0};

	(void)state;
	assert_null(l.items);
	for (size_t i = 0; i < 100; i++) {
		strlist_addf(&l, "item%zu", i);
		assert_int_equal(l.n, i + 1);
		assert_null(l.items[l.n]);
	}
	assert_string_equal(l.items[0], "item0");
	assert_string_equal(l.items[99], "item99");
	strlist_release(&l);
	assert_int_equal(l.n, 0);
	strlist_add(&l, "again");
	assert_string_equal(l.items[0], "again");
}

static void unique_additions(void **state)
{
	scoped(strlist_release) struct strlist l = {0};

	(void)state;
	assert_false(strlist_has(&l, "a"));
	assert_true(strlist_add_unique(&l, "a"));
	assert_false(strlist_add_unique(&l, "a"));
	assert_true(strlist_add_unique(&l, "A"));
	assert_int_equal(l.n, 2);
	assert_true(strlist_has(&l, "A"));
}

static void splitting_and_joining(void **state)
{
	static const struct {
		const char *text, *seps, *joined;
		size_t n;
	} cases[] = {
		{"", ",", "", 0},          {",", ",", "", 0},           {"a", ",", "a", 1},
		{"a,b", ",", "a|b", 2},    {",a,,b,", ",", "a|b", 2},   {"a b,c", ", ", "a|b|c", 3},
		{"a:b", ",", "a:b", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist l = {0};
		scoped_free char *joined = NULL;

		strlist_split(&l, cases[i].text, cases[i].seps);
		assert_int_equal(l.n, cases[i].n);
		joined = strlist_join(&l, "|");
		assert_string_equal(joined, cases[i].joined);
	}
}

static void sorting_is_by_bytes(void **state)
{
	scoped(strlist_release) struct strlist l = {0};
	scoped_free char *joined = NULL;

	(void)state;
	strlist_sort(&l);
	strlist_split(&l, "b a B ab", " ");
	strlist_sort(&l);
	joined = strlist_join(&l, " ");
	assert_string_equal(joined, "B a ab b");
}

static void the_nearest_word(void **state)
{
	static const struct {
		const char *word, *nearest;
	} cases[] = {
		{"kafka", "kafka"},     {"kakfa", "kafka"},   {"kafk", "kafka"},      {"postgress", "postgres"},
		{"postgers", "postgres"}, {"stauts", "status"}, {"up", "up"},         {"u", "up"},
		{"pu", "up"},           {"xx", NULL},         {"completely", NULL},   {"", NULL},
		{"kxxka", NULL}, /* two edits in five letters are no slip */
	};
	scoped(strlist_release) struct strlist known = {0};
	const struct strlist none = {0};

	(void)state;
	strlist_split(&known, "postgres kafka status up down", " ");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *nearest = strlist_nearest(&known, cases[i].word);

		if (cases[i].nearest)
			assert_string_equal(nearest, cases[i].nearest);
		else
			assert_null(nearest);
	}
	assert_null(strlist_nearest(&none, "kafka"));
}

static void the_nearest_is_not_merely_a_near_one(void **state)
{
	scoped(strlist_release) struct strlist known = {0};

	(void)state;
	strlist_split(&known, "connection connector", " ");
	assert_string_equal(strlist_nearest(&known, "conector"), "connector");
	assert_string_equal(strlist_nearest(&known, "conection"), "connection");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_an_argv),
		cmocka_unit_test(unique_additions),
		cmocka_unit_test(splitting_and_joining),
		cmocka_unit_test(sorting_is_by_bytes),
		cmocka_unit_test(the_nearest_word),
		cmocka_unit_test(the_nearest_is_not_merely_a_near_one),
	};

	return cmocka_run_group_tests_name("strlist", tests, NULL, NULL);
}
