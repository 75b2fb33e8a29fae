/* install, maven, plan, train: a small catalogue whose packages are in the cache already, so that no client is needed. */
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

#include "fetch.h"
#include "fsx.h"
#include "install.h"
#include "scoped.h"
#include "strbuf.h"
#include "train.h"

#include "banned.h"

#define ONE "g/one/1/one-1.jar"
#define TWO "g/two/1/two-1.jar"

struct world {
	char dir[48];
	struct platform *p;
	char heard[4096];
};

static const char one_yaml[] = "name: one\nsummary: one\nprofile: core\nports: {client: 47401}\nmemory_mb: 1\ndownload_mb: 1\ndisk_mb: 1\n"
			       "packages:\n  - {maven: pom.xml, into: lib}\n"
			       "train: |\n  echo trained >${packages}/proof\n"
			       "run: exec sleep 1\nready:\n  tcp: {host: \"${one.host}\", port: \"${client}\"}\n";
static const char two_yaml[] = "name: two\nsummary: two\nprofile: core\nports: {client: 47402}\nmemory_mb: 1\ndownload_mb: 1\ndisk_mb: 1\n"
			       "packages:\n  - {from: one, path: lib, into: theirs}\n"
			       "run: exec sleep 1\nready:\n  tcp: {host: \"${two.host}\", port: \"${client}\"}\n";
static const char catalogue_yaml[] = "profiles: {core: all}\ndefault_profiles: [core]\n";

static void put(const struct world *w, const char *name, const char *text)
{
	scoped_free char *path = fsx_join(w->dir, name), *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err e = ERR_INIT;

	assert_int_equal(fsx_mkdirs(dir, 0777, &e), 0);
	assert_int_equal(fsx_write_str(path, text, 0666, &e), 0);
}

static bool has(const struct world *w, const char *name)
{
	scoped_free char *path = fsx_join(w->dir, name);

	return fsx_exists(path);
}

static const struct service *service(const struct world *w, const char *name)
{
	struct err e = ERR_INIT;

	return platform_service(w->p, name, &e);
}

/* A file of a service's packages folder. */
static bool installed(const struct world *w, const char *name, const char *file)
{
	scoped_free char *dir = platform_packages_dir(w->p, service(w, name)), *path = fsx_join(dir, file);

	return fsx_exists(path);
}

static void load(struct world *w)
{
	scoped_free char *state = fsx_join(w->dir, "state"), *cache = fsx_join(w->dir, "cache");
	scoped_free char *site = fsx_join(w->dir, "platform.yaml"), *root = fsx_join(w->dir, "root");
	struct paths paths;
	struct err e = ERR_INIT;

	if (paths_init(&paths, state, cache, site, root, &e) || !(w->p = platform_load(&paths, -1, &e)))
		fail_msg("%s", e.msg);
}

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));
	/* SHA-256 of "first" and "second" */
	static const char lock[] = "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e 5 " ONE "\n"
				   "16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4 6 " TWO "\n";

	umask(0);
	snprintf(w->dir, sizeof(w->dir), "/tmp/test-fetch-install-XXXXXX");
	if (!mkdtemp(w->dir) || chmod(w->dir, 0777))
		return -1;
	put(w, "root/services/catalogue.yaml", catalogue_yaml);
	put(w, "root/services/one/service.yaml", one_yaml);
	put(w, "root/services/one/pom.xml", "<project/>");
	put(w, "root/services/one/pom.lock", lock);
	put(w, "root/services/two/service.yaml", two_yaml);
	put(w, "platform.yaml", "{}\n");
	put(w, "cache/m2/" ONE, "first");
	put(w, "cache/m2/" TWO, "second");
	put(w, "cache/m2/" TWO ".sha1", "x");
	put(w, "cache/m2/g/two/1/_remote.repositories", "x");
	put(w, "cache/packages/x", "");
	load(w);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	platform_free(w->p);
	fsx_remove_tree(w->dir, &e);
	free(w);
	return 0;
}

