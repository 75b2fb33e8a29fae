/*
 * A service's log as s6-log keeps it: state/log/<service>/current, and older parts @<time>.s beside it. Every line
 * begins with a local time stamp, `2026-11-22 17:53:01.123456789`, so lines of several services can be put in order.
 */
#ifndef LOGFILE_H
#define LOGFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "platform.h"
#include "strbuf.h"

#define LOGFILE_STAMP 29 /* characters of the time stamp; two spaces follow */

struct logline {
	const struct service *service; /* borrowed */
	char *text;                    /* with its stamp, without line break */
	size_t order;                  /* keeps lines of the same stamp in the order of their arrival */
};

/* Starts as {0}. */
struct loglines {
	struct logline *items;
	size_t n;
	size_t next_order;
};

void loglines_release(struct loglines *l);
/* By time; lines of the same time as they were added. */
void loglines_sort(struct loglines *l);

/* True when the service has a log. */
bool logfile_exists(const struct platform *p, const struct service *s);
/* Adds the last n lines of a service, from its older parts too where `current` has too few. Nothing when it has no log.
 */
void logfile_tail(const struct platform *p, const struct service *s, size_t n, struct loglines *out);

/* Follows `current` across rotation. Starts at its end as of now. */
struct logfollow {
	const struct service *service;
	char *path;
	int fd;                       /* -1: not there yet */
	struct strbuf partial;        /* a line that has no end yet */
	char skip[LOGFILE_STAMP + 1]; /* the first reading leaves out lines up to this time; "": none */
};

void logfollow_init(struct logfollow *f, const struct platform *p, const struct service *s);
void logfollow_release(struct logfollow *f);
/* Has the first reading leave out what is in `seen`, which was read after logfollow_init(). */
void logfollow_skip(struct logfollow *f, const struct loglines *seen);
/* Adds the lines that have come since the last call. Does not block. */
void logfollow_read(struct logfollow *f, struct loglines *out);

#endif
