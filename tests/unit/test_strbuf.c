/* strbuf: growth, NUL termination, quoting, byte counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static void an_empty_one_is_an_empty_string(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	char *text;

	(void)state;
	assert_string_equal(sb.buf, "");
	strbuf_reset(&sb);
	strbuf_setlen(&sb, 0);
	strbuf_rtrim(&sb);
	strbuf_addstr(&sb, "");
	assert_int_equal(sb.alloc, 0);
	text = strbuf_detach(&sb);
	assert_string_equal(text, "");
	free(text); /* detached is always the caller's, also when it was the shared one */
	strbuf_release(&sb);
	strbuf_release(&sb);
}

static void bytes_are_kept_and_terminated(void **state)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_add(&sb, "a\0b", 3);
	strbuf_addch(&sb, 'c');
	strbuf_addch(&sb, 0xff);
	assert_int_equal(sb.len, 5);
	assert_memory_equal(sb.buf, "a\0bc\xff", 6);
}

static void it_grows_without_losing_anything(void **state)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		strbuf_addch(&sb, 'a' + i % 26);
		assert_int_equal(sb.buf[sb.len], 0);
	}
	for (int i = 0; i < 100000; i++)
		assert_int_equal(sb.buf[i], 'a' + i % 26);
}

static void formatted_text_of_any_length(void **state)
{
	(void)state;
	for (int width = 1; width < 300; width++) {
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		strbuf_addstr(&sb, "x");
		strbuf_addf(&sb, "%*d", width, 7);
		assert_int_equal(sb.len, width + 1);
		assert_int_equal(sb.buf[sb.len - 1], '7');
		assert_int_equal(strlen(sb.buf), sb.len);
	}
}

static void cutting_and_resetting(void **state)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&sb, "abc");
	strbuf_setlen(&sb, 5);
	assert_string_equal(sb.buf, "abc");
	strbuf_setlen(&sb, 1);
	assert_string_equal(sb.buf, "a");
	strbuf_reset(&sb);
	assert_string_equal(sb.buf, "");
	strbuf_addstr(&sb, "again");
	assert_string_equal(sb.buf, "again");
}

static void detaching_hands_over(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	scoped_free char *text = NULL;

	(void)state;
	strbuf_addstr(&sb, "mine");
	text = strbuf_detach(&sb);
	assert_string_equal(text, "mine");
	assert_int_equal(sb.len, 0);
	assert_int_equal(sb.alloc, 0);
}

static void shell_words(void **state)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{"", "''"},
		{"plain-1.2_/path", "plain-1.2_/path"},
		{"two words", "'two words'"},
		{"it's", "'it'\\''s'"},
		{"$HOME", "'$HOME'"},
		{"a=b", "'a=b'"},
		{"~", "'~'"},
		{"new\nline", "'new\nline'"},
		{"ä", "'ä'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		strbuf_add_shell_quoted(&sb, cases[i].text);
		assert_string_equal(sb.buf, cases[i].quoted);
	}
}

static void byte_counts_for_people(void **state)
{
	static const struct {
		long long bytes;
		const char *text;
	} cases[] = {
		{0, "0 B"},           {512, "512 B"},         {999, "999 B"},          {1000, "1.0 kB"},
		{1440000, "1.4 MB"},  {9949999, "9.9 MB"},    {9960000, "10 MB"},      {999499, "999 kB"},
		{999600, "1.0 MB"},   {12000000000, "12 GB"}, {-1500, "-1.5 kB"},      {INT64_MAX, "9.2 EB"},
		{INT64_MIN, "-9.2 EB"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		strbuf_add_bytes(&sb, cases[i].bytes);
		assert_string_equal(sb.buf, cases[i].text);
	}
}

static void trailing_white_space_goes(void **state)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&sb, " a b \t\r\n\v\f");
	strbuf_rtrim(&sb);
	assert_string_equal(sb.buf, " a b");
	strbuf_reset(&sb);
	strbuf_addstr(&sb, "  ");
	strbuf_rtrim(&sb);
	assert_int_equal(sb.len, 0);
	strbuf_add(&sb, "a\0", 2);
	strbuf_rtrim(&sb);
	assert_int_equal(sb.len, 2); /* a NUL is no white space */
}

static void string_helpers(void **state)
{
	scoped_free char *part = xstrndup("abcdef", 3);
	scoped_free char *whole = xstrndup("ab", 10);
	scoped_free char *text = xstrf("%s-%03d", "x", 7);

	(void)state;
	assert_string_equal(part, "abc");
	assert_string_equal(whole, "ab");
	assert_string_equal(text, "x-007");
	assert_true(str_starts("abc", "ab"));
	assert_true(str_starts("abc", ""));
	assert_false(str_starts("ab", "abc"));
	assert_true(str_ends("abc", "bc"));
	assert_false(str_ends("c", "bc"));
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_false(str_eq("a", "b"));
	assert_true(str_eq(part, "abc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_one_is_an_empty_string),
		cmocka_unit_test(bytes_are_kept_and_terminated),
		cmocka_unit_test(it_grows_without_losing_anything),
		cmocka_unit_test(formatted_text_of_any_length),
		cmocka_unit_test(cutting_and_resetting),
		cmocka_unit_test(detaching_hands_over),
		cmocka_unit_test(shell_words),
		cmocka_unit_test(byte_counts_for_people),
		cmocka_unit_test(trailing_white_space_goes),
		cmocka_unit_test(string_helpers),
	};

	return cmocka_run_group_tests_name("strbuf", tests, NULL, NULL);
}
