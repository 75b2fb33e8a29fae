/* Writes s6's service folders, sends its commands, reads its states. */
#include "s6.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "orphans.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define INSTALL_DEADLINE_MS 10000
/* How long the scanner's loggers get to write what is left and end by themselves. */
#define ORDERLY_END_MS 5000
/* Rotation: five old files of 4 MB a service, lines with ISO 8601 times. */
#define LOG_SCRIPT "n5 s4000000 T"

static char *scan_dir(const struct platform *p)
{
	return fsx_join(p->paths.state, "supervise");
}

static char *service_dir(const struct platform *p, const struct service *s)
{
	return paths_of(&p->paths, "supervise", s->name);
}

/* A fifo that nobody reads cannot be opened for writing: that tells whether the reader lives. */
static bool fifo_has_reader(const char *path)
{
	scoped_close int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

	return fd >= 0;
}

bool s6_running(const struct platform *p)
{
	scoped_free char *fifo = xstrf("%s/supervise/.s6-svscan/control", p->paths.state);

	return fifo_has_reader(fifo);
}

static bool is_supervised(const char *dir)
{
	scoped_free char *fifo = fsx_join(dir, "supervise/control");

	return fifo_has_reader(fifo);
}

/* The daemon's own life: a session of its own, no terminal, output into a log file. */
static void become_svscan(const char *dir, const char *log)
{
	int in = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);

	setsid();
	if (fork() != 0)
		_exit(0);
	dup2(in, 0);
	dup2(out >= 0 ? out : 2, 1);
	dup2(1, 2);
	/* Whatever else is open here (the lock, a terminal) is not its business. */
	close_range(3, ~0U, 0);
	execlp("s6-svscan", "s6-svscan", "-c", "500", dir, (char *)NULL);
	_exit(127);
}

static int wait_for(bool (*done)(const void *), const void *arg, int timeout_ms)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;

	while (!done(arg)) {
		if (clk_mono_ms() >= deadline)
			return -1;
		clk_sleep_ms(10);
	}
	return 0;
}

static bool svscan_is_there(const void *p)
{
	return s6_running(p);
}

int s6_start(const struct platform *p, struct err *e)
{
	scoped_free char *dir = scan_dir(p), *logs = fsx_join(p->paths.state, "log"), *log = fsx_join(logs, "s6-svscan.log");
	scoped_free char *tool = fsx_which("s6-svscan");
	pid_t pid;

	if (s6_running(p))
		return 0;
	if (!tool) {
		err_set(e, ERR_MISSING, "s6-svscan is not on this machine");
		return err_remedy(e, "apt-get install s6");
	}
	if (fsx_mkdirs(dir, 0755, e) || fsx_mkdirs(logs, 0755, e))
		return -1;
	pid = fork();
	if (pid < 0)
		return err_sys(e, ERR_FATAL, "cannot fork");
	if (pid == 0)
		become_svscan(dir, log);
	waitpid(pid, NULL, 0);
	if (wait_for(svscan_is_there, p, INSTALL_DEADLINE_MS)) {
		err_set(e, ERR_FATAL, "s6-svscan did not start on %s", dir);
		return err_remedy(e, "its log says why: %s", log);
	}
	return 0;
}

static int write_script(const char *dir, const char *name, const char *text, struct err *e)
{
	scoped_free char *path = fsx_join(dir, name);

	return fsx_write_str(path, text, 0755, e);
}

