/*
 * What commands print: tables whose columns line up, and JSON documents. Both go to standard output at once, and a
 * failed write (a full disk behind `> file`) is an error; a closed pipe (`| head`) is not.
 *
 *     scoped(table_release) struct table t = {0};
 *     table_add(&t, "SERVICE", "STATE", NULL);     // the first row is the head
 *     table_add(&t, s->name, "ready", NULL);
 *     table_color(&t, PAINT_GREEN);                // of the last cell added
 *     return table_print(&t, e);
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/* The version of every JSON document that platformctl prints; it grows when a member changes its meaning or goes away.
 */
#define OUTPUT_SCHEMA_VERSION 1

enum paint { PAINT_NONE, PAINT_BOLD, PAINT_GREEN, PAINT_YELLOW, PAINT_RED, PAINT_DIM };

struct cell {
	char *text;
	enum paint paint;
};

struct row {
	struct cell *cells;
	size_t n;
};

/* Starts as {0}. */
struct table {
	struct row *rows;
	size_t n;
	uint32_t right; /* bit i: column i is set to the right (numbers) */
};

void table_release(struct table *t);
/* A new row of the texts up to NULL, copied; line breaks become spaces. "" is an empty cell. */
void table_add(struct table *t, ...) __attribute__((sentinel));
/* One more cell for the last row. */
void table_cell(struct table *t, enum paint paint, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A new row without cells. */
void table_row(struct table *t);
/* Paints the last cell. */
void table_color(struct table *t, enum paint paint);
/* Columns two spaces apart, no trailing space; the head in bold when standard output takes colour. */
int table_print(const struct table *t, struct err *e);

/* Columns that UTF-8 text takes on a terminal: its characters. */
int output_width(const char *text);
/* Standard output is a terminal and NO_COLOR is not set (https://no-color.org). */
bool output_color(void);
/* The escape sequences around painted text; "" where standard output takes no colour. */
const char *output_paint(enum paint paint);
const char *output_plain(void);

/* An object that holds schema_version; the caller fills and decrefs it. */
json_t *output_json_new(void);
/* Prints the document, indented on a terminal, on one line elsewhere, and decrefs it. */
int output_json(json_t *doc, struct err *e);
/* Prints text as it is. */
int output_text(const char *text, struct err *e);
/* printf to standard output. */
int output_line(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
