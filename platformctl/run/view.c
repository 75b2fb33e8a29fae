/* The live table and its plain twin. */
#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clk.h"
#include "output.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define MIN_WIDTH 40

static bool is_set(const char *variable)
{
	const char *v = getenv(variable);

	return v && *v;
}

static void size_of_terminal(int *ret_rows, int *ret_columns)
{
	struct winsize ws;

	*ret_rows = 24;
	*ret_columns = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_row > 0 && ws.ws_col > 0) {
		*ret_rows = ws.ws_row;
		*ret_columns = ws.ws_col;
	}
}

void view_init(struct view *v, int n, bool quiet)
{
	int rows, columns;

	size_of_terminal(&rows, &columns);
	*v = (struct view){.rows = xcalloc((size_t)n + 1, sizeof(*v->rows)), .n = n, .quiet = quiet, .began_ms = clk_mono_ms()};
	v->live = !quiet && isatty(STDOUT_FILENO) && !is_set("NO_COLOR") && !is_set("CI") &&
	          !str_eq(getenv("TERM"), "dumb") && rows > n + 2 && columns >= MIN_WIDTH;
}

void view_release(struct view *v)
{
	free(v->rows);
	*v = (struct view){0};
}

static enum paint paint_of(const char *state)
{
	if (str_eq(state, "ready") || str_eq(state, "done") || str_eq(state, "stopped"))
		return PAINT_GREEN;
	if (str_eq(state, "failed"))
		return PAINT_RED;
	return str_eq(state, "waiting") ? PAINT_DIM : PAINT_YELLOW;
}

static double seconds(const struct view_row *r)
{
	int64_t until = r->ended_ms ? r->ended_ms : clk_mono_ms();

	return r->began_ms ? (double)(until - r->began_ms) / 1000.0 : 0.0;
}

static void plain_line(const struct view *v, const struct view_row *r)
{
	printf("%7.1fs  %-12s %-12s %s\n", (double)(clk_mono_ms() - v->began_ms) / 1000.0, r->name, r->state, r->detail);
	fflush(stdout);
}

void view_set(struct view *v, int row, const char *state, const char *detail)
{
	struct view_row *r = &v->rows[row];
	bool other = !str_eq(r->state, state);
	bool over = str_eq(state, "ready") || str_eq(state, "failed") || str_eq(state, "done") || str_eq(state, "stopped");

	snprintf(r->state, sizeof(r->state), "%s", state);
	snprintf(r->detail, sizeof(r->detail), "%s", detail ? detail : "");
	if (other && !r->began_ms && !str_eq(state, "waiting"))
		r->began_ms = clk_mono_ms();
	if (over && !r->ended_ms)
		r->ended_ms = clk_mono_ms();
	if (!over)
		r->ended_ms = 0;
	if (other && !v->live && !v->quiet && !str_eq(state, "waiting"))
		plain_line(v, r);
}

/* Adds text cut to a number of columns; every UTF-8 sequence counts as one. */
static void add_cut(struct strbuf *sb, const char *text, int columns)
{
	for (; *text && columns > 0; text++) {
		strbuf_addch(sb, *text);
		if (((unsigned char)text[1] & 0xc0) != 0x80)
			columns--;
	}
	while (((unsigned char)*text & 0xc0) == 0x80)
		strbuf_addch(sb, *text++);
}

void view_draw(struct view *v)
{
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;
	int rows, columns;

	if (!v->live)
		return;
	size_of_terminal(&rows, &columns);
	if (v->drawn)
		strbuf_addf(&sb, "\033[%dA", v->drawn);
	for (int i = 0; i < v->n; i++) {
		const struct view_row *r = &v->rows[i];

		strbuf_addf(&sb, "\033[2K%-12.12s %s%-12.12s%s ", r->name, output_paint(paint_of(r->state)), r->state, output_plain());
		if (r->began_ms)
			strbuf_addf(&sb, "%6.1fs ", seconds(r));
		else
			strbuf_addstr(&sb, "        ");
		add_cut(&sb, r->detail, columns - 36);
		strbuf_addch(&sb, '\n');
	}
	v->drawn = v->n;
	fwrite(sb.buf, 1, sb.len, stdout);
	fflush(stdout);
}

void view_end(struct view *v)
{
	view_draw(v);
	v->drawn = 0;
}
