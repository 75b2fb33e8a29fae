/*
 * Brings services to readiness: each is started when all that it needs is ready, asked by its probe until it answers,
 * provisioned, and asked again. Everything that waits is a child process or a timer, so the loop never blocks.
 */
#ifndef START_H
#define START_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "platform.h"
#include "probing.h"

enum start_stage {
	STAGE_WAITING,      /* for what it needs */
	STAGE_STOPPING,     /* its configuration changed: the old process is to end first */
	STAGE_STARTING,     /* its probe says not yet */
	STAGE_PROVISIONING,
	STAGE_READY,
	STAGE_FAILED,
};

struct start_item {
	struct service *service;
	enum start_stage stage;
	int64_t started_ms, ready_ms; /* clk_mono_ms() */
	bool was_running;             /* it was up already, with this configuration */
	bool provisioned;
	char digest[65];              /* of what it will run with */
	struct probing probing;
	int64_t next_probe_ms;
	char reason[512], remedy[512]; /* what its probe said last, or why it failed */
};

struct start {
	const struct platform *platform;
	struct start_item *items; /* in the order of the selection */
	size_t n;
	int64_t began_ms;
	bool fresh;               /* restart even what runs with the right configuration */
	/* Called after every change and about four times a second. */
	void (*changed)(const struct start *run, const struct start_item *item, void *arg); /* item NULL: only time passed */
	void *arg;
};

const char *start_stage_name(enum start_stage stage);
/* Readies *run for the selected services. Release with start_release(). */
void start_init(struct start *run, const struct platform *p, const struct selection *sel);
void start_release(struct start *run);
/*
 * Runs until everything is ready, or the first failure (ERR_SERVICE, ERR_MISSING, ERR_CONFIG), or timeout (ERR_TIMEOUT), or
 * a signal (ERR_TIMEOUT "interrupted"). What has been started stays started. *ret_failed gets the item at fault, or NULL.
 */
int start_run(struct start *run, int timeout_ms, const struct start_item **ret_failed, struct err *e);

#endif
