/* settings: types, bounds, choices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "settings.h"
#include "strbuf.h"

#include "banned.h"

static int load(const char *text, struct settings *l, struct err *e)
{
	scoped(ynode_free_p) struct ynode *root = ynode_parse("s.yaml", text, strlen(text), e);

	assert_non_null(root);
	return settings_parse(l, root, e);
}

static void types_follow_from_the_default(void **state)
{
	scoped(settings_release) struct settings l = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(load("i: {default: 5, help: h}\nb: {default: true, help: h}\nt: {default: abc, help: h}\n"
			      "q: {default: '5', help: h}\ne: {default: '', help: h}\nv: {default: 1.5, help: h}\n",
			      &l, &e),
			 0);
	assert_int_equal(l.n, 6);
	assert_int_equal(settings_find(&l, "i")->type, SETTING_INT);
	assert_int_equal(settings_find(&l, "b")->type, SETTING_BOOL);
	assert_int_equal(settings_find(&l, "t")->type, SETTING_TEXT);
	assert_int_equal(settings_find(&l, "q")->type, SETTING_TEXT);
	assert_int_equal(settings_find(&l, "e")->type, SETTING_TEXT);
	assert_int_equal(settings_find(&l, "v")->type, SETTING_TEXT);
	assert_string_equal(settings_find(&l, "i")->value, "5");
	assert_string_equal(settings_find(&l, "i")->default_value, "5");
	assert_null(settings_find(&l, "z"));
}

static void bad_descriptions(void **state)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
	    {"i: {default: 5}", "s.yaml:1:4: the setting `i` needs `default` and `help`"},
	    {"i: {help: h}", "s.yaml:1:4: the setting `i` needs `default` and `help`"},
	    {"i: {default: 5, help: h, mni: 1}", "s.yaml:1:26: unknown key `mni`"},
	    {"i: {default: 5, min: 6, help: h}", "s.yaml:1:14: `i` is out of bounds: 5"},
	    {"i: {default: 5, max: many, help: h}", "s.yaml:1:22: `max` must be an integer"},
	    {"t: {default: a, one_of: [b, c], help: h}", "s.yaml:1:14: `t` cannot be \"a\""},
	    {"t: {default: a, one_of: a, help: h}", "s.yaml:1:25: `one_of` must be a list"},
	    {"t: {default: [a], help: h}", "s.yaml:1:4: the setting `t` needs"},
	    {"t: 5", "s.yaml:1:4: `t` must be a map"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(settings_release) struct settings l = {0};
		struct err e = ERR_INIT;

		assert_int_equal(load(cases[i].text, &l, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		if (!str_starts(e.msg, cases[i].msg))
			fail_msg("case %zu: \"%s\" does not begin with \"%s\"", i, e.msg, cases[i].msg);
	}
}

static void setting_values(void **state)
{
	static const struct {
		const char *name, *value;
		const char *msg, *remedy; /* NULL: fine */
	} cases[] = {
	    {"i", "1", NULL, NULL},
	    {"i", "10", NULL, NULL},
	    {"i", "0", "`i` is out of bounds: 0", "choose a value from 1 to 10"},
	    {"i", "11", "`i` is out of bounds: 11", "choose a value from 1 to 10"},
	    {"i", "5 MB", "`i` must be an integer, not \"5 MB\"", ""},
	    {"i", "", "`i` must be an integer, not \"\"", ""},
	    {"i", "99999999999999999999", "`i` must be an integer, not \"99999999999999999999\"", ""},
	    {"low", "0", "`low` is out of bounds: 0", "choose at least 1"},
	    {"high", "11", "`high` is out of bounds: 11", "choose at most 10"},
	    {"b", "false", NULL, NULL},
	    {"b", "no", "`b` must be true or false, not \"no\"", ""},
	    {"t", "json", NULL, NULL},
	    {"t", "xml", "`t` cannot be \"xml\"", "choose one of: avro, json"},
	};
	scoped(settings_release) struct settings l = {0};
	struct err loading = ERR_INIT;

	(void)state;
	assert_int_equal(load("i: {default: 5, min: 1, max: 10, help: h}\nlow: {default: 5, min: 1, help: h}\n"
			      "high: {default: 5, max: 10, help: h}\nb: {default: true, help: h}\n"
			      "t: {default: avro, one_of: [avro, json], help: h}\n",
			      &l, &loading),
			 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct setting *s = settings_find(&l, cases[i].name);
		scoped_free char *before = xstrdup(s->value);
		struct err e = ERR_INIT;

		assert_int_equal(setting_set(s, cases[i].value, &e), cases[i].msg ? -1 : 0);
		assert_string_equal(s->value, cases[i].msg ? before : cases[i].value);
		assert_string_equal(e.msg, cases[i].msg ? cases[i].msg : "");
		assert_string_equal(e.remedy, cases[i].remedy ? cases[i].remedy : "");
	}
	assert_string_equal(settings_find(&l, "i")->default_value, "5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(types_follow_from_the_default),
	    cmocka_unit_test(bad_descriptions),
	    cmocka_unit_test(setting_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
