/* lockfile: the format, what it refuses, and the comparison with a repository on disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fsx.h"
#include "lockfile.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void names(void **state)
{
	static const char *const cases[][2] = {
		{"pom.xml", "pom.lock"}, {"hadoop.pom.xml", "hadoop.pom.lock"}, {"pom", "pom.lock"}, {"a.xml.xml", "a.xml.lock"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *name = lockfile_name(cases[i][0]);

		assert_string_equal(name, cases[i][1]);
	}
}

static void good_locks(void **state)
{
	scoped(lockfile_release) struct lockfile l = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(lockfile_parse(&l, "x", "# comment\n\n" A " 12 a/b/c.jar\n  " B "\t5000000000  d.jar\r\n", &e), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.items[0].sha256, A);
	assert_int_equal(l.items[0].bytes, 12);
	assert_string_equal(l.items[0].path, "a/b/c.jar");
	assert_true(l.items[1].bytes == 5000000000LL);
	assert_string_equal(l.items[1].path, "d.jar");
	assert_true(lockfile_total_bytes(&l) == 5000000012LL);
}

static void bad_locks(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "names no file"},
		{"# only a comment\n", "names no file"},
		{A " 12\n", "x:1: expected"},
		{A " 12 a b\n", "x:1: expected"},
		{"\n\nabc 12 a\n", "x:3: the first word"},
		{"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA 1 a\n", "x:1: the first word"},
		{A " -1 a\n", "x:1: the second word"},
		{A " +1 a\n", "x:1: the second word"},
		{A " 0 a\n", "x:1: the second word"},
		{A " 1k a\n", "x:1: the second word"},
		{A " 1 /etc/passwd\n", "x:1: the path"},
		{A " 1 a/../../b\n", "x:1: the path"},
		{A " 1 ..\n", "x:1: the path"},
		{A " 1 ./b\n", "x:1: the path"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lockfile l = {0};
		struct err e = ERR_INIT;

		assert_int_equal(lockfile_parse(&l, "x", cases[i].text, &e), -1);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_non_null(strstr(e.msg, cases[i].message));
		assert_non_null(strstr(e.remedy, "fetch --lock"));
		assert_null(l.items);
	}
}

static void an_absent_lock(void **state)
{
	struct lockfile l = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(lockfile_load(&l, "/nonexistent/pom.lock", &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_non_null(strstr(e.remedy, "fetch --lock"));
}

static void formatting(void **state)
{
	scoped(lockfile_release) struct lockfile l = {0}, again = {0};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	lockfile_add(&l, B, 2, "b.jar");
	lockfile_add(&l, A, 1, "a.jar");
	lockfile_format(&l, "pom.xml", &out);
	assert_string_equal(out.buf, "# sha256, bytes and repository path of what pom.xml resolves to; written by platformctl "
	                             "fetch --lock\n" A " 1 a.jar\n" B " 2 b.jar\n");
	assert_int_equal(lockfile_parse(&again, "x", out.buf, &e), 0);
	assert_int_equal(again.n, 2);
}

static void against_a_repository(void **state)
{
	char dir[] = "/tmp/test-lockfile-XXXXXX";
	scoped(lockfile_release) struct lockfile l = {0};
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	scoped_free char *folder = fsx_join(dir, "g"), *whole = fsx_join(folder, "whole.jar"), *part = fsx_join(folder, "part.jar.part");
	scoped_free char *stump = fsx_join(folder, "short.jar"), *sum = fsx_join(folder, "absent.jar.sha1");

	lockfile_add(&l, A, 10, "g/whole.jar");
	lockfile_add(&l, A, 100, "g/part.jar");
	lockfile_add(&l, A, 1000, "g/short.jar");
	lockfile_add(&l, A, 10000, "other/absent.jar");
	assert_int_equal(lockfile_missing_bytes(&l, dir), 11110);
	assert_int_equal(lockfile_present_bytes(&l, dir), 0);
	assert_int_equal(fsx_mkdirs(folder, 0755, &e), 0);
	assert_int_equal(fsx_write_str(whole, "0123456789", 0644, &e), 0);
	assert_int_equal(fsx_write_str(part, "01234567890123456789", 0644, &e), 0);
	assert_int_equal(fsx_write_str(stump, "01234", 0644, &e), 0);
	assert_int_equal(fsx_write_str(sum, "0123", 0644, &e), 0);
	assert_int_equal(lockfile_missing_bytes(&l, dir), 11100);
	assert_int_equal(lockfile_present_bytes(&l, dir), 10 + 20 + 5);
	assert_int_equal(fsx_remove_tree(dir, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),          cmocka_unit_test(good_locks), cmocka_unit_test(bad_locks),
		cmocka_unit_test(an_absent_lock), cmocka_unit_test(formatting), cmocka_unit_test(against_a_repository),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
