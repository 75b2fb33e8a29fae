/* Starts, watches and ends the processes of a task graph. */
#include "task.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define TICK_MS 200
#define GRACE_MS 10000

enum { STATE_WAITING, STATE_RUNNING, STATE_DONE, STATE_FAILED };

/* What a task sends: one datagram each, so that nothing is ever half-read. */
enum message_kind { MESSAGE_REPORT, MESSAGE_WARNING, MESSAGE_RESULT };
struct message {
	enum message_kind kind;
	int64_t done_bytes, total_bytes;
	struct err result;
	char text[256];
};

struct task_ctx {
	int fd;
	int signal_fd;
	bool stopped;
	struct message last;
	int64_t last_ms;
};

static const int limits[TASK_KINDS] = {[TASK_OTHER] = 64, [TASK_MAVEN] = 2, [TASK_BUILD] = 1, [TASK_TRAIN] = 1};

size_t task_add(struct task_graph *g, enum task_kind kind, const char *what, task_fn *fn, void *arg)
{
	g->items = xrealloc(g->items, (g->n + 1) * sizeof(*g->items));
	g->items[g->n] = (struct task){.what = xstrdup(what), .kind = kind, .fn = fn, .arg = arg, .fd = -1};
	return g->n++;
}

void task_need(struct task_graph *g, size_t later, size_t earlier)
{
	struct task *t = &g->items[later];

	t->needs = xrealloc(t->needs, (t->n_needs + 1) * sizeof(*t->needs));
	t->needs[t->n_needs++] = earlier;
}

void task_graph_release(struct task_graph *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->items[i].what);
		free(g->items[i].needs);
	}
	free(g->items);
	*g = (struct task_graph){0};
}

/* ---- the task's half ---- */

static void send_message(struct task_ctx *ctx, const struct message *m)
{
	ssize_t n;

	do
		n = send(ctx->fd, m, sizeof(*m), MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		ctx->stopped = true; /* nobody listens any more */
}

void task_report(struct task_ctx *ctx, const char *text, int64_t done_bytes, int64_t total_bytes)
{
	struct message *m = &ctx->last;
	int64_t now = clk_mono_ms();
	bool same_text = str_eq(m->text, text);

	if (same_text && ((m->done_bytes == done_bytes && m->total_bytes == total_bytes) || now - ctx->last_ms < TICK_MS))
		return;
	*m = (struct message){.kind = MESSAGE_REPORT, .done_bytes = done_bytes, .total_bytes = total_bytes};
	snprintf(m->text, sizeof(m->text), "%s", text);
	ctx->last_ms = now;
	send_message(ctx, m);
}

void task_warn(struct task_ctx *ctx, const char *fmt, ...)
{
	struct message m = {.kind = MESSAGE_WARNING, .done_bytes = -1, .total_bytes = -1};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m.text, sizeof(m.text), fmt, ap);
	va_end(ap);
	send_message(ctx, &m);
}

bool task_stopped(struct task_ctx *ctx)
{
	struct pollfd p = {.fd = ctx->signal_fd, .events = POLLIN};

	if (!ctx->stopped && poll(&p, 1, 0) > 0)
		ctx->stopped = true;
	return ctx->stopped;
}

bool task_tick(void *ctx)
{
	return !task_stopped(ctx);
}

int task_interrupted(struct err *e)
{
	err_set(e, ERR_TIMEOUT, "interrupted");
	return err_remedy(e, "run it again: it goes on where it was");
}

/* True when the process with this number is a child of ours. */
static bool is_own_child(const char *number)
{
	scoped_free char *path = xstrf("/proc/%s/stat", number);
	scoped_fclose FILE *f = fopen(path, "re");
	char line[512];
	const char *after_name;
	int parent;

	if (!f || !fgets(line, sizeof(line), f))
		return false;
	after_name = strrchr(line, ')'); /* the name may hold anything, a `)` too */
	return after_name && sscanf(after_name, ") %*c %d", &parent) == 1 && parent == getpid();
}

/*
 * Ends whatever this process started and is still there. As a subreaper it inherits its descendants one generation after
 * the other, until none is left.
 */
static void end_descendants(void)
{
	for (;;) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc && (entry = readdir(proc)))
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && is_own_child(entry->d_name))
				kill((pid_t)atoi(entry->d_name), SIGKILL);
		if (proc)
			closedir(proc);
		if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
			return;
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

static _Noreturn void be_task(const struct paths *paths, const struct task *t, int fd, pid_t parent)
{
	struct task_ctx ctx = {.fd = fd, .signal_fd = open_signals()};
	struct message result = {.kind = MESSAGE_RESULT};
	bool was_root = geteuid() == 0;

	setpgid(0, 0);
	umask(022);
	if (account_become(paths, &result.result) == 0) {
		/* What clients leave in a home folder belongs to the cache; a user's own holds the clients' settings. */
		if (was_root)
			setenv("HOME", paths->cache, 1);
		/* After the change of user, which clears it: when the caller dies, this ends too. */
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		if (getppid() == parent && t->fn(&ctx, t->arg, &result.result) == 0)
			result.result = (struct err)ERR_INIT;
	}
	end_descendants();
	send_message(&ctx, &result);
	_exit(0);
}

/* ---- the caller's half ---- */

