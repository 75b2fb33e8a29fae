/* Formats rows. Only the table holds rows back, and no more than it takes to find good widths. */
#include "sql_print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "jsonx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define HELD_ROWS 500     /* the rows that a table's widths are made from */
#define MAX_CELL_WIDTH 80 /* a longer cell is cut in a table, and only there */

struct column {
	char *name;
	char *type;
	bool right;
	size_t width;
};

struct sql_printer {
	enum sql_format format;
	struct column *columns;
	size_t n_columns;
	json_t *held; /* rows that wait for the widths; NULL once these are settled */
	long long rows;
};

struct sql_printer *sql_printer_new(enum sql_format format)
{
	struct sql_printer *p = xcalloc(1, sizeof(*p));

	p->format = format;
	return p;
}

static void forget_columns(struct sql_printer *p)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		free(p->columns[i].name);
		free(p->columns[i].type);
	}
	free(p->columns);
	p->columns = NULL;
	p->n_columns = 0;
}

static bool is_number_type(const char *type)
{
	static const char *const numbers[] = {"tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "numeric"};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (str_starts(type, numbers[i]))
			return true;
	return false;
}

/* Characters, which is the width on a terminal for all but a few scripts. */
static size_t width_of(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* Cuts to MAX_CELL_WIDTH characters, the last of them an ellipsis. */
static void cut_cell(struct strbuf *sb)
{
	size_t chars = 0;

	if (width_of(sb->buf) <= MAX_CELL_WIDTH)
		return;
	for (size_t i = 0; i < sb->len; i++) {
		if (((unsigned char)sb->buf[i] & 0xc0) != 0x80 && ++chars == MAX_CELL_WIDTH) {
			strbuf_setlen(sb, i);
			strbuf_addstr(sb, "…");
			return;
		}
	}
}

/* A value as text: what a scalar is, anything else as JSON. */
static void add_text(struct strbuf *sb, const json_t *value)
{
	char number[40];

	switch (json_typeof(value)) {
	case JSON_STRING: strbuf_add(sb, json_string_value(value), json_string_length(value)); break;
	case JSON_INTEGER: strbuf_addf(sb, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); break;
	case JSON_TRUE: strbuf_addstr(sb, "true"); break;
	case JSON_FALSE: strbuf_addstr(sb, "false"); break;
	case JSON_NULL: break;
	case JSON_REAL:
		for (int digits = 1; digits <= 17; digits++) {
			snprintf(number, sizeof(number), "%.*g", digits, json_real_value(value));
			if (strtod(number, NULL) == json_real_value(value))
				break;
		}
		strbuf_addstr(sb, number);
		break;
	default: jsonx_dump(value, JSONX_AS_BUILT, sb);
	}
}

/* Backslash escapes for what would break a line or a column; with other control bytes gone for terminals. */
static void add_escaped(struct strbuf *sb, const char *s, size_t len, bool table)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '\n' || c == '\t' || c == '\r')
			strbuf_addf(sb, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
		else if (c == '\\' && !table)
			strbuf_addstr(sb, "\\\\");
		else if (table && (c < 0x20 || c == 0x7f))
			strbuf_addch(sb, '?');
		else
			strbuf_addch(sb, c);
	}
}

static void add_csv(struct strbuf *sb, const char *s, size_t len)
{
	if (!memchr(s, ',', len) && !memchr(s, '"', len) && !memchr(s, '\n', len) && !memchr(s, '\r', len)) {
		strbuf_add(sb, s, len);
		return;
	}
	strbuf_addch(sb, '"');
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '"')
			strbuf_addch(sb, '"');
		strbuf_addch(sb, s[i]);
	}
	strbuf_addch(sb, '"');
}

/* A value as it stands in a cell of the format. */
static void add_cell(const struct sql_printer *p, struct strbuf *sb, const json_t *value)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (json_is_null(value)) {
		strbuf_addstr(sb, p->format == SQL_TSV ? "\\N" : "");
		return;
	}
	add_text(&text, value);
	if (p->format == SQL_CSV) {
		add_csv(sb, text.buf, text.len);
		return;
	}
	add_escaped(sb, text.buf, text.len, p->format == SQL_TABLE);
	if (p->format == SQL_TABLE)
		cut_cell(sb);
}

static void print_padded(const struct sql_printer *p, size_t i, const char *cell)
{
	const struct column *c = &p->columns[i];
	size_t width = width_of(cell);
	int pad = width < c->width ? (int)(c->width - width) : 0;
	bool last = i + 1 == p->n_columns;

	if (c->right)
		printf("%*s%s%s", pad, "", cell, last ? "\n" : "  ");
	else
		printf("%s%*s%s", cell, last ? 0 : pad, "", last ? "\n" : "  ");
}

