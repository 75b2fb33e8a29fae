/* err: kinds, exit codes, one line, remedies, truncation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"

#include "banned.h"

static void set_fills_and_returns_failure(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(err_set(&e, ERR_DATA, "record %d", 7), -1);
	assert_int_equal(e.kind, ERR_DATA);
	assert_string_equal(e.msg, "record 7");
	assert_string_equal(e.remedy, "");
}

static void set_drops_an_older_remedy(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_MISSING, "no tool");
	assert_int_equal(err_remedy(&e, "install %s", "it"), -1);
	assert_string_equal(e.remedy, "install it");
	err_set(&e, ERR_DATA, "other");
	assert_string_equal(e.remedy, "");
}

static void messages_may_quote_themselves(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_DATA, "cause");
	err_set(&e, ERR_FATAL, "%s again", e.msg);
	assert_string_equal(e.msg, "cause again");
	assert_int_equal(err_prefix(&e, "in %s", "file"), -1);
	assert_string_equal(e.msg, "in file: cause again");
	assert_int_equal(e.kind, ERR_FATAL);
}

static void prefix_keeps_the_remedy(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_CONFIG, "bad");
	err_remedy(&e, "do this");
	err_prefix(&e, "file");
	assert_string_equal(e.remedy, "do this");
}

static void sys_appends_errno_and_preserves_it(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, ERR_MISSING, "cannot read %s", "x"), -1);
	assert_int_equal(errno, ENOENT);
	assert_string_equal(e.msg, "cannot read x: No such file or directory");
}

static void text_is_one_line(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	err_set(&e, ERR_DATA, "a\nb\tc\033[1m\x7f" "d");
	assert_string_equal(e.msg, "a b c [1m d");
	err_remedy(&e, "x\r\ny");
	assert_string_equal(e.remedy, "x  y");
	err_prefix(&e, "p\nq");
	assert_string_equal(e.msg, "p q: a b c [1m d");
}

static void long_text_is_cut_between_characters(void **state)
{
	struct err e = ERR_INIT;
	char text[2 * sizeof(e.msg)];

	(void)state;
	/* "x" and then two-byte characters: the limit falls into the middle of one. */
	text[0] = 'x';
	for (size_t i = 1; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "ä", 3);
	err_set(&e, ERR_DATA, "%s", text + 1);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 2);
	assert_memory_equal(e.msg + strlen(e.msg) - 2, "ä", 2);
	err_set(&e, ERR_DATA, "%s", text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	err_prefix(&e, "y");
	assert_true(strlen(e.msg) < sizeof(e.msg));
	assert_memory_equal(e.msg + strlen(e.msg) - 2, "ä", 2);
	err_remedy(&e, "%s", text);
	assert_int_equal(strlen(e.remedy), sizeof(e.remedy) - 1);
}

static void exit_codes_and_names_are_the_documented_ones(void **state)
{
	static const struct {
		enum err_kind kind;
		int code;
		const char *name;
	} cases[] = {
		{ERR_NONE, 0, "none"},       {ERR_NO, 1, "no"},           {ERR_USAGE, 2, "usage"},
		{ERR_CONFIG, 3, "config"},   {ERR_MISSING, 4, "missing"}, {ERR_SERVICE, 5, "service"},
		{ERR_RETRY, 5, "retry"},     {ERR_CONFLICT, 5, "conflict"}, {ERR_DATA, 5, "data"},
		{ERR_TIMEOUT, 6, "timeout"}, {ERR_FATAL, 7, "fatal"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = {.kind = cases[i].kind};

		assert_int_equal(err_exit_code(&e), cases[i].code);
		assert_string_equal(err_kind_name(cases[i].kind), cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_and_returns_failure),
		cmocka_unit_test(set_drops_an_older_remedy),
		cmocka_unit_test(messages_may_quote_themselves),
		cmocka_unit_test(prefix_keeps_the_remedy),
		cmocka_unit_test(sys_appends_errno_and_preserves_it),
		cmocka_unit_test(text_is_one_line),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(exit_codes_and_names_are_the_documented_ones),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