static void tell(const struct fetch_opts *opts, const struct task *t, enum fetch_state state, const char *text,
                 int64_t done, int64_t total)
{
	struct fetch_event ev = {.what = t->what, .state = state, .text = text, .done_bytes = done, .total_bytes = total};

	if (opts->progress)
		opts->progress(&ev, opts->progress_arg);
}

static bool may_start(const struct task_graph *g, const struct task *t, int jobs)
{
	int running = 0, same_kind = 0;

	if (t->state != STATE_WAITING)
		return false;
	for (size_t i = 0; i < t->n_needs; i++)
		if (g->items[t->needs[i]].state != STATE_DONE)
			return false;
	for (size_t i = 0; i < g->n; i++) {
		running += g->items[i].state == STATE_RUNNING;
		same_kind += g->items[i].state == STATE_RUNNING && g->items[i].kind == t->kind;
	}
	return running < jobs && same_kind < limits[t->kind];
}

static int start(const struct paths *paths, struct task *t, struct err *e)
{
	int pair[2];
	pid_t parent = getpid(), pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, ERR_FATAL, "cannot make a socket pair");
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		err_sys(e, ERR_FATAL, "cannot start a process");
		close(pair[0]);
		close(pair[1]);
		return -1;
	}
	if (pid == 0) {
		close(pair[0]);
		be_task(paths, t, pair[1], parent);
	}
	close(pair[1]);
	setpgid(pid, pid);
	t->pid = pid;
	t->fd = pair[0];
	t->state = STATE_RUNNING;
	err_set(&t->result, ERR_FATAL, "%s: the fetching process ended without a result", t->what);
	return 0;
}

/* The task's process has ended: what became of it. */
static void finish(struct task *t, const struct fetch_opts *opts)
{
	close(t->fd);
	t->fd = -1;
	while (waitpid(t->pid, NULL, 0) < 0 && errno == EINTR)
		;
	t->state = t->result.kind == ERR_NONE ? STATE_DONE : STATE_FAILED;
	if (t->state == STATE_DONE)
		tell(opts, t, FETCH_DONE, "done", -1, -1);
	else
		tell(opts, t, FETCH_FAILED, t->result.msg, -1, -1);
}

static void receive(struct task *t, const struct fetch_opts *opts)
{
	struct message m;
	ssize_t n = recv(t->fd, &m, sizeof(m), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(m)) {
		finish(t, opts);
		return;
	}
	if (m.kind == MESSAGE_RESULT)
		t->result = m.result;
	else
		tell(opts, t, m.kind == MESSAGE_WARNING ? FETCH_WARNING : FETCH_RUNNING, m.text, m.done_bytes, m.total_bytes);
}

/* Waits up to ms for messages and takes them; returns how many tasks run. */
static size_t turn(struct task_graph *g, const struct fetch_opts *opts, int ms)
{
	scoped_free struct pollfd *fds = xcalloc(g->n + 1, sizeof(*fds));
	size_t running = 0;

	for (size_t i = 0; i < g->n; i++)
		fds[i] = (struct pollfd){.fd = g->items[i].fd, .events = POLLIN};
	if (poll(fds, g->n, ms) > 0)
		for (size_t i = 0; i < g->n; i++)
			if (fds[i].revents)
				receive(&g->items[i], opts);
	for (size_t i = 0; i < g->n; i++)
		running += g->items[i].state == STATE_RUNNING;
	return running;
}

static void end_all(struct task_graph *g, const struct fetch_opts *opts)
{
	int64_t deadline = clk_mono_ms() + GRACE_MS;

	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].state == STATE_RUNNING)
			kill(g->items[i].pid, SIGTERM);
	while (turn(g, opts, TICK_MS) > 0 && clk_mono_ms() < deadline)
		;
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].state == STATE_RUNNING)
			kill(-g->items[i].pid, SIGKILL);
	while (turn(g, opts, TICK_MS) > 0)
		;
}

static int start_ready(struct task_graph *g, const struct fetch_opts *opts, int jobs, struct err *e)
{
	for (size_t i = 0; i < g->n; i++) {
		struct task *t = &g->items[i];

		if (may_start(g, t, jobs)) {
			if (start(g->paths, t, e))
				return -1;
		} else if (t->state == STATE_WAITING && !t->said_waiting) {
			t->said_waiting = true;
			tell(opts, t, FETCH_WAITING, "waiting", -1, -1);
		}
	}
	return 0;
}

/* The first task that failed on its own account, not because it was ended. */
static const struct task *failed_one(const struct task_graph *g)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->items[i].state == STATE_FAILED)
			return &g->items[i];
	return NULL;
}

int task_run_all(struct task_graph *g, const struct fetch_opts *opts, struct err *e)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	/* One more than there are processors: downloads wait for the network most of the time. */
	int jobs = opts->jobs > 0 ? opts->jobs : cpus < 2 ? 3 : cpus > 5 ? 6 : (int)cpus + 1;

	for (;;) {
		const struct task *failed;

		if (opts->stop && opts->stop(opts->stop_arg)) {
			end_all(g, opts);
			return task_interrupted(e);
		}
		if (start_ready(g, opts, jobs, e)) {
			end_all(g, opts);
			return -1;
		}
		if (turn(g, opts, TICK_MS) == 0) {
			bool left = false;

			for (size_t i = 0; i < g->n; i++)
				left |= g->items[i].state == STATE_WAITING;
			if (!left && !failed_one(g))
				return 0;
		}
		failed = failed_one(g);
		if (failed) {
			*e = failed->result;
			end_all(g, opts);
			return -1;
		}
	}
}
