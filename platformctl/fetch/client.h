/*
 * Running an ecosystem's own client (mvn, pip, go, tar) from a task: its output goes to a log file, and when it fails the
 * log is read for the line that says why, and for the kind of trouble, which decides the remedy.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "err.h"
#include "task.h"

struct client {
	const char *name;          /* for messages: "Maven" */
	const char *doing;         /* for messages: "fetching the packages of kafka" */
	const char *const *argv;
	const char *cwd;           /* NULL: unchanged */
	const char *const *env;    /* as for proc_opts; may be NULL */
	const char *log;           /* file; what was in it is replaced */
	bool retries;              /* it tries again by itself when the network fails: we do not */
	bool (*tick)(void *arg);   /* NULL: only looks whether the task shall end */
	void *tick_arg;
};

/* Runs it to its end; a failure that looks like the network's is tried once more. ERR_MISSING with cause and remedy, ERR_TIMEOUT when stopped. */
int client_run(struct task_ctx *ctx, const struct client *c, struct err *e);

/*
 * What a failed client's log says: fills *e (always ERR_MISSING) and returns -1. *ret_again tells whether the same call may
 * succeed. `status` as proc_run's. Passwords in URLs are masked.
 */
int client_explain(const struct client *c, int status, const char *log_text, bool *ret_again, struct err *e);

#endif
