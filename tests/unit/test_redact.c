/* redact: every secret of an installation is found and replaced, wherever it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redact.h"
#include "tiny_platform.h"

#include "banned.h"

static void occurrences(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"", ""},           {"nothing", "nothing"}, {"abc", "***"},    {"xabcx", "x***x"}, {"abcabc", "******"},
	    {"ab", "ab"},       {"aabcc", "a***c"},     {"abcdef", "***"}, /* the longer secret, not the one that it
									      begins with */
	    {"abcde", "***de"},
	};
	scoped(strlist_release) struct strlist values = {0};

	(void)state;
	strlist_add(&values, "abcdef");
	strlist_add(&values, "abc");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

		redact_add(&values, cases[i].text, strlen(cases[i].text), &out);
		assert_string_equal(out.buf, cases[i].expected);
	}
}

static void bytes_of_any_kind(void **state)
{
	scoped(strlist_release) struct strlist values = {0};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	(void)state;
	strlist_add(&values, "abc");
	redact_add(&values, "\0abc\0ab", 7, &out);
	assert_int_equal(out.len, 7);
	assert_memory_equal(out.buf, "\0***\0ab", 7);
}

static void all_secrets_of_an_installation(void **state)
{
	scoped(scratch_free) char *dir = scratch_new();
	scoped_free char *outside = fsx_join(dir, "outside"),
			 *site = xstrf("secrets: {alpha_admin: {file: %s}}\n", outside);
	scoped(strlist_release) struct strlist values = {0};
	scoped(platform_free_p) struct platform *p = NULL;
	struct err e = ERR_INIT;

	(void)state;
	tiny_write(dir);
	scratch_put(dir, "outside", "from-the-site\n");
	scratch_put(dir, "state/secrets/no_longer_named", "old");
	scratch_put(dir, "state/secrets/empty", "\n");
	p = tiny_load(dir, site, -1, &e);
	assert_non_null(p);
	redact_secrets(p, &values);
	assert_int_equal(values.n, 2);
	assert_string_equal(values.items[0], "from-the-site"); /* the longest first */
	assert_string_equal(values.items[1], "old");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(occurrences),
	    cmocka_unit_test(bytes_of_any_kind),
	    cmocka_unit_test(all_secrets_of_an_installation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
