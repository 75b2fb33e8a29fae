/* Child processes: start, feed, read, wait, end. */
#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "scoped.h"

#include "banned.h"

#define TICK_MS 200
#define GRACE_MS 2000
/* Between looks at a child on a kernel that has no pidfd. */
#define LOOK_MS 10

/* All that the child needs, prepared before the fork: between fork and exec only async-signal-safe calls are allowed. */
struct launch {
	const char *const *argv;
	const char *program; /* argv[0] with its folder */
	char *const *env;
	const char *cwd;
	int in, out, err; /* -1: inherited */
	bool own_group;
	bool die_with_parent;
	pid_t parent;
	int report; /* where the child says why it could not start */
};

/* What it says there. */
struct failure {
	bool in_cwd;
	int error;
};

static _Noreturn void child_fails(const struct launch *l, bool in_cwd)
{
	struct failure f = {.in_cwd = in_cwd, .error = errno};

	/* Nobody is left to tell should this fail. */
	if (write(l->report, &f, sizeof(f)) != (ssize_t)sizeof(f))
		_exit(126);
	_exit(127);
}

static _Noreturn void child_main(const struct launch *l)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (l->own_group)
		setpgid(0, 0);
	if (l->die_with_parent) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != l->parent)
			_exit(127); /* it died before we could ask */
	}
	if ((l->in >= 0 && dup2(l->in, 0) < 0) || (l->out >= 0 && dup2(l->out, 1) < 0) ||
	    (l->err >= 0 && dup2(l->err, 2) < 0))
		child_fails(l, false);
	if (l->cwd && chdir(l->cwd) < 0)
		child_fails(l, true);
	/* Locks and sockets of ours must not live on in a child, whoever forgot O_CLOEXEC. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	execvpe(l->program, (char *const *)l->argv, l->env);
	child_fails(l, false);
}

static int start_err(const struct launch *l, const struct failure *f, struct err *e)
{
	const char *name = l->argv[0];

	errno = f->error;
	if (f->in_cwd)
		return err_sys(e, ERR_MISSING, "cannot run %s in %s", name, l->cwd);
	err_sys(e, ERR_MISSING, "cannot run %s", name);
	if (f->error == ENOENT)
		return err_remedy(e, "install %s, or see to it that it is found along PATH", name);
	return -1;
}

/* Forks and waits until the child has become argv, or could not. Returns its pid, or -1. */
static pid_t launch(struct launch *l, struct err *e)
{
	/* Not left to execvpe: it reports a folder of $PATH that it may not read rather than what is missing. */
	scoped_free char *found = strchr(l->argv[0], '/') ? xstrdup(l->argv[0]) : fsx_which(l->argv[0]);
	scoped_close int report = -1;
	struct failure f = {.error = ENOENT};
	int ends[2];
	ssize_t n;
	pid_t pid;

	if (!found)
		return start_err(l, &f, e);
	l->program = found;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, ERR_FATAL, "cannot run %s", l->argv[0]);
	report = ends[0];
	l->report = ends[1];
	l->parent = getpid();
	pid = fork();
	if (pid == 0)
		child_main(l);
	close(ends[1]);
	if (pid < 0)
		return err_sys(e, ERR_FATAL, "cannot start a process for %s", l->argv[0]);
	/* Here as well, so that the group is there whoever comes first. */
	if (l->own_group)
		setpgid(pid, pid);
	do {
		n = read(report, &f, sizeof(f));
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)sizeof(f)) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		return start_err(l, &f, e);
	}
	return pid;
}

