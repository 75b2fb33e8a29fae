/*
 * Start-up caches: a service's `train` script starts its program once on scratch data, and the JVM writes what it learned
 * (CDS, AOT) into the packages folder. Nothing depends on it but time, so it never makes fetching fail.
 *
 * `.trained` in the packages folder tells what came of it: a line with the JVM, then "ok" or "failed".
 */
#ifndef TRAIN_H
#define TRAIN_H

#include "platform.h"
#include "task.h"

enum train_state {
	TRAIN_NONE,   /* the service has nothing to train */
	TRAIN_TODO,   /* never done, or with another JVM */
	TRAIN_FAILED, /* tried with this JVM, without success */
	TRAIN_DONE,
};

enum train_state train_state(const struct platform *p, const struct service *s);
/* In a task. Returns -1 only when it was stopped; a failure is a warning and leaves the mark. */
int train_run(struct task_ctx *ctx, const struct platform *p, const struct service *s, struct err *e);

#endif
