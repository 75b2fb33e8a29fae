/*
 * PostgreSQL through libpq, with a deadline on connecting and on each query: nothing blocks longer, also when the server
 * stops answering in the middle. (Looking up a host's name is the C library's and outside of the deadline; addresses are
 * not looked up.)
 *
 * Errors: ERR_RETRY when the server is away, starting, stopping or full (the connection is of no further use then, open a new
 * one), ERR_TIMEOUT at the deadline, ERR_CONFLICT for serialization failures and deadlocks, ERR_CONFIG when it refuses the
 * login or the database is not there, ERR_DATA with the server's words and SQLSTATE for any other SQL error. A password
 * is never in a message.
 */
#ifndef PGCONN_H
#define PGCONN_H

#include <libpq-fe.h>
#include <stdbool.h>

#include "err.h"
#include "strbuf.h"

/* Where to connect and as whom. */
struct pgconn_target {
	const char *host;
	const char *port;
	const char *database;
	const char *user;
	const char *password;    /* NULL: none */
	const char *application; /* application_name; NULL: "platformctl" */
};

struct pgconn {
	PGconn *pq;         /* NULL while closed; for what this layer does not wrap, e.g. COPY or PQsocket */
	char where[160];    /* "host:port/database as user", for messages */
	char sqlstate[6];   /* of the last failed query; "" when the server named none */
	int error_position; /* of the last failed query: 1-based character in its text, 0: unknown */
};
#define PGCONN_INIT {.pq = NULL}

/* Connects within the timeout (all addresses of the host together). Close with pgconn_close(), also after a failure. */
int pgconn_open(struct pgconn *c, const struct pgconn_target *to, int timeout_ms, struct err *e);
/* Accepts a closed one; may be opened again. For scoped() too. */
void pgconn_close(struct pgconn *c);
/* False once the connection is lost. */
bool pgconn_alive(const struct pgconn *c);

/*
 * Sends one statement with text parameters ($1 …; NULL entries are SQL NULL) and waits for its last answer. The result
 * is for the caller to PQclear (scoped(pgconn_clear_p)); NULL on error. At the deadline the connection
 * is closed; the server then finds out by itself, and may still finish the statement.
 */
PGresult *pgconn_query(struct pgconn *c, const char *sql, int n_params, const char *const *params, int timeout_ms,
                       struct err *e);
/* Runs text that may hold several statements (simple protocol: one transaction unless it says otherwise) and drops the rows. */
int pgconn_exec(struct pgconn *c, const char *sql, int timeout_ms, struct err *e);
/* The first column of the first row; caller frees. NULL with e->kind == ERR_NONE when there is no row or it is NULL. */
char *pgconn_value(struct pgconn *c, const char *sql, int n_params, const char *const *params, int timeout_ms,
                   struct err *e);
void pgconn_clear_p(PGresult **r);

/* Adds s as an SQL literal ('…', or E'…' where it holds a backslash) or as a quoted identifier. Needs no connection; UTF-8. */
void pgconn_add_literal(struct strbuf *sb, const char *s);
void pgconn_add_identifier(struct strbuf *sb, const char *s);

#endif