static int write_files(const struct platform *p, const struct service *s, const char *dir, struct err *e)
{
	scoped(strbuf_release) struct strbuf call = STRBUF_INIT, text = STRBUF_INIT;
	scoped_free char *log = paths_of(&p->paths, "log", s->name), *log_dir = fsx_join(dir, "log");
	scoped_free char *program = fsx_join(p->paths.bin, "platformctl");
	char number[16];

	strbuf_add_shell_quoted(&call, program);
	strbuf_addstr(&call, " --state ");
	strbuf_add_shell_quoted(&call, p->paths.state);
	strbuf_addstr(&call, " --cache ");
	strbuf_add_shell_quoted(&call, p->paths.cache);
	if (fsx_mkdirs(log_dir, 0755, e) || fsx_mkdirs(log, 0755, e))
		return -1;
	strbuf_addf(&text, "#!/bin/sh\nexec 2>&1\nexec %s exec %s\n", call.buf, s->name);
	if (write_script(dir, "run", text.buf, e))
		return -1;
	strbuf_reset(&text);
	strbuf_addf(&text, "#!/bin/sh\nexec 2>&1\nexec %s finished %s \"$1\" \"$2\"\n", call.buf, s->name);
	if (write_script(dir, "finish", text.buf, e))
		return -1;
	strbuf_reset(&text);
	strbuf_addstr(&text, "#!/bin/sh\nexec s6-log -b -- " LOG_SCRIPT " ");
	strbuf_add_shell_quoted(&text, log);
	strbuf_addch(&text, '\n');
	if (write_script(log_dir, "run", text.buf, e))
		return -1;
	snprintf(number, sizeof(number), "%d\n", s->stop_timeout_s * 1000);
	strbuf_reset(&text);
	strbuf_addf(&text, "SIG%s\n", s->stop_signal);
	/* `down`: supervised, but started only when we say so. */
	return write_script(dir, "timeout-kill", number, e) || write_script(dir, "down-signal", text.buf, e) ||
	                       write_script(dir, "timeout-finish", "15000\n", e) || write_script(dir, "down", "", e)
	               ? -1
	               : 0;
}

static int svscanctl(const struct platform *p, const char *flags, struct err *e)
{
	scoped_free char *dir = scan_dir(p);
	const char *argv[] = {"s6-svscanctl", flags, dir, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 5000};
	int status;

	if (proc_run(argv, &opts, &status, e))
		return -1;
	strbuf_rtrim(&out);
	return status ? err_set(e, ERR_FATAL, "s6-svscanctl: %s", out.buf) : 0;
}

static int svc(const struct platform *p, const struct service *s, const char *flags, struct err *e)
{
	scoped_free char *dir = service_dir(p, s);
	const char *argv[] = {"s6-svc", flags, dir, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 5000};
	int status;

	if (proc_run(argv, &opts, &status, e))
		return -1;
	strbuf_rtrim(&out);
	return status ? err_set(e, ERR_FATAL, "s6-svc %s %s: %s", flags, s->name, out.buf) : 0;
}

static bool dir_is_supervised(const void *dir)
{
	return is_supervised(dir);
}

int s6_install(const struct platform *p, const struct service *s, struct err *e)
{
	scoped_free char *dir = service_dir(p, s);
	scoped_free char *fresh = xstrf("%s/supervise/.new-%s", p->paths.state, s->name);

	if (fsx_is_dir(dir)) {
		if (write_files(p, s, dir, e))
			return -1;
	} else {
		/* Made aside and renamed: the scanner never sees half a folder. */
		if (fsx_remove_tree(fresh, e) || fsx_mkdirs(fresh, 0755, e) || write_files(p, s, fresh, e))
			return -1;
		if (rename(fresh, dir))
			return err_sys(e, ERR_FATAL, "cannot make %s", dir);
	}
	if (is_supervised(dir))
		return 0;
	if (svscanctl(p, "-a", e))
		return -1;
	if (wait_for(dir_is_supervised, dir, INSTALL_DEADLINE_MS))
		return err_set(e, ERR_FATAL, "s6 does not supervise %s after %d s", s->name, INSTALL_DEADLINE_MS / 1000);
	return 0;
}

bool s6_installed(const struct platform *p, const struct service *s)
{
	scoped_free char *dir = service_dir(p, s);

	return fsx_is_dir(dir);
}

static void forget_failures(const struct platform *p, const struct service *s)
{
	scoped_free char *run = paths_of(&p->paths, "run", s->name), *failed = fsx_join(run, "failed"),
			 *deaths = fsx_join(run, "deaths");

	unlink(failed);
	unlink(deaths);
}

int s6_up(const struct platform *p, const struct service *s, struct err *e)
{
	forget_failures(p, s);
	return svc(p, s, "-u", e);
}

