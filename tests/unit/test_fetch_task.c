/* task: order, limits, failure, interruption, and that no process is ever left behind. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clk.h"
#include "fsx.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"
#include "task.h"

#include "banned.h"

/* A folder where tasks leave traces, and what progress said. */
struct world {
	char dir[40];
	struct paths paths;
	struct strbuf heard;
	struct fetch_opts opts;
	int64_t stop_at_ms;
};

static void hear(const struct fetch_event *ev, void *arg)
{
	struct world *w = arg;
	static const char *const states[] = {"waiting", "running", "done", "warning", "failed"};

	strbuf_addf(&w->heard, "%s %s %s %lld/%lld\n", ev->what, states[ev->state], ev->text, (long long)ev->done_bytes,
	            (long long)ev->total_bytes);
}

static bool stop(void *arg)
{
	struct world *w = arg;

	return w->stop_at_ms && clk_mono_ms() >= w->stop_at_ms;
}

static int set_up(void **state)
{
	struct world *w = xcalloc(1, sizeof(*w));

	snprintf(w->dir, sizeof(w->dir), "/tmp/test-fetch-task-XXXXXX");
	if (!mkdtemp(w->dir) || chmod(w->dir, 0777))
		return -1;
	w->paths = (struct paths){.state = w->dir, .cache = w->dir};
	w->heard = (struct strbuf)STRBUF_INIT;
	w->opts = (struct fetch_opts){.progress = hear, .progress_arg = w, .stop = stop, .stop_arg = w, .jobs = 3};
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	struct err e = ERR_INIT;

	fsx_remove_tree(w->dir, &e);
	strbuf_release(&w->heard);
	free(w);
	return 0;
}

static void assert_heard(const struct world *w, const char *text)
{
	if (!strstr(w->heard.buf, text))
		fail_msg("never heard `%s` in:\n%s", text, w->heard.buf);
}

/* Appends its name to the file `order`. */
static int note(struct task_ctx *ctx, void *arg, struct err *e)
{
	const char *const *names = arg; /* folder, name */
	scoped_free char *path = fsx_join(names[0], "order");
	scoped_fclose FILE *f = fopen(path, "a");

	task_report(ctx, "writing", 1, 2);
	if (!f || fputs(names[1], f) < 0)
		return err_sys(e, ERR_FATAL, "%s", path);
	return 0;
}

static void they_run_in_order(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	const char *args[4][2] = {{w->dir, "a"}, {w->dir, "b"}, {w->dir, "c"}, {w->dir, "d"}};
	scoped(strbuf_release) struct strbuf order = STRBUF_INIT;
	scoped_free char *path = fsx_join(w->dir, "order");
	struct err e = ERR_INIT;

	/* d first, then c, b, a */
	for (int i = 0; i < 4; i++)
		assert_int_equal(task_add(&g, TASK_OTHER, args[i][1], note, args[i]), i);
	for (size_t i = 0; i < 3; i++)
		task_need(&g, i, i + 1);
	assert_int_equal(task_run_all(&g, &w->opts, &e), 0);
	assert_int_equal(fsx_read(path, &order, &e), 0);
	assert_string_equal(order.buf, "dcba");
	assert_heard(w, "a waiting waiting");
	assert_heard(w, "d running writing 1/2");
	assert_heard(w, "a done done");
}

static int fail_now(struct task_ctx *ctx, void *arg, struct err *e)
{
	(void)arg;
	task_warn(ctx, "it %s well", "does not look");
	err_set(e, ERR_MISSING, "broken on purpose");
	return err_remedy(e, "do not");
}

static int sleep_long(struct task_ctx *ctx, void *arg, struct err *e)
{
	const char *argv[] = {"sleep", arg, NULL};
	struct proc_opts opts = {.tick = task_tick, .tick_arg = ctx};
	int status;

	task_report(ctx, "sleeping", -1, -1);
	proc_run(argv, &opts, &status, e);
	return task_stopped(ctx) ? task_interrupted(e) : 0;
}

/* True when some process has this argument; each test's sleep has a duration of its own. */
static bool is_running(const char *argument)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool found = false;

	while ((entry = readdir(proc))) {
		scoped_free char *path = xstrf("/proc/%s/cmdline", entry->d_name);
		scoped_fclose FILE *f = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "r") : NULL;
		char line[64] = "";
		size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;

		found |= n > 6 && memcmp(line, "sleep", 6) == 0 && strcmp(line + 6, argument) == 0;
	}
	closedir(proc);
	return found;
}