static bool same_name(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* The environment with the additions in it: an array of borrowed strings, freed by the caller. */
static char **environment_with(const char *const *added)
{
	size_t n = 0;
	size_t n_added = 0;
	char **env;

	while (environ[n])
		n++;
	while (added && added[n_added])
		n_added++;
	env = xcalloc(n + n_added + 1, sizeof(*env));
	n = 0;
	for (char **old = environ; *old; old++) {
		size_t i = 0;

		while (i < n_added && !same_name(added[i], *old))
			i++;
		if (i == n_added)
			env[n++] = *old;
	}
	for (size_t i = 0; i < n_added; i++)
		env[n++] = (char *)added[i];
	return env;
}

/*
 * Standard input is a file in memory: the child reads at its own pace, and there is neither a pipe that could fill up nor a
 * SIGPIPE when it does not care.
 */
static int open_input(const char *text, struct err *e)
{
	int fd = text ? memfd_create("stdin", MFD_CLOEXEC) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	size_t left = text ? strlen(text) : 0;
	ssize_t n = 0;

	while (fd >= 0 && left > 0) {
		n = write(fd, text, left);
		if (n < 0)
			break;
		text += n;
		left -= (size_t)n;
	}
	if (fd >= 0 && n >= 0 && (!text || lseek(fd, 0, SEEK_SET) == 0))
		return fd;
	err_sys(e, ERR_FATAL, "cannot prepare a child's input");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_log(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	return fd < 0 ? err_sys(e, ERR_FATAL, "cannot write %s", path) : fd;
}

static int open_pipe(int *ret_read, int *ret_write, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, ERR_FATAL, "cannot make a pipe");
	/* Our end only: what the child makes of its own is its business. */
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*ret_read = ends[0];
	*ret_write = ends[1];
	return 0;
}

static int status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Looks whether the child has ended, without reaping it: until then its pid is its own. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR : info.si_pid == pid;
}

/* Reaps it, after killing what it left in its group. */
static int reap(pid_t pid, bool own_group)
{
	int status = 0;

	if (own_group)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 255; /* somebody else has reaped it */
	}
	return status_of(status);
}