static void print_table_row(const struct sql_printer *p, const json_t *row)
{
	for (size_t i = 0; i < p->n_columns; i++) {
		scoped(strbuf_release) struct strbuf cell = STRBUF_INIT;

		add_cell(p, &cell, json_array_get(row, i));
		print_padded(p, i, cell.buf);
	}
}

/* The widths are settled: prints the header and the rows that waited. */
static void release_held(struct sql_printer *p)
{
	json_t *row;
	size_t k;

	if (!p->held)
		return;
	json_array_foreach (p->held, k, row) {
		for (size_t i = 0; i < p->n_columns; i++) {
			scoped(strbuf_release) struct strbuf cell = STRBUF_INIT;
			size_t width;

			add_cell(p, &cell, json_array_get(row, i));
			width = width_of(cell.buf);
			if (width > p->columns[i].width)
				p->columns[i].width = width;
		}
	}
	for (size_t i = 0; i < p->n_columns; i++)
		print_padded(p, i, p->columns[i].name);
	for (size_t i = 0; i < p->n_columns; i++) {
		for (size_t w = 0; w < p->columns[i].width; w++)
			putchar('-');
		fputs(i + 1 == p->n_columns ? "\n" : "  ", stdout);
	}
	json_array_foreach (p->held, k, row)
		print_table_row(p, row);
	json_decref(p->held);
	p->held = NULL;
}

void sql_printer_columns(struct sql_printer *p, const struct sql_column *columns, size_t n)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

	forget_columns(p);
	p->columns = xcalloc(n ? n : 1, sizeof(*p->columns));
	p->n_columns = n;
	p->rows = 0;
	for (size_t i = 0; i < n; i++)
		p->columns[i] = (struct column){.name = xstrdup(columns[i].name), .type = xstrdup(columns[i].type),
		                                .right = is_number_type(columns[i].type), .width = width_of(columns[i].name)};
	if (p->format == SQL_TABLE) {
		p->held = json_array();
	} else if (p->format == SQL_CSV) {
		for (size_t i = 0; i < n; i++) {
			add_csv(&line, columns[i].name, strlen(columns[i].name));
			strbuf_addch(&line, i + 1 == n ? '\n' : ',');
		}
		fputs(line.buf, stdout);
	} else if (p->format == SQL_JSON) {
		scoped(json_decref_p) json_t *list = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, json_pack("{s:s, s:s}", "name", columns[i].name, "type", columns[i].type));
		jsonx_dump(list, JSONX_AS_BUILT, &line);
		printf("{\"schema_version\":1,\"columns\":%s,\"rows\":[", line.buf);
	}
}

void sql_printer_row(struct sql_printer *p, json_t *row)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

	p->rows++;
	if (p->format == SQL_TABLE) {
		if (p->held) {
			json_array_append(p->held, row);
			if (json_array_size(p->held) == HELD_ROWS)
				release_held(p);
		} else {
			print_table_row(p, row);
		}
		return;
	}
	if (p->format == SQL_JSON) {
		if (p->rows > 1)
			strbuf_addch(&line, ',');
		jsonx_dump(row, JSONX_AS_BUILT, &line);
	} else {
		for (size_t i = 0; i < p->n_columns; i++) {
			add_cell(p, &line, json_array_get(row, i));
			strbuf_addch(&line, i + 1 == p->n_columns ? '\n' : p->format == SQL_CSV ? ',' : '\t');
		}
	}
	fwrite(line.buf, 1, line.len, stdout);
}

static void print_json_end(const struct sql_printer *p, const char *update, int64_t changed, int64_t ms)
{
	if (p->columns)
		printf("],\"row_count\":%lld,\"ms\":%lld}\n", p->rows, (long long)ms);
	else
		printf("{\"schema_version\":1,\"update\":\"%s\",\"row_count\":%lld,\"ms\":%lld}\n", update ? update : "", (long long)(changed < 0 ? 0 : changed), (long long)ms);
}

void sql_printer_end(struct sql_printer *p, const char *update, int64_t changed, int64_t ms)
{
	if (p->format == SQL_JSON) {
		print_json_end(p, update, changed, ms);
	} else if (p->format == SQL_TABLE) {
		release_held(p);
		if (p->columns)
			printf("(%lld row%s, %lld ms)\n", p->rows, p->rows == 1 ? "" : "s", (long long)ms);
		else if (changed >= 0)
			printf("%s: %lld row%s, %lld ms\n", update ? update : "done", (long long)changed, changed == 1 ? "" : "s", (long long)ms);
		else
			printf("%s, %lld ms\n", update ? update : "done", (long long)ms);
	}
	forget_columns(p);
	fflush(stdout);
}

void sql_printer_free(struct sql_printer *p)
{
	if (!p)
		return;
	release_held(p);
	json_decref(p->held);
	forget_columns(p);
	free(p);
}
