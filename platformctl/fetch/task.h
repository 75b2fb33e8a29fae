/*
 * Tasks that run side by side, each in a process of its own: it can be ended at any moment, drops root's rights for good,
 * and takes its children with it. A task starts when those that it needs are done; the first failure ends the others.
 *
 * Two halves: the graph is the caller's, struct task_ctx is what a running task sees of it.
 */
#ifndef TASK_H
#define TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "fetch.h"

struct task_ctx; /* the running task's line to the caller */

/* Runs in the task's process, as the service user; returns 0 or -1 with *e filled, which the caller gets. */
typedef int task_fn(struct task_ctx *ctx, void *arg, struct err *e);

/* What kind of load a task is: at most so many of a kind run at once. */
enum task_kind {
	TASK_OTHER, /* limited by opts.jobs only */
	TASK_MAVEN, /* 2: a JVM each */
	TASK_BUILD, /* 1: a compiler takes every processor */
	TASK_TRAIN, /* 1: its start-up is measured in time, and its ports are its own */
	TASK_KINDS,
};

struct task {
	char *what;         /* the name in events */
	enum task_kind kind;
	task_fn *fn;
	void *arg;          /* borrowed */
	size_t *needs;      /* positions of tasks that must be done first */
	size_t n_needs;
	int state;          /* task.c's own: */
	int pid, fd;
	bool said_waiting;
	struct err result;
};

struct task_graph { /* starts as {0}, but for paths */
	const struct paths *paths; /* borrowed: who the tasks become, and their HOME */
	struct task *items;
	size_t n;
};

/* Returns the new task's position. Copies `what`. */
size_t task_add(struct task_graph *g, enum task_kind kind, const char *what, task_fn *fn, void *arg);
/* Task `later` starts when `earlier` is done. */
void task_need(struct task_graph *g, size_t later, size_t earlier);
void task_graph_release(struct task_graph *g);

/* Runs all. -1 with the first failure, or ERR_TIMEOUT when opts->stop said so; no process is left either way. Blocks. */
int task_run_all(struct task_graph *g, const struct fetch_opts *opts, struct err *e);

/* In a task: says what it is doing; bytes -1 when unknown. Cheap; call it as often as something changes. */
void task_report(struct task_ctx *ctx, const char *text, int64_t done_bytes, int64_t total_bytes);
/* In a task: something went wrong that does not make it fail. */
void task_warn(struct task_ctx *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* In a task: true once it shall end. */
bool task_stopped(struct task_ctx *ctx);
/* The same, inverted, as proc_opts.tick with the ctx as argument. */
bool task_tick(void *ctx);
/* In a task: sets ERR_TIMEOUT "interrupted"; returns -1. */
int task_interrupted(struct err *e);

#endif