/* Reads what is there. False at the end of the stream. */
static bool drain(int fd, struct strbuf *out)
{
	for (;;) {
		ssize_t n;

		strbuf_grow(out, 4096);
		n = read(fd, out->buf + out->len, out->alloc - out->len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
	}
}

/* A child that is being waited for. */
struct watch {
	pid_t pid;
	bool own_group;
	int pid_fd;            /* readable when it has ended; -1: not to be had */
	int fds[2];            /* its outputs; -1: none, or closed by it */
	struct strbuf *bufs[2];
};

static void watch_release(struct watch *w)
{
	if (w->pid_fd >= 0)
		close(w->pid_fd);
	for (int i = 0; i < 2; i++) {
		if (w->fds[i] >= 0)
			close(w->fds[i]);
	}
}

static void watch_drain(struct watch *w)
{
	for (int i = 0; i < 2; i++) {
		if (w->fds[i] >= 0 && !drain(w->fds[i], w->bufs[i])) {
			close(w->fds[i]);
			w->fds[i] = -1;
		}
	}
}

/* Waits for output or the end, at most wait_ms (-1: for ever), and reads. True when the child has ended. */
static bool watch_step(struct watch *w, int wait_ms)
{
	struct pollfd fds[3] = {
		{.fd = w->pid_fd, .events = POLLIN},
		{.fd = w->fds[0], .events = POLLIN},
		{.fd = w->fds[1], .events = POLLIN},
	};
	bool ended;

	if (w->pid_fd < 0 && (wait_ms < 0 || wait_ms > LOOK_MS))
		wait_ms = LOOK_MS;
	(void)poll(fds, 3, wait_ms);
	/* In this order: once it has ended, all that it wrote is there to be read. */
	ended = has_ended(w->pid);
	watch_drain(w);
	return ended;
}

/* Asks the group to end, then kills it. */
static void watch_end(struct watch *w)
{
	int64_t deadline = clk_mono_ms() + GRACE_MS;
	bool ended = false;

	kill(-w->pid, SIGTERM);
	while (!ended && clk_left_ms(deadline) > 0)
		ended = watch_step(w, clk_left_ms(deadline));
	reap(w->pid, true);
}

/* Waits for the child's end under opts' deadline and tick. */
static int watch_wait(struct watch *w, const char *name, const struct proc_opts *opts, int *ret_status, struct err *e)
{
	int64_t deadline = opts->timeout_ms ? clk_mono_ms() + opts->timeout_ms : INT64_MAX;
	int64_t next_tick = clk_mono_ms() + TICK_MS;

	for (;;) {
		int wait_ms = opts->timeout_ms ? clk_left_ms(deadline) : -1;

		if (opts->tick && (wait_ms < 0 || wait_ms > clk_left_ms(next_tick)))
			wait_ms = clk_left_ms(next_tick);
		if (watch_step(w, wait_ms))
			break;
		if (clk_mono_ms() >= deadline) {
			watch_end(w);
			return err_set(e, ERR_TIMEOUT, "%s did not finish within %g s", name,
			               opts->timeout_ms / 1000.0);
		}
		if (opts->tick && clk_mono_ms() >= next_tick) {
			next_tick = clk_mono_ms() + TICK_MS;
			if (!opts->tick(opts->tick_arg)) {
				watch_end(w);
				return err_set(e, ERR_TIMEOUT, "%s was interrupted", name);
			}
		}
	}
	*ret_status = reap(w->pid, w->own_group);
	return 0;
}

/* The descriptors at our side of a launch, closed with it. */
static void launch_release(struct launch *l)
{
	free((void *)l->env);
	if (l->in >= 0)
		close(l->in);
	if (l->err >= 0 && l->err != l->out)
		close(l->err);
	if (l->out >= 0)
		close(l->out);
}

int proc_run(const char *const *argv, const struct proc_opts *opts, int *ret_status, struct err *e)
{
	static const struct proc_opts none;
	const struct proc_opts *o = opts ? opts : &none;
	scoped(launch_release) struct launch l = {
		.argv = argv,
		.env = environment_with(o->env),
		.cwd = o->cwd,
		.in = open_input(o->input, e),
		.out = -1,
		.err = -1,
		.own_group = o->timeout_ms || o->tick,
		.die_with_parent = o->die_with_parent,
	};
	scoped(watch_release) struct watch w = {
		.own_group = l.own_group,
		.pid_fd = -1,
		.fds = {-1, -1},
		.bufs = {o->out, o->err_out},
	};

	if (l.in < 0)
		return -1;
	if (o->log_path) {
		l.out = l.err = open_log(o->log_path, e);
		if (l.out < 0)
			return -1;
	} else {
		if (o->out && open_pipe(&w.fds[0], &l.out, e) < 0)
			return -1;
		if (o->err_out && o->err_out == o->out)
			l.err = l.out;
		else if (o->err_out && open_pipe(&w.fds[1], &l.err, e) < 0)
			return -1;
	}
	w.pid = launch(&l, e);
	if (w.pid < 0)
		return -1;
	/* Ours must go, or the streams would never end. */
	launch_release(&l);
	l = (struct launch){.in = -1, .out = -1, .err = -1};
	w.pid_fd = pidfd_open(w.pid, 0);
	return watch_wait(&w, argv[0], o, ret_status, e);
}

int proc_start(const char *const *argv, const struct proc_opts *opts, struct proc *ret, struct err *e)
{
	static const struct proc_opts none;
	const struct proc_opts *o = opts ? opts : &none;
	scoped_close int out_fd = -1;
	scoped(launch_release) struct launch l = {
		.argv = argv,
		.env = environment_with(o->env),
		.cwd = o->cwd,
		.in = open_input(o->input, e),
		.out = -1,
		.err = -1,
		.own_group = true,
		.die_with_parent = o->die_with_parent,
	};
	pid_t pid;

	if (l.in < 0)
		return -1;
	if (o->log_path) {
		l.out = l.err = open_log(o->log_path, e);
		if (l.out < 0)
			return -1;
	} else if (open_pipe(&out_fd, &l.out, e) < 0) {
		return -1;
	}
	if (o->merge_err)
		l.err = l.out;
	pid = launch(&l, e);
	if (pid < 0)
		return -1;
	*ret = (struct proc){.pid = pid, .out_fd = out_fd};
	out_fd = -1;
	return 0;
}

bool proc_poll(struct proc *p, int *ret_status)
{
	if (p->pid <= 0 || !has_ended(p->pid))
		return false;
	*ret_status = reap(p->pid, true);
	p->pid = 0;
	return true;
}

void proc_kill(struct proc *p)
{
	if (p->pid > 0)
		reap(p->pid, true); /* which kills the group first */
	p->pid = 0;
	if (p->out_fd >= 0)
		close(p->out_fd);
	p->out_fd = -1;
}
