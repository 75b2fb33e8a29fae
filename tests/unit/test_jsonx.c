/* jsonx: errors with their place and without the text, paths, stable output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

static json_t *parse(const char *text)
{
	struct err e = ERR_INIT;
	json_t *json = jsonx_parse(text, strlen(text), &e);

	assert_non_null(json);
	return json;
}

static void any_value_is_a_document(void **state)
{
	static const char *const texts[] = {"{}", "[]", "\"x\"", "1", "1.5", "true", "null", " {\"a\": [1, {\"b\": null}]} "};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		scoped(json_decref_p) json_t *json = parse(texts[i]);

		assert_non_null(json);
	}
}

static void errors_say_where_but_not_what(void **state)
{
	static const struct {
		const char *text, *place;
	} cases[] = {
		{"", "line 1, column 0"},
		{"{\"a\": 1,\n \"b\" secret}", "line 2"},
		{"[1, 2", "line 1"},
		{"{} secret", "line 1"},
		{"\"\xff\"", "line 1"},
		{"nul", "line 1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(jsonx_parse(cases[i].text, strlen(cases[i].text), &e));
		assert_int_equal(e.kind, ERR_DATA);
		assert_non_null(strstr(e.msg, cases[i].place));
		assert_null(strstr(e.msg, "secret"));
	}
}

static void the_length_counts(void **state)
{
	struct err e = ERR_INIT;
	scoped(json_decref_p) json_t *json = jsonx_parse("12345", 2, &e);

	(void)state;
	assert_int_equal(json_integer_value(json), 12);
}

static void reading_by_path(void **state)
{
	scoped(json_decref_p) json_t *json = parse(
		"{\"name\":\"c\",\"n\":7,\"r\":1.5,\"yes\":true,\"no\":false,\"nil\":null,"
		"\"tasks\":[{\"state\":\"RUNNING\"},{\"state\":\"FAILED\"}],\"a\":{\"b\":{\"c\":\"deep\"}},\"\":{\"x\":1}}");

	(void)state;
	assert_string_equal(jsonx_str(json, "name", "-"), "c");
	assert_string_equal(jsonx_str(json, "a.b.c", "-"), "deep");
	assert_string_equal(jsonx_str(json, "tasks.1.state", "-"), "FAILED");
	assert_string_equal(jsonx_str(json, "tasks.2.state", "-"), "-");
	assert_string_equal(jsonx_str(json, "tasks.x.state", "-"), "-");
	assert_string_equal(jsonx_str(json, "tasks.-1.state", "-"), "-");
	assert_string_equal(jsonx_str(json, "n", "-"), "-");
	assert_string_equal(jsonx_str(json, "nil", "-"), "-");
	assert_string_equal(jsonx_str(json, "name.x", "-"), "-");
	assert_null(jsonx_str(json, "absent", NULL));
	assert_int_equal(jsonx_int(json, "n", -1), 7);
	assert_int_equal(jsonx_int(json, "r", -1), -1);
	assert_int_equal(jsonx_int(json, "name", -1), -1);
	assert_true(jsonx_real(json, "r", 0) == 1.5);
	assert_true(jsonx_real(json, "n", 0) == 7.0);
	assert_true(jsonx_real(json, "name", 2.5) == 2.5);
	assert_true(jsonx_bool(json, "yes", false));
	assert_false(jsonx_bool(json, "no", true));
	assert_true(jsonx_bool(json, "n", true));
	assert_ptr_equal(jsonx_get(json, ""), json);
	assert_null(jsonx_get(NULL, "a"));
	assert_null(jsonx_get(json, "a.b.c.d"));
}

static void output_on_one_line(void **state)
{
	static const struct {
		const char *text, *as_built, *sorted;
	} cases[] = {
		{" { \"b\" : 1 , \"a\" : [ true , null ] } ", "{\"b\":1,\"a\":[true,null]}", "{\"a\":[true,null],\"b\":1}"},
		{"\"a\\nb\"", "\"a\\nb\"", "\"a\\nb\""},
		{"9223372036854775807", "9223372036854775807", "9223372036854775807"},
		{"\"ä\"", "\"ä\"", "\"ä\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(json_decref_p) json_t *json = parse(cases[i].text);
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

		strbuf_addstr(&out, ">");
		jsonx_dump(json, JSONX_AS_BUILT, &out);
		assert_string_equal(out.buf + 1, cases[i].as_built);
		strbuf_reset(&out);
		jsonx_dump(json, JSONX_SORTED, &out);
		assert_string_equal(out.buf, cases[i].sorted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_value_is_a_document),
		cmocka_unit_test(errors_say_where_but_not_what),
		cmocka_unit_test(the_length_counts),
		cmocka_unit_test(reading_by_path),
		cmocka_unit_test(output_on_one_line),
	};

	return cmocka_run_group_tests_name("jsonx", tests, NULL, NULL);
}