static void the_first_failure_ends_the_others(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	const char *after[2] = {w->dir, "never"};
	scoped_free char *order = fsx_join(w->dir, "order");
	int64_t start = clk_mono_ms();
	struct err e = ERR_INIT;

	task_add(&g, TASK_OTHER, "sleeper", sleep_long, "86401");
	task_add(&g, TASK_OTHER, "broken", fail_now, NULL);
	task_need(&g, task_add(&g, TASK_OTHER, "after", note, after), 1);
	assert_int_equal(task_run_all(&g, &w->opts, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_string_equal(e.msg, "broken on purpose");
	assert_string_equal(e.remedy, "do not");
	assert_heard(w, "broken warning it does not look well");
	assert_heard(w, "broken failed broken on purpose");
	assert_false(fsx_exists(order));
	assert_true(clk_mono_ms() - start < 8000);
	assert_false(is_running("86401"));
}

static void it_can_be_stopped(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	int64_t start = clk_mono_ms();
	struct err e = ERR_INIT;

	w->stop_at_ms = start + 500;
	task_add(&g, TASK_OTHER, "sleeper", sleep_long, "86402");
	assert_int_equal(task_run_all(&g, &w->opts, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_string_equal(e.msg, "interrupted");
	assert_true(clk_mono_ms() - start < 8000);
	assert_false(is_running("86402"));
}

/* Leaves a process behind that has taken leave of its session and parent. */
static int leave_orphan(struct task_ctx *ctx, void *arg, struct err *e)
{
	const char *argv[] = {"/bin/sh", "-c", "setsid sleep 86403 & sleep 0.2", NULL};
	struct proc_opts opts = {0};
	int status;

	(void)ctx;
	(void)arg;
	return proc_run(argv, &opts, &status, e);
}

static void nothing_is_left_behind(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	struct err e = ERR_INIT;

	task_add(&g, TASK_OTHER, "parent", leave_orphan, NULL);
	assert_int_equal(task_run_all(&g, &w->opts, &e), 0);
	assert_false(is_running("86403"));
}

static int die(struct task_ctx *ctx, void *arg, struct err *e)
{
	(void)ctx;
	(void)arg;
	(void)e;
	kill(getpid(), SIGKILL);
	return 0;
}

static void a_killed_task_has_failed(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	struct err e = ERR_INIT;

	task_add(&g, TASK_OTHER, "victim", die, NULL);
	assert_int_equal(task_run_all(&g, &w->opts, &e), -1);
	assert_int_equal(e.kind, ERR_FATAL);
	assert_non_null(strstr(e.msg, "victim"));
}

/* The caller is killed; its task must not go on alone. */
static void tasks_die_with_their_caller(void **state)
{
	struct world *w = *state;
	pid_t caller = fork();
	int64_t deadline = clk_mono_ms() + 10000;

	if (caller == 0) {
		struct task_graph g = {.paths = &w->paths};
		struct err e = ERR_INIT;

		task_add(&g, TASK_OTHER, "sleeper", sleep_long, "86404");
		task_run_all(&g, &w->opts, &e);
		_exit(0);
	}
	while (!is_running("86404") && clk_mono_ms() < deadline)
		clk_sleep_ms(20);
	assert_true(is_running("86404"));
	kill(caller, SIGKILL);
	assert_int_equal(waitpid(caller, NULL, 0), caller);
	deadline = clk_mono_ms() + 10000;
	while (is_running("86404") && clk_mono_ms() < deadline)
		clk_sleep_ms(20);
	assert_false(is_running("86404"));
}

/* Fails when another of its kind runs at the same time. */
static int alone(struct task_ctx *ctx, void *arg, struct err *e)
{
	scoped_free char *mark = fsx_join(arg, "busy");

	(void)ctx;
	if (mkdir(mark, 0755))
		return err_sys(e, ERR_FATAL, "two at once");
	clk_sleep_ms(100);
	return rmdir(mark) ? err_sys(e, ERR_FATAL, "%s", mark) : 0;
}

static void trainings_run_one_by_one(void **state)
{
	struct world *w = *state;
	scoped(task_graph_release) struct task_graph g = {.paths = &w->paths};
	struct err e = ERR_INIT;

	for (int i = 0; i < 4; i++)
		task_add(&g, TASK_TRAIN, "training", alone, w->dir);
	assert_int_equal(task_run_all(&g, &w->opts, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_run_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_failure_ends_the_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_can_be_stopped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_left_behind, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_killed_task_has_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tasks_die_with_their_caller, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trainings_run_one_by_one, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
