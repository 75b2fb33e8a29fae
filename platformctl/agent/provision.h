/*
 * Provisioning: what a service must hold to be of use, made if it is not there. Every step can be repeated: it says `created`,
 * `updated` or `unchanged`, and touches nothing that is as it should be.
 */
#ifndef PROVISION_H
#define PROVISION_H

#include <stdbool.h>
#include <stdint.h>

#include "args.h"
#include "err.h"
#include "platform.h"

/*
 * Runs the service's steps in the catalogue's order and prints a line for each thing: "<step> <name>: created", or one JSON object
 * a line. The first failure ends it: ERR_RETRY when the service is away, ERR_MISSING when it lacks what we cannot give it (a
 * PostgreSQL without logical replication), else the step's own. Blocks, at most timeout_ms.
 */
int provision_service(const struct platform *p, const struct service *s, int timeout_ms, bool json, struct err *e);

/* Only its connectors: the one of that name, or all (NULL). ERR_USAGE with the nearest name when there is none of it. */
int provision_connectors(const struct platform *p, const struct service *s, const char *name, int timeout_ms, bool json,
                         struct err *e);

/* --- for the steps themselves --- */

enum provision_outcome { PROVISION_UNCHANGED, PROVISION_CREATED, PROVISION_UPDATED };

struct provision {
	const struct platform *platform;
	const struct service *service;
	int64_t deadline_ms; /* of clk_mono_ms(), for all steps together */
	bool json;
};

/* What is left of the time, at least 1 ms. */
int provision_left_ms(const struct provision *run);
/* Prints one line about a thing that is as it should be now. */
int provision_report(const struct provision *run, const char *step, const char *name, enum provision_outcome outcome,
                     struct err *e);

typedef int step_fn(const struct provision *run, const struct args *args, struct err *e);
step_fn step_database;                         /* provision_database.c */
step_fn step_sql;                              /* provision_sql.c */
step_fn step_bucket, step_namespace, step_topics; /* provision_stores.c */
step_fn step_connector;                        /* provision_connector.c */

#endif
