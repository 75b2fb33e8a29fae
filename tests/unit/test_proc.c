/* proc: status, outputs, input, environment, deadlines, process groups. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clk.h"
#include "fsx.h"
#include "proc.h"
#include "scoped.h"

#include "banned.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SH(script) ARGV("sh", "-c", script)

static void status_of_the_child(void **state)
{
	static const struct {
		const char *script;
		int status;
	} cases[] = {{"exit 0", 0}, {"exit 7", 7}, {"kill -TERM $$", 128 + SIGTERM}, {"kill -KILL $$", 128 + SIGKILL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		int status = -1;

		assert_int_equal(proc_run(SH(cases[i].script), NULL, &status, &e), 0);
		assert_int_equal(status, cases[i].status);
	}
}

static void arguments_are_not_interpreted(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int status = -1;

	(void)state;
	assert_int_equal(proc_run(ARGV("printf", "<%s>", "a b", "$HOME", "*", "", "it's"),
	                          &(struct proc_opts){.out = &out}, &status, &e), 0);
	assert_string_equal(out.buf, "<a b><$HOME><*><><it's>");
}

static void outputs_apart_and_together(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf err_out = STRBUF_INIT;
	int status = -1;

	(void)state;
	assert_int_equal(proc_run(SH("echo one; echo two >&2"), &(struct proc_opts){.out = &out, .err_out = &err_out},
	                          &status, &e), 0);
	assert_string_equal(out.buf, "one\n");
	assert_string_equal(err_out.buf, "two\n");
	assert_int_equal(proc_run(SH("echo three; echo four >&2"), &(struct proc_opts){.out = &out, .err_out = &out},
	                          &status, &e), 0);
	assert_string_equal(out.buf, "one\nthree\nfour\n");
}

static void much_output_on_both_streams(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf err_out = STRBUF_INIT;
	int status = -1;

	(void)state;
	/* More than any pipe holds, in both at once. */
	assert_int_equal(proc_run(SH("head -c 1000000 /dev/zero & head -c 1500000 /dev/zero >&2; wait"),
	                          &(struct proc_opts){.out = &out, .err_out = &err_out, .timeout_ms = 60000}, &status, &e), 0);
	assert_int_equal(out.len, 1000000);
	assert_int_equal(err_out.len, 1500000);
}

static void input_of_any_size(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf in = STRBUF_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int status = -1;

	(void)state;
	while (in.len < 300000)
		strbuf_addstr(&in, "some line of input\n");
	assert_int_equal(proc_run(ARGV("cat"), &(struct proc_opts){.input = in.buf, .out = &out}, &status, &e), 0);
	assert_string_equal(out.buf, in.buf);
	/* A child that does not care for it must not end us by SIGPIPE. */
	assert_int_equal(proc_run(ARGV("true"), &(struct proc_opts){.input = in.buf}, &status, &e), 0);
	/* No input is an empty one, never ours. */
	strbuf_reset(&out);
	assert_int_equal(proc_run(ARGV("cat"), &(struct proc_opts){.out = &out}, &status, &e), 0);
	assert_int_equal(out.len, 0);
}

static void environment_and_folder(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	const char *const env[] = {"TEST_PROC_NEW=a b", "TEST_PROC_OLD=new", NULL};
	int status = -1;

	(void)state;
	setenv("TEST_PROC_OLD", "old", 1);
	setenv("TEST_PROC_OLDER", "kept", 1);
	assert_int_equal(proc_run(ARGV("env"), &(struct proc_opts){.env = env, .out = &out}, &status, &e), 0);
	assert_non_null(strstr(out.buf, "TEST_PROC_NEW=a b\n"));
	assert_non_null(strstr(out.buf, "TEST_PROC_OLD=new\n"));
	assert_non_null(strstr(out.buf, "TEST_PROC_OLDER=kept\n"));
	assert_null(strstr(out.buf, "TEST_PROC_OLD=old\n"));
	strbuf_reset(&out);
	assert_int_equal(proc_run(ARGV("pwd"), &(struct proc_opts){.cwd = "/usr", .out = &out}, &status, &e), 0);
	assert_string_equal(out.buf, "/usr\n");
	assert_string_equal(getenv("TEST_PROC_OLD"), "old");
}

static void output_into_a_log(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf log = STRBUF_INIT;
	scoped_free char *path = xstrf("/tmp/test_proc.%d", (int)getpid());
	int status = -1;

	(void)state;
	assert_int_equal(fsx_write_str(path, "before\n", 0644, &e), 0);
	assert_int_equal(proc_run(SH("echo one; echo two >&2"), &(struct proc_opts){.log_path = path}, &status, &e), 0);
	assert_int_equal(fsx_read(path, &log, &e), 0);
	assert_string_equal(log.buf, "before\none\ntwo\n");
	unlink(path);
}

