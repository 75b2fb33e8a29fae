/*
 * Trino's statement protocol: POST /v1/statement, then follow nextUri until there is none. Rows come page by page.
 *
 *     struct trino_query *q = trino_start(t, "SELECT …", deadline_ms, &e);
 *     while ((got = trino_next(q, &rows, &e)) > 0) { … json_decref(rows); }
 *     trino_query_free(q);    // cancels it in Trino when it has not ended
 *
 * Errors: ERR_RETRY when Trino is away or still starting, ERR_DATA with Trino's error name, message and place for a
 * statement that it refuses or that fails, ERR_TIMEOUT at the deadline, ERR_NO when the interrupt hook said stop.
 * A session (catalog, schema, session properties) follows what USE and SET SESSION answer. One handle belongs to one thread.
 */
#ifndef TRINO_H
#define TRINO_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct trino;

struct trino_options {
	const char *url;     /* http://127.0.0.1:8080 */
	const char *user;
	const char *source;  /* what Trino's console shows as the client */
	const char *catalog; /* default catalog and schema of names; NULL: none */
	const char *schema;
	bool (*interrupted)(void *arg); /* asked between requests and while one waits; may be NULL */
	void *interrupted_arg;
};

/* Copies the options; does not connect. */
struct trino *trino_new(const struct trino_options *o);
/* Accepts NULL. */
void trino_free(struct trino *t);
void trino_free_p(struct trino **t); /* for scoped() */

struct trino_column {
	const char *name; /* borrowed from the query */
	const char *type; /* as Trino writes it: decimal(12,2) */
};

struct trino_query;

/* Sends one statement, without its semicolon. deadline_ms is of clk_mono_ms() and holds for the whole query. NULL on error. */
struct trino_query *trino_start(struct trino *t, const char *sql, int64_t deadline_ms, struct err *e);
/*
 * 1 and *ret_rows, a new reference to an array of rows, each an array of values by column; 0 when the query is done; -1 on error.
 * Blocks until there are rows or the end.
 */
int trino_next(struct trino_query *q, json_t **ret_rows, struct err *e);
/* Known once trino_next() has returned rows or 0; NULL and 0 before, and for statements that return none. */
const struct trino_column *trino_columns(const struct trino_query *q, size_t *ret_n);
/* "INSERT", "CREATE TABLE", … for a statement that is no query, else NULL; *ret_rows the rows it changed, -1: not told. */
const char *trino_update_type(const struct trino_query *q, int64_t *ret_rows);
/* Where in the text a failed statement's error is: 1-based, 0 when not told. */
void trino_error_place(const struct trino *t, int *ret_line, int *ret_column);
/* Cancels a query that has not ended. Accepts NULL. */
void trino_query_free(struct trino_query *q);
void trino_query_free_p(struct trino_query **q); /* for scoped() */

/* Runs a statement to its end and returns all rows (new reference, maybe empty); NULL on error. For small answers. */
json_t *trino_rows(struct trino *t, const char *sql, int64_t deadline_ms, struct err *e);

#endif
