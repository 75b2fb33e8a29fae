/*
 * Child processes. Arguments go by vector, never through a shell, so nothing needs quoting. Signals of ours are unblocked
 * and reset in the child, and it inherits no file of ours but its three standard ones. Every wait has a deadline; a child
 * that outlives it is ended with its process group: first asked to (SIGTERM), two seconds later killed.
 *
 * A child that is watched (a deadline, a tick, or proc_start) leads a process group of its own, so the terminal's Ctrl-C
 * does not reach it, it must not read from the terminal, and what it leaves running in its group is killed when it ends. A
 * child that is only waited for stays in ours and may talk to the terminal, as sudo does.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <sys/types.h>

#include "err.h"
#include "strbuf.h"
#include "strlist.h"

struct proc_opts {
	const char *cwd;            /* NULL: unchanged */
	const char *const *env;     /* "NAME=value" entries added to (or replacing in) the environment, NULL-ended; may be NULL */
	const char *input;          /* text for its standard input; NULL: /dev/null */
	struct strbuf *out;         /* gets standard output; NULL: inherited */
	struct strbuf *err_out;     /* gets standard error; may be the same as out; NULL: inherited */
	const char *log_path;       /* when set, both outputs are appended to this file instead */
	int timeout_ms;             /* 0: no deadline */
	bool (*tick)(void *arg);    /* called about every 200 ms while it runs; returning false ends the child; may be NULL */
	void *tick_arg;
	bool merge_err;             /* proc_start: standard error goes where standard output goes */
	bool die_with_parent;       /* killed when the thread of ours that started it ends, by whatever cause (Linux) */
};

/*
 * Runs argv to its end; *ret_status gets the exit status, or 128 + the signal that ended it. argv[0] is looked up along
 * our own $PATH. Outputs are complete when it returns 0, and hold what had come so far when it returns -1.
 * ERR_MISSING when it cannot be started, ERR_TIMEOUT when the deadline passed or tick ended it. Blocks.
 */
int proc_run(const char *const *argv, const struct proc_opts *opts, int *ret_status, struct err *e);

/* A child that runs on, in a process group of its own, its standard output readable (non-blocking) at out_fd. */
struct proc {
	pid_t pid;  /* 0: none */
	int out_fd; /* -1: none */
};
#define PROC_INIT {.out_fd = -1}

/*
 * Starts argv. Of opts it heeds cwd, env, input, log_path (then out_fd is -1) and die_with_parent; standard error is
 * inherited unless there is a log_path or merge_err. opts may be NULL. ERR_MISSING when it cannot be started.
 */
int proc_start(const char *const *argv, const struct proc_opts *opts, struct proc *ret, struct err *e);
/*
 * True when it has ended (status as for proc_run), reaping it; false when it runs or was reaped before. out_fd stays
 * open for what is left to read until proc_kill(). Does not block.
 */
bool proc_poll(struct proc *p, int *ret_status);
/* Ends its group with SIGKILL, reaps it, closes out_fd. Accepts a proc that is not running. */
void proc_kill(struct proc *p);

#endif