static void hear(const struct fetch_event *ev, void *arg)
{
	struct world *w = arg;

	if (ev->state == FETCH_WARNING)
		snprintf(w->heard, sizeof(w->heard), "%s", ev->text);
}

struct job {
	const struct world *w;
	const char *name;
};

static int do_install(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;

	return install_service(ctx, job->w->p, service(job->w, job->name), true, e);
}

static int do_train(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct job *job = arg;

	return train_run(ctx, job->w->p, service(job->w, job->name), e);
}

static int run(struct world *w, task_fn *fn, const char *name, struct err *e)
{
	scoped(task_graph_release) struct task_graph g = {.paths = &w->p->paths};
	struct fetch_opts opts = {.progress = hear, .progress_arg = w};
	struct job job = {.w = w, .name = name};

	task_add(&g, TASK_OTHER, name, fn, &job);
	return task_run_all(&g, &opts, e);
}

static void a_service_from_the_cache(void **state)
{
	struct world *w = *state;
	scoped_free char *dir = platform_packages_dir(w->p, service(w, "one")), *linked = fsx_join(dir, "lib/one-1.jar");
	struct stat st;
	struct err e = ERR_INIT;

	assert_false(fetch_is_complete(w->p, service(w, "one")));
	/* What an earlier run left half-done, of this version and another, goes away; another service's stays. */
	put(w, "cache/packages/one-0badf00d/lib/old.jar", "");
	put(w, "cache/packages/one-more-0badf00d/lib/old.jar", "");
	assert_int_equal(run(w, do_install, "one", &e), 0);
	assert_true(fetch_is_complete(w->p, service(w, "one")));
	assert_true(installed(w, "one", "lib/one-1.jar"));
	assert_true(installed(w, "one", "lib/two-1.jar"));
	assert_int_equal(stat(linked, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_false(has(w, "cache/packages/one-0badf00d"));
	assert_true(has(w, "cache/packages/one-more-0badf00d/lib/old.jar"));
	assert_false(has(w, "cache/building/one"));
	/* another one takes its files */
	assert_int_equal(run(w, do_install, "two", &e), 0);
	assert_true(installed(w, "two", "theirs/one-1.jar"));
	assert_int_equal(stat(linked, &st), 0);
	assert_int_equal(st.st_nlink, 3);
}

static void a_wrong_checksum(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	put(w, "cache/m2/" TWO, "sec0nd");
	assert_int_equal(run(w, do_install, "one", &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_int_equal(err_exit_code(&e), 4);
	assert_non_null(strstr(e.msg, "checksum of " TWO " differs: expected SHA-256 16367aac"));
	assert_non_null(strstr(e.msg, "deleted"));
	assert_non_null(strstr(e.remedy, "run it again"));
	assert_false(has(w, "cache/m2/" TWO));
	assert_false(has(w, "cache/m2/" TWO ".sha1"));
	assert_false(has(w, "cache/m2/g/two/1/_remote.repositories"));
	assert_true(has(w, "cache/m2/" ONE));
	assert_false(fetch_is_complete(w->p, service(w, "one")));
}

static void offline_names_what_is_missing(void **state)
{
	struct world *w = *state;
	scoped_free char *path = fsx_join(w->dir, "cache/m2/" TWO);
	struct err e = ERR_INIT;

	unlink(path);
	assert_int_equal(run(w, do_install, "one", &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_non_null(strstr(e.msg, TWO));
	assert_non_null(strstr(e.msg, "--offline"));
	assert_non_null(strstr(e.remedy, "platformctl fetch one"));
}

static void the_plan(void **state)
{
	struct world *w = *state;
	scoped_free char *path = fsx_join(w->dir, "cache/m2/" TWO);
	scoped(fetch_plan_release) struct fetch_plan plan = {0}, again = {0};
	scoped(selection_release) struct selection sel = {0};
	scoped(strlist_release) struct strlist names = {0}, profiles = {0};
	struct err e = ERR_INIT;

	unlink(path);
	strlist_add(&names, "two");
	assert_int_equal(platform_select(w->p, &names, &profiles, &sel, &e), 0);
	assert_int_equal(fetch_plan(w->p, &sel, &plan, &e), 0);
	assert_int_equal(plan.n, 2); /* one comes along for its files, before two */
	assert_string_equal(plan.items[0].service->name, "one");
	assert_true(plan.items[0].extra);
	assert_false(plan.items[0].train);
	assert_int_equal(plan.items[0].transfer_bytes, 6);
	assert_false(plan.items[1].extra);
	assert_int_equal(plan.items[1].transfer_bytes, 0);
	assert_int_equal(plan.transfer_bytes, 6);
	assert_false(plan.complete);
	put(w, "cache/m2/" TWO, "second");
	assert_int_equal(run(w, do_install, "one", &e), 0);
	assert_int_equal(run(w, do_install, "two", &e), 0);
	assert_int_equal(fetch_plan(w->p, &sel, &again, &e), 0);
	assert_true(again.complete);
	assert_int_equal(again.transfer_bytes, 0);
}

static void training(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	assert_int_equal(train_state(w->p, service(w, "two")), TRAIN_NONE);
	assert_int_equal(train_state(w->p, service(w, "one")), TRAIN_TODO);
	assert_int_equal(run(w, do_install, "one", &e), 0);
	assert_int_equal(run(w, do_train, "one", &e), 0);
	assert_true(installed(w, "one", "proof"));
	assert_int_equal(train_state(w->p, service(w, "one")), TRAIN_DONE);
	assert_string_equal(w->heard, "");
}

static void a_failed_training_is_a_warning(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	platform_free(w->p);
	put(w, "root/services/one/service.yaml", one_yaml);
	{
		scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

		strbuf_addstr(&text, one_yaml);
		memcpy(strstr(text.buf, "echo trained >${packages}/proof"), "echo no luck today; exit 3     ", 31);
		put(w, "root/services/one/service.yaml", text.buf);
	}
	load(w);
	assert_int_equal(run(w, do_install, "one", &e), 0);
	assert_int_equal(run(w, do_train, "one", &e), 0);
	assert_int_equal(train_state(w->p, service(w, "one")), TRAIN_FAILED);
	assert_non_null(strstr(w->heard, "status 3: no luck today"));
	assert_true(fetch_is_complete(w->p, service(w, "one")));
}

static void what_maven_lists(void **state)
{
	static const char output[] =
		"[INFO] --- maven-dependency-plugin:3.8.1:list (default-cli) @ x ---\n"
		"[INFO] Can't extract module name from a.tar.gz: Module format not recognized: /m2/a.tar.gz\n"
		"[INFO] The following files have been resolved:\n"
		"[INFO]    io.x:x-server:tar.gz:476:compile:/m2/io/x/x-server-476.tar.gz\n"
		"[INFO]    g:a:jar:cls:1.0:runtime:/m2/g/a/a-1.0-cls.jar -- module org.a [auto]\r\n"
		"[INFO]    g:a:jar:cls:1.0:runtime:/m2/g/a/a-1.0-cls.jar\n"
		"[INFO]    none\n"
		"[INFO] Total time:  2.168 s\n";
	scoped(strlist_release) struct strlist paths = {0};
	scoped_free char *joined = NULL;

	(void)state;
	maven_parse_list(output, &paths);
	joined = strlist_join(&paths, "\n");
	assert_string_equal(joined, "/m2/io/x/x-server-476.tar.gz\n/m2/g/a/a-1.0-cls.jar");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_service_from_the_cache, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_checksum, set_up, tear_down),
		cmocka_unit_test_setup_teardown(offline_names_what_is_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_plan, set_up, tear_down),
		cmocka_unit_test_setup_teardown(training, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_failed_training_is_a_warning, set_up, tear_down),
		cmocka_unit_test(what_maven_lists),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