static void what_cannot_start(void **state)
{
	static const struct {
		const char *program, *cwd, *says;
	} cases[] = {
		{"no-such-program-here", NULL, "cannot run no-such-program-here: No such file"},
		{"/etc/passwd", NULL, "cannot run /etc/passwd: Permission denied"},
		{"true", "/no/such/folder", "in /no/such/folder: No such file"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct proc p = PROC_INIT;
		int status = -1;
		const struct proc_opts opts = {.cwd = cases[i].cwd};

		assert_int_equal(proc_run(ARGV(cases[i].program), &opts, &status, &e), -1);
		assert_int_equal(e.kind, ERR_MISSING);
		assert_non_null(strstr(e.msg, cases[i].says));
		assert_int_equal(status, -1);
		assert_int_equal(proc_start(ARGV(cases[i].program), &opts, &p, &e), -1);
		assert_int_equal(e.kind, ERR_MISSING);
		assert_int_equal(p.pid, 0);
	}
	/* No zombie is left. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* True once the process is gone or a zombie (of somebody else: nobody here reaps a grandchild). */
static bool is_dead(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		scoped_free char *path = xstrf("/proc/%d/stat", (int)pid);
		scoped(strbuf_release) struct strbuf stat = STRBUF_INIT;
		struct err e = ERR_INIT;
		const char *after_name;

		if (fsx_read(path, &stat, &e) < 0)
			return true;
		after_name = strrchr(stat.buf, ')');
		if (after_name && after_name[1] == ' ' && after_name[2] == 'Z')
			return true;
		clk_sleep_ms(10);
	}
	return false;
}

static void the_deadline_ends_the_whole_group(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int64_t start = clk_mono_ms();
	int status = -1;

	(void)state;
	assert_int_equal(proc_run(SH("sleep 300 & echo $!; wait"), &(struct proc_opts){.out = &out, .timeout_ms = 300},
	                          &status, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_non_null(strstr(e.msg, "sh did not finish within 0.3 s"));
	assert_true(clk_mono_ms() - start < 60000);
	assert_true(atoi(out.buf) > 0);
	assert_true(is_dead(atoi(out.buf)));
}

static void who_ignores_the_request_is_killed(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int64_t start = clk_mono_ms();
	int status = -1;

	(void)state;
	assert_int_equal(proc_run(SH("trap '' TERM; echo $$; while :; do sleep 0.1; done"),
	                          &(struct proc_opts){.out = &out, .timeout_ms = 300}, &status, &e), -1);
	assert_true(clk_mono_ms() - start >= 2000);
	assert_true(is_dead(atoi(out.buf)));
}

static bool three_ticks(void *arg)
{
	return ++*(int *)arg < 3;
}

static void a_tick_can_end_it(void **state)
{
	struct err e = ERR_INIT;
	int64_t start = clk_mono_ms();
	int ticks = 0;
	int status = -1;

	(void)state;
	assert_int_equal(proc_run(ARGV("sleep", "300"), &(struct proc_opts){.tick = three_ticks, .tick_arg = &ticks},
	                          &status, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_int_equal(ticks, 3);
	assert_true(clk_mono_ms() - start >= 500);
	assert_true(clk_mono_ms() - start < 60000);
}

static void what_a_watched_child_leaves_behind_is_ended(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int64_t start = clk_mono_ms();
	int status = -1;

	(void)state;
	/* The background process holds the output open; the end of the child is what counts. */
	assert_int_equal(proc_run(SH("sleep 300 & echo $!"), &(struct proc_opts){.out = &out, .timeout_ms = 60000},
	                          &status, &e), 0);
	assert_int_equal(status, 0);
	assert_true(clk_mono_ms() - start < 30000);
	assert_true(is_dead(atoi(out.buf)));
}

static void signals_start_afresh_in_the_child(void **state)
{
	struct err e = ERR_INIT;
	sigset_t block, before;
	int status = -1;

	(void)state;
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigprocmask(SIG_BLOCK, &block, &before);
	signal(SIGTERM, SIG_IGN);
	assert_int_equal(proc_run(SH("kill -TERM $$; exit 0"), NULL, &status, &e), 0);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	assert_int_equal(status, 128 + SIGTERM);
}

static void files_of_ours_are_not_inherited(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped_close int lock = open("/dev/null", O_RDONLY); /* without O_CLOEXEC, as a careless library would */
	int status = -1;

	(void)state;
	assert_true(lock > 2);
	assert_int_equal(proc_run(SH("ls /proc/$$/fd"), &(struct proc_opts){.out = &out, .env = (const char *const[]){"LC_ALL=C", NULL}},
	                          &status, &e), 0);
	/* 10 and above are the shell's own. */
	assert_true(str_starts(out.buf, "0\n1\n") && strstr(out.buf, "2\n"));
	assert_null(strstr(out.buf, "3\n"));
	assert_null(strstr(out.buf, "4\n"));
}

static void a_child_that_runs_on(void **state)
{
	struct err e = ERR_INIT;
	struct proc p = PROC_INIT;
	char text[64] = "";
	int status = -1;

	(void)state;
	assert_false(proc_poll(&p, &status));
	assert_int_equal(proc_start(SH("echo here; read line; exit 3"), &(struct proc_opts){.input = "go\n"}, &p, &e), 0);
	assert_true(p.pid > 0);
	while (!proc_poll(&p, &status))
		clk_sleep_ms(5);
	assert_int_equal(status, 3);
	assert_int_equal(p.pid, 0);
	assert_int_equal(read(p.out_fd, text, sizeof(text) - 1), 5); /* still there */
	assert_string_equal(text, "here\n");
	proc_kill(&p);
	assert_int_equal(p.out_fd, -1);
	proc_kill(&p);
}

static void killing_it_ends_its_group(void **state)
{
	struct err e = ERR_INIT;
	struct proc p = PROC_INIT;
	struct pollfd fd;
	char text[64] = "";
	int status = -1;

	(void)state;
	assert_int_equal(proc_start(SH("sleep 300 & echo $!; wait"), NULL, &p, &e), 0);
	assert_int_equal(read(p.out_fd, text, 0), 0);
	fd = (struct pollfd){.fd = p.out_fd, .events = POLLIN};
	assert_int_equal(poll(&fd, 1, 30000), 1);
	assert_true(read(p.out_fd, text, sizeof(text) - 1) > 0);
	assert_int_equal(read(p.out_fd, text + 32, 1), -1); /* does not block */
	assert_int_equal(errno, EAGAIN);
	assert_false(proc_poll(&p, &status));
	proc_kill(&p);
	assert_true(is_dead(atoi(text)));
	assert_int_equal(p.pid, 0);
}

static void it_can_be_bound_to_our_life(void **state)
{
	struct err e = ERR_INIT;
	int ends[2];
	char text[32] = "";
	pid_t parent;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	parent = fork();
	if (parent == 0) {
		struct proc p = PROC_INIT;

		if (proc_start(ARGV("sleep", "300"), &(struct proc_opts){.die_with_parent = true}, &p, &e) < 0)
			_exit(1);
		_exit(write(ends[1], &p.pid, sizeof(p.pid)) == sizeof(p.pid) ? 0 : 1); /* as by kill -9: no cleanup */
	}
	assert_int_equal(read(ends[0], text, sizeof(pid_t)), sizeof(pid_t));
	assert_int_equal(waitpid(parent, NULL, 0), parent);
	{
		pid_t child;

		memcpy(&child, text, sizeof(child));
		assert_true(is_dead(child));
	}
	close(ends[0]);
	close(ends[1]);
}

static void no_descriptor_leaks(void **state)
{
	struct err e = ERR_INIT;
	int status = -1;
	int before = dup(0);

	(void)state;
	close(before);
	for (int i = 0; i < 20; i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		scoped(strbuf_release) struct strbuf err_out = STRBUF_INIT;
		struct proc p = PROC_INIT;

		proc_run(ARGV("true"), &(struct proc_opts){.out = &out, .err_out = &err_out, .input = "x"}, &status, &e);
		proc_run(ARGV("no-such-program-here"), &(struct proc_opts){.out = &out, .err_out = &out}, &status, &e);
		proc_start(ARGV("true"), NULL, &p, &e);
		proc_kill(&p);
		proc_start(ARGV("no-such-program-here"), NULL, &p, &e);
	}
	{
		int after = dup(0);

		assert_int_equal(after, before);
		close(after);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_of_the_child),
		cmocka_unit_test(arguments_are_not_interpreted),
		cmocka_unit_test(outputs_apart_and_together),
		cmocka_unit_test(much_output_on_both_streams),
		cmocka_unit_test(input_of_any_size),
		cmocka_unit_test(environment_and_folder),
		cmocka_unit_test(output_into_a_log),
		cmocka_unit_test(what_cannot_start),
		cmocka_unit_test(the_deadline_ends_the_whole_group),
		cmocka_unit_test(who_ignores_the_request_is_killed),
		cmocka_unit_test(a_tick_can_end_it),
		cmocka_unit_test(what_a_watched_child_leaves_behind_is_ended),
		cmocka_unit_test(signals_start_afresh_in_the_child),
		cmocka_unit_test(files_of_ours_are_not_inherited),
		cmocka_unit_test(a_child_that_runs_on),
		cmocka_unit_test(killing_it_ends_its_group),
		cmocka_unit_test(it_can_be_bound_to_our_life),
		cmocka_unit_test(no_descriptor_leaks),
	};

	return cmocka_run_group_tests_name("proc", tests, NULL, NULL);
}
