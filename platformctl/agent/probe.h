/*
 * Probes: is a service of use right now? The answer comes from using it as its clients do. `starting` means that it does not
 * answer (yet), `degraded` that it answers and something is not as it must be: that is the state in which provisioning may help.
 */
#ifndef PROBE_H
#define PROBE_H

#include <stdint.h>

#include "args.h"
#include "err.h"
#include "platform.h"

enum probe_state { PROBE_STARTING, PROBE_DEGRADED, PROBE_READY };

struct probe_result {
	enum probe_state state;
	char reason[1024]; /* one line: what was seen */
	char remedy[512];  /* one line: what to do; empty when ready */
	int ms;            /* how long the probe took */
};

/* "starting", "degraded", "ready" */
const char *probe_state_name(enum probe_state state);
/* Asks the service, within the timeout. -1 only when the catalogue or the site file is wrong (ERR_CONFIG). */
int probe_service(const struct platform *p, const struct service *s, int timeout_ms, struct probe_result *ret,
                  struct err *e);

/* For the probes themselves: fills the answer and returns 0. */
int probe_answer(struct probe_result *ret, enum probe_state state, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int probe_remedy(struct probe_result *ret, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What is left until the deadline, at least 1 ms: clients take 0 for "no deadline given". */
int probe_left_ms(int64_t deadline_ms);

/*
 * One kind of probe. 0 and an answer, or -1 with what went wrong on the way: ERR_RETRY and ERR_TIMEOUT become `starting`,
 * anything else `degraded`. deadline_ms is of clk_mono_ms().
 */
typedef int probe_fn(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e);
/* probe_data.c */
probe_fn probe_postgres, probe_kafka, probe_s3, probe_metastore, probe_tcp;
/* probe_http.c */
probe_fn probe_registry, probe_connect, probe_trino, probe_http;

#endif
