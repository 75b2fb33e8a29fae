/* Asks platform-agent about services: each question is a child process, so that no client of a service can hold us up. */
#ifndef PROBING_H
#define PROBING_H

#include "platform.h"
#include "proc.h"
#include "strbuf.h"

enum probing_kind { PROBING_PROBE, PROBING_PROVISION };

struct probing {
	struct proc proc;
	struct strbuf out; /* what it has printed so far */
};

struct probe_answer {
	char state[16];    /* ready, degraded, starting */
	char reason[512];
	char remedy[512];
};

/* Starts one question. `deadline_s` bounds the answer. Release with probing_release() in the end. */
int probing_start(const struct platform *p, const struct service *s, enum probing_kind kind, int deadline_s, struct probing *ret,
                  struct err *e);
bool probing_running(const struct probing *g);
/* Reads what there is; true when it has ended (then *ret_status is its exit status). Does not block. */
bool probing_poll(struct probing *g, int *ret_status);
/* The answer of a probe that has ended. */
void probing_answer(const struct probing *g, int status, struct probe_answer *ret);
/* The error of a provisioning that has ended with a status other than 0. */
void probing_error(const struct probing *g, int status, struct err *e);
void probing_release(struct probing *g);

#endif