int s6_down(const struct platform *p, const struct service *s, struct err *e)
{
	return svc(p, s, "-d", e);
}

static void read_failure(const struct platform *p, const struct service *s, struct s6_state *st)
{
	scoped_free char *path = xstrf("%s/run/%s/failed", p->paths.state, s->name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	if (fsx_read(path, &text, &ignored) == 0) {
		strbuf_rtrim(&text);
		snprintf(st->failed, sizeof(st->failed), "%s", text.buf);
	}
}

void s6_state(const struct platform *p, const struct service *s, struct s6_state *ret)
{
	scoped_free char *dir = service_dir(p, s);
	const char *argv[] = {"s6-svstat", "-o", "up,wantedup,pid,exitcode,signal,updownfor", dir, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT, noise = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &noise, .timeout_ms = 5000};
	scoped(strlist_release) struct strlist words = {0};
	struct err ignored = ERR_INIT;
	int status;

	*ret = (struct s6_state){.pid = -1, .exit_code = -1};
	read_failure(p, s, ret);
	if (!fsx_is_dir(dir) || !is_supervised(dir) || proc_run(argv, &opts, &status, &ignored) || status)
		return;
	strlist_split(&words, out.buf, " \n");
	if (words.n != 6)
		return;
	ret->supervised = true;
	ret->up = str_eq(words.items[0], "true");
	ret->wanted = str_eq(words.items[1], "true");
	ret->pid = atoi(words.items[2]);
	ret->exit_code = atoi(words.items[3]);
	if (!str_eq(words.items[4], "NA"))
		snprintf(ret->signal, sizeof(ret->signal), "%s", words.items[4]);
	ret->seconds = atoll(words.items[5]);
}

/* Every folder that has a supervisor, and its logger's. */
static bool nobody_supervises(const void *arg)
{
	const struct platform *p = arg;
	scoped_free char *dir = scan_dir(p);
	DIR *d = opendir(dir);
	struct dirent *entry;
	bool none = !s6_running(p);

	while (d && none && (entry = readdir(d))) {
		scoped_free char *one = fsx_join(dir, entry->d_name), *log = fsx_join(one, "log");

		if (entry->d_name[0] != '.')
			none = !is_supervised(one) && !is_supervised(log);
	}
	if (d)
		closedir(d);
	return none;
}

/* Loggers whose scanner was killed wait for an end of input that nobody sends them; by now nobody writes to them either. */
static void stop_loggers(const struct platform *p)
{
	for (size_t i = 0; i < p->n_services; i++) {
		scoped_free char *dir = service_dir(p, p->services[i]), *log = fsx_join(dir, "log");
		const char *argv[] = {"s6-svc", "-dx", log, NULL};
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 5000};
		struct err ignored = ERR_INIT;
		int status;

		if (is_supervised(log))
			proc_run(argv, &opts, &status, &ignored);
	}
}

int s6_stop_all(const struct platform *p, int timeout_ms, struct err *e)
{
	scoped_free char *dir = scan_dir(p);

	if (!fsx_is_dir(dir))
		return 0;
	/* Supervisors that outlived their scanner (it was killed) are told one by one. */
	for (size_t i = 0; i < p->n_services; i++) {
		scoped_free char *one = service_dir(p, p->services[i]);
		struct err ignored = ERR_INIT;

		if (is_supervised(one))
			svc(p, p->services[i], "-dx", &ignored);
	}
	if (s6_running(p) && svscanctl(p, "-t", e))
		return -1;
	if (wait_for(nobody_supervises, p, ORDERLY_END_MS))
		stop_loggers(p);
	if (wait_for(nobody_supervises, p, timeout_ms)) {
		orphans_kill(p->paths.state, NULL);
		err_set(e, ERR_TIMEOUT, "the supervisor did not end within %d s; what was left was killed", timeout_ms / 1000);
		return err_remedy(e, "see %s/log/s6-svscan.log", p->paths.state);
	}
	orphans_kill(p->paths.state, NULL);
	return 0;
}
