/* Who answers a statement: Trino, or the source database. Both put rows into a printer. */
#ifndef SQL_ENGINE_H
#define SQL_ENGINE_H

#include "pgconn.h"
#include "platform.h"
#include "sql_print.h"
#include "sql_split.h"
#include "trino.h"

struct sql_engine {
	enum sql_dialect dialect;
	char *prompt;       /* "trino:inventory" */
	int timeout_ms;     /* of each statement */
	struct trino *trino; /* NULL for the source */
	struct pgconn conn;  /* of the source */
};

/*
 * Finds the way in, from catalogue and secrets; the source is connected to at once, Trino with its first statement.
 * Trino's names are by default those of the lake's namespace, the source's those of the shop's schema. Blocks SIGINT when it is Trino:
 * an interrupt then cancels the running statement.
 */
int sql_engine_open(struct sql_engine *g, const struct platform *p, bool source, int timeout_ms, struct err *e);
/* For scoped() too. */
void sql_engine_close(struct sql_engine *g);
/*
 * Runs one statement without its semicolon and prints what it answers. On failure *ret_line and *ret_column (from 1, 0: unknown)
 * say where in the statement the error is.
 */
int sql_engine_run(struct sql_engine *g, const char *sql, struct sql_printer *printer, int *ret_line, int *ret_column,
                   struct err *e);

#endif
