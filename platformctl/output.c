/* Tables, JSON and plain text on standard output. */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define MAX_COLUMNS 32

void table_release(struct table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		for (size_t k = 0; k < t->rows[i].n; k++)
			free(t->rows[i].cells[k].text);
		free(t->rows[i].cells);
	}
	free(t->rows);
	*t = (struct table){0};
}

void table_row(struct table *t)
{
	t->rows = xrealloc(t->rows, (t->n + 1) * sizeof(*t->rows));
	t->rows[t->n++] = (struct row){0};
}

/* Takes text over. What would break the line becomes a space. */
static void add_cell(struct row *r, enum paint paint, char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 127)
			*c = ' ';
	r->cells = xrealloc(r->cells, (r->n + 1) * sizeof(*r->cells));
	r->cells[r->n++] = (struct cell){text, paint};
}

void table_add(struct table *t, ...)
{
	const char *text;
	va_list ap;

	table_row(t);
	va_start(ap, t);
	while ((text = va_arg(ap, const char *)))
		add_cell(&t->rows[t->n - 1], PAINT_NONE, xstrdup(text));
	va_end(ap);
}

void table_cell(struct table *t, enum paint paint, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	add_cell(&t->rows[t->n - 1], paint, strbuf_detach(&sb));
}

void table_color(struct table *t, enum paint paint)
{
	struct row *r = &t->rows[t->n - 1];

	r->cells[r->n - 1].paint = paint;
}

/* The bytes that do not continue a UTF-8 sequence. */
int output_width(const char *text)
{
	int n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static void add_row(const struct table *t, const struct row *r, bool head, const int *widths, struct strbuf *out)
{
	for (size_t k = 0; k < r->n && k < MAX_COLUMNS; k++) {
		const struct cell *c = &r->cells[k];
		const char *paint = output_paint(head ? PAINT_BOLD : c->paint);
		int pad = widths[k] - output_width(c->text);
		bool right = t->right >> k & 1;

		strbuf_addf(out, "%*s%s%s%s", right ? pad : 0, "", paint, c->text, *paint ? output_plain() : "");
		if (k + 1 < r->n)
			strbuf_addf(out, "%*s", (right ? 0 : pad) + 2, "");
	}
	/* Empty cells at the end leave spaces. */
	strbuf_rtrim(out);
	strbuf_addch(out, '\n');
}

int table_print(const struct table *t, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	int widths[MAX_COLUMNS] = {0};

	for (size_t i = 0; i < t->n; i++)
		for (size_t k = 0; k < t->rows[i].n && k < MAX_COLUMNS; k++) {
			int w = output_width(t->rows[i].cells[k].text);

			widths[k] = w > widths[k] ? w : widths[k];
		}
	for (size_t i = 0; i < t->n; i++) {
		scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

		add_row(t, &t->rows[i], i == 0, widths, &line);
		strbuf_add(&out, line.buf, line.len);
	}
	return output_text(out.buf, e);
}

bool output_color(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !str_eq(term, "dumb");
}

const char *output_paint(enum paint paint)
{
	static const char *const codes[] = {"", "\033[1m", "\033[32m", "\033[33m", "\033[31m", "\033[2m"};

	return output_color() ? codes[paint] : "";
}

const char *output_plain(void)
{
	return output_color() ? "\033[0m" : "";
}

json_t *output_json_new(void)
{
	return json_pack("{s:i}", "schema_version", OUTPUT_SCHEMA_VERSION);
}

int output_json(json_t *doc, struct err *e)
{
	scoped_free char *text =
	    json_dumps(doc, JSON_PRESERVE_ORDER | (isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT));

	json_decref(doc);
	if (!text)
		return err_set(e, ERR_FATAL, "a value that is no JSON (text that is not UTF-8)");
	return output_line(e, "%s\n", text);
}

int output_text(const char *text, struct err *e)
{
	size_t len = strlen(text);

	errno = 0;
	if (fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0)
		return 0;
	if (errno == EPIPE) {
		clearerr(stdout);
		return 0;
	}
	err_sys(e, ERR_FATAL, "cannot write to standard output");
	return err_remedy(e, "see whether the disk is full where the output goes");
}

int output_line(struct err *e, const char *fmt, ...)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	return output_text(sb.buf, e);
}
