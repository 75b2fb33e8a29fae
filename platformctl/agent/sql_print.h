/*
 * Rows on standard output: an aligned table for people, tab-separated values for pipes, CSV (RFC 4180) with a header, or
 * JSON, one document a line and statement.
 *
 * Values are JSON as Trino sends them. In text a null is empty in a table and in CSV and \N in TSV, where tab, newline and
 * backslash are escaped as in PostgreSQL's COPY.
 */
#ifndef SQL_PRINT_H
#define SQL_PRINT_H

#include <jansson.h>
#include <stdint.h>

enum sql_format { SQL_TABLE, SQL_TSV, SQL_CSV, SQL_JSON };

struct sql_column {
	const char *name;
	const char *type;
};

struct sql_printer;

struct sql_printer *sql_printer_new(enum sql_format format);
/* Accepts NULL; prints what is still held back. */
void sql_printer_free(struct sql_printer *p);

/* Begins an answer with rows. The columns are copied. */
void sql_printer_columns(struct sql_printer *p, const struct sql_column *columns, size_t n);
/* One row: an array of values. Takes a reference of its own while it needs one. */
void sql_printer_row(struct sql_printer *p, json_t *row);
/*
 * Ends a statement that took ms. `update` is what a statement without rows did ("UPDATE"), NULL for a query;
 * changed the rows that it changed, -1: not told.
 */
void sql_printer_end(struct sql_printer *p, const char *update, int64_t changed, int64_t ms);

#endif
