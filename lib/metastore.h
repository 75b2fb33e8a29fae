/*
 * Hive Metastore 4 over Thrift: its binary protocol in strict form on a plain, unframed connection, which is what the
 * metastore speaks unless it is told otherwise (no SASL, no TLS, no HTTP). Only the calls that the platform needs.
 *
 * Errors: ERR_RETRY when the metastore is away or closes the connection, ERR_TIMEOUT at the deadline, ERR_MISSING when
 * what was asked for is not there, ERR_CONFLICT when it exists already, ERR_DATA for its other exceptions (with its words)
 * and for answers that are not Thrift. After ERR_RETRY, ERR_TIMEOUT and malformed answers the connection is closed: open
 * a new one.
 */
#ifndef METASTORE_H
#define METASTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "strlist.h"

/* One connection; one thread at a time. Every call blocks at most its timeout. */
struct metastore;

struct metastore *metastore_open(const char *host, const char *port, int timeout_ms, struct err *e);
void metastore_close(struct metastore *m);
void metastore_close_p(struct metastore **m); /* for scoped() */

/* Adds the names of all databases. */
int metastore_databases(struct metastore *m, int timeout_ms, struct strlist *ret, struct err *e);
/* The database exists afterwards; *ret_created tells whether it was this call. One that exists keeps its location. */
int metastore_create_database(struct metastore *m, const char *name, const char *location, int timeout_ms,
                              bool *ret_created, struct err *e);
/* Adds the names of a database's tables. ERR_MISSING or an empty answer when the database is not there, as the metastore likes. */
int metastore_tables(struct metastore *m, const char *database, int timeout_ms, struct strlist *ret, struct err *e);

/* A table's parameters ("metadata_location", "current-snapshot-summary", …), sorted by name. */
struct metastore_param {
	char *name;
	char *value;
};
struct metastore_table {
	struct metastore_param *params;
	size_t n;
};
int metastore_table(struct metastore *m, const char *database, const char *table, int timeout_ms,
                    struct metastore_table *ret, struct err *e);
void metastore_table_release(struct metastore_table *t);
/* Borrowed; NULL when there is no such parameter. */
const char *metastore_table_param(const struct metastore_table *t, const char *name);

#endif
