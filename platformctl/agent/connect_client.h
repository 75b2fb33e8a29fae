/*
 * Kafka Connect's REST interface, as far as the commands need it.
 *
 * Errors: ERR_RETRY when the worker is away, ERR_MISSING for an unknown connector (with the nearest name that there is),
 * ERR_DATA with the worker's words when it refuses. While a worker rebalances (409) calls are tried again until the timeout.
 */
#ifndef CONNECT_CLIENT_H
#define CONNECT_CLIENT_H

#include <jansson.h>

#include "err.h"
#include "http.h"
#include "strbuf.h"
#include "strlist.h"

struct connect_client {
	struct http_client *http;
	char *url;      /* http://127.0.0.1:8083 */
	int timeout_ms; /* of each call */
};

void connect_client_init(struct connect_client *c, const char *url, int timeout_ms);
/* For scoped() too. */
void connect_client_release(struct connect_client *c);

/* The names of all connectors, sorted. */
int connect_names(struct connect_client *c, struct strlist *out, struct err *e);
/* {"name", "type", "connector": {"state", "worker_id", "trace"?}, "tasks": [{"id", "state", …}]}; new reference. */
json_t *connect_status(struct connect_client *c, const char *name, struct err *e);
/* "PUT …/pause", "PUT …/resume", "POST …/restart?…" or "DELETE" of a connector: method, and what follows its name. */
int connect_act(struct connect_client *c, const char *method, const char *name, const char *suffix, struct err *e);
/*
 * One word for a connector and its tasks: FAILED when any of them failed, UNASSIGNED when any waits for a worker or there is
 * no task yet, else the connector's own state. A missing status is UNKNOWN. Borrowed from the status or static.
 */
const char *connect_state(const json_t *status);
/* Adds in one line what stopped the connector or its first failed task, with the root cause; nothing when none failed. */
void connect_add_cause(const json_t *status, struct strbuf *out);
/*
 * Waits until connect_state() is `state`; *ret_status is the last one seen (new reference). ERR_SERVICE with the cause when it
 * is FAILED for longer than a restart needs to show, ERR_TIMEOUT.
 */
int connect_wait(struct connect_client *c, const char *name, const char *state, int timeout_ms, json_t **ret_status,
                 struct err *e);

#endif
