/* apt: the form of apt.txt, choices, and which of them bring a JVM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "apt.h"
#include "fetch.h"
#include "fsx.h"
#include "runtimes.h"
#include "scoped.h"

#include "banned.h"

static void lists(void **state)
{
	static const struct {
		const char *text, *joined; /* NULL: refused */
	} cases[] = {
		{"", ""},
		{"# nothing\n\n", ""},
		{"postgresql\n", "postgresql"},
		{"postgresql # the server\nlibc6\n", "postgresql;libc6"},
		{"openjdk-17-jre-headless|openjdk-21-jre-headless", "openjdk-17-jre-headless | openjdk-21-jre-headless"},
		{" a1 |  b2 \t|c3\r\n", "a1 | b2 | c3"},
		{"aa\naa\n", "aa"},
		{"libstdc++6\n", "libstdc++6"},
		{"Upper\n", NULL},
		{"-option\n", NULL},
		{"a;rm\n", NULL},
		{"a\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strlist_release) struct strlist choices = {0};
		scoped_free char *joined = NULL;
		struct err e = ERR_INIT;
		int rc = apt_parse("apt.txt", cases[i].text, &choices, &e);

		if (!cases[i].joined) {
			assert_int_equal(rc, -1);
			assert_int_equal(e.kind, ERR_CONFIG);
			assert_true(strstr(e.msg, "apt.txt:1: ") == e.msg);
			continue;
		}
		assert_int_equal(rc, 0);
		joined = strlist_join(&choices, ";");
		assert_string_equal(joined, cases[i].joined);
	}
}

static void the_line_is_named(void **state)
{
	scoped(strlist_release) struct strlist choices = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(apt_parse("apt.txt", "good\n\n# fine\nba_d\n", &choices, &e), -1);
	assert_true(strstr(e.msg, "apt.txt:4: ") == e.msg);
}

static void choices_are_met(void **state)
{
	scoped(strlist_release) struct strlist installed = {0};

	(void)state;
	strlist_add(&installed, "bb");
	strlist_add(&installed, "dd");
	assert_true(apt_satisfied("bb", &installed));
	assert_true(apt_satisfied("aa | bb", &installed));
	assert_false(apt_satisfied("aa | b", &installed));
	assert_false(apt_satisfied("aa", &installed));
	assert_true(apt_brings_java("openjdk-17-jre-headless | openjdk-21-jre-headless", 21));
	assert_false(apt_brings_java("openjdk-17-jre-headless", 21));
	assert_false(apt_brings_java("openjdk-217-jre", 17));
}

static void dpkg_is_asked(void **state)
{
	scoped(strlist_release) struct strlist choices = {0}, installed = {0};
	scoped_free char *dpkg = fsx_which("dpkg-query");

	(void)state;
	if (!dpkg)
		skip();
	strlist_add(&choices, "no-such-package-here | dpkg");
	strlist_add(&choices, "nor-this-one");
	apt_installed(&choices, &installed);
	assert_int_equal(installed.n, 1);
	assert_string_equal(installed.items[0], "dpkg");
}

static void what_offline_says(void **state)
{
	struct platform p = {.paths = {.root = "/nonexistent", .cache = "/nonexistent"}};
	struct fetch_plan plan = {.platform = &p};
	struct fetch_opts opts = {.offline = true};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(fetch_apt(&plan, &opts, &e), 0); /* nothing to do */
	strlist_add(&plan.apt, "aa");
	strlist_add(&plan.apt, "bb | cc");
	assert_int_equal(fetch_apt(&plan, &opts, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_non_null(strstr(e.msg, "aa, bb | cc; and --offline"));
	assert_string_equal(e.remedy, "as root: apt-get install --no-install-recommends aa bb");
	strlist_release(&plan.apt);
}

static void go_versions(void **state)
{
	(void)state;
	assert_int_equal(runtimes_go_wanted("module x\n\ngo 1.26.0\n"), 1026);
	assert_int_equal(runtimes_go_wanted("module x\r\ngo 1.9\r\n"), 1009);
	assert_int_equal(runtimes_go_wanted("module go 1.2\n"), 0);
	assert_int_equal(runtimes_go_version("go1.27.3\n"), 1027);
	assert_int_equal(runtimes_go_version("devel"), 0);
	assert_true(runtimes_go_version("go1.9") < runtimes_go_version("go1.10"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists),         cmocka_unit_test(the_line_is_named), cmocka_unit_test(choices_are_met),
		cmocka_unit_test(dpkg_is_asked), cmocka_unit_test(what_offline_says), cmocka_unit_test(go_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
