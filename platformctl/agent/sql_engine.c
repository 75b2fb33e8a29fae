/* Runs a statement in Trino or PostgreSQL. */
#include "sql_engine.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "jsonx.h"
#include "scoped.h"
#include "shop.h"

#include "banned.h"

/* The interrupt key is blocked and asked for, so that a statement ends at a place of our choice and is cancelled. */
static bool interrupt_pending(void *arg)
{
	const struct timespec now = {0};
	sigset_t interrupt;

	(void)arg;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	return sigtimedwait(&interrupt, NULL, &now) == SIGINT;
}

static int open_trino(struct sql_engine *g, const struct platform *p, struct err *e)
{
	scoped_free char *url = service_url(p, "trino", "http", "", e);
	const char *namespace = url ? platform_setting(p, "namespace", e) : NULL;
	sigset_t interrupt;

	if (!namespace)
		return -1;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(SIG_BLOCK, &interrupt, NULL);
	g->dialect = SQL_TRINO;
	g->prompt = xstrf("trino:%s", namespace);
	g->trino = trino_new(&(struct trino_options){.url = url, .user = "platformctl", .source = "platformctl", .catalog = "lake",
	                                             .schema = namespace, .interrupted = interrupt_pending});
	return 0;
}

static int open_source(struct sql_engine *g, const struct platform *p, struct err *e)
{
	scoped(shop_release) struct shop shop = {0};
	scoped(strbuf_release) struct strbuf path = STRBUF_INIT;

	if (shop_init(&shop, p, "platformctl sql", e) != 0)
		return -1;
	g->dialect = SQL_POSTGRES;
	g->prompt = xstrf("postgres:%s", shop.database);
	strbuf_addstr(&path, "SET search_path TO ");
	pgconn_add_identifier(&path, shop.schema);
	strbuf_addstr(&path, ", public");
	return shop_open(&shop, &g->conn, 10000, e) != 0 ? -1 : pgconn_exec(&g->conn, path.buf, 10000, e);
}

int sql_engine_open(struct sql_engine *g, const struct platform *p, bool source, int timeout_ms, struct err *e)
{
	*g = (struct sql_engine){.timeout_ms = timeout_ms, .conn = PGCONN_INIT};
	return source ? open_source(g, p, e) : open_trino(g, p, e);
}

void sql_engine_close(struct sql_engine *g)
{
	trino_free(g->trino);
	pgconn_close(&g->conn);
	free(g->prompt);
}

/* Rows of one page; a statement that is no query answers with its count as a row, which the printer says in words. */
static void print_page(const struct trino_query *q, json_t *rows, struct sql_printer *printer, bool *begun)
{
	size_t n, i;
	int64_t changed;
	const struct trino_column *columns = trino_columns(q, &n);
	json_t *row;

	if (trino_update_type(q, &changed))
		return;
	if (!*begun && columns) {
		struct sql_column *named = xcalloc(n, sizeof(*named));

		for (i = 0; i < n; i++)
			named[i] = (struct sql_column){.name = columns[i].name, .type = columns[i].type};
		sql_printer_columns(printer, named, n);
		free(named);
		*begun = true;
	}
	json_array_foreach (rows, i, row)
		sql_printer_row(printer, row);
}

static int run_trino(struct sql_engine *g, const char *sql, struct sql_printer *printer, int *ret_line, int *ret_column,
                     struct err *e)
{
	int64_t started_ms = clk_mono_ms(), changed;
	scoped(trino_query_free_p) struct trino_query *q = trino_start(g->trino, sql, started_ms + g->timeout_ms, e);
	const char *update;
	json_t *rows;
	bool begun = false;
	int got = q ? 0 : -1;

	while (q && (got = trino_next(q, &rows, e)) > 0) {
		print_page(q, rows, printer, &begun);
		json_decref(rows);
	}
	if (got < 0) {
		trino_error_place(g->trino, ret_line, ret_column);
		if (e->kind == ERR_RETRY && !e->remedy[0])
			err_remedy(e, "see `platformctl status trino`; start it with `platformctl up`");
		return -1;
	}
	print_page(q, NULL, printer, &begun);
	update = trino_update_type(q, &changed);
	sql_printer_end(printer, update, changed, clk_mono_ms() - started_ms);
	return 0;
}

/* PostgreSQL's name of the types that need telling apart, by their fixed OIDs (pg_type.dat). */
static const char *type_name(Oid oid)
{
	static const struct {
		Oid oid;
		const char *name;
	} types[] = {
		{16, "boolean"}, {17, "bytea"}, {20, "bigint"}, {21, "smallint"}, {23, "integer"}, {25, "text"}, {114, "json"},
		{700, "real"}, {701, "double precision"}, {1042, "character"}, {1043, "character varying"}, {1082, "date"},
		{1083, "time"}, {1114, "timestamp"}, {1184, "timestamp with time zone"}, {1700, "numeric"}, {2950, "uuid"}, {3802, "jsonb"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].oid == oid)
			return types[i].name;
	return "other";
}

static json_t *cell_value(const PGresult *r, int row, int column)
{
	const char *text = PQgetvalue(r, row, column);

	if (PQgetisnull(r, row, column))
		return json_null();
	switch (PQftype(r, column)) {
	case 16: return json_boolean(text[0] == 't');
	case 20:
	case 21:
	case 23: return json_integer(atoll(text));
	default: return json_string(text);
	}
}

static void print_result(const PGresult *r, struct sql_printer *printer)
{
	int n = PQnfields(r);
	struct sql_column *columns = xcalloc((size_t)n + 1, sizeof(*columns));

	for (int i = 0; i < n; i++)
		columns[i] = (struct sql_column){.name = PQfname(r, i), .type = type_name(PQftype(r, i))};
	sql_printer_columns(printer, columns, (size_t)n);
	free(columns);
	for (int k = 0; k < PQntuples(r); k++) {
		scoped(json_decref_p) json_t *row = json_array();

		for (int i = 0; i < n; i++)
			json_array_append_new(row, cell_value(r, k, i));
		sql_printer_row(printer, row);
	}
}

static int run_source(struct sql_engine *g, const char *sql, struct sql_printer *printer, int *ret_line, int *ret_column,
                      struct err *e)
{
	int64_t started_ms = clk_mono_ms();
	scoped(pgconn_clear_p) PGresult *r = pgconn_query(&g->conn, sql, 0, NULL, g->timeout_ms, e);
	scoped_free char *word = NULL;
	const char *count, *status;

	if (!r) {
		*ret_line = *ret_column = 0;
		if (g->conn.error_position > 0)
			sql_place(sql, (size_t)g->conn.error_position - 1, ret_line, ret_column);
		return -1;
	}
	if (PQresultStatus(r) == PGRES_TUPLES_OK)
		print_result(r, printer);
	/* "INSERT 0 3" and "UPDATE 3", but "CREATE TABLE": the count is told apart, the words stay. */
	status = PQcmdStatus(r);
	count = PQcmdTuples((PGresult *)r);
	word = *count ? xstrndup(status, strcspn(status, " ")) : xstrdup(status);
	sql_printer_end(printer, word, *count ? atoll(count) : -1, clk_mono_ms() - started_ms);
	return 0;
}

int sql_engine_run(struct sql_engine *g, const char *sql, struct sql_printer *printer, int *ret_line, int *ret_column,
                   struct err *e)
{
	return (g->trino ? run_trino : run_source)(g, sql, printer, ret_line, ret_column, e);
}
