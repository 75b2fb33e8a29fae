/* Draws fetching: rows by task, redrawn in place on a terminal. */
#include "show.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define REDRAW_MS 200
#define PLAIN_EVERY_MS 15000

struct row {
	char *what;
	enum fetch_state state;
	char text[200];
	int64_t done, total;
	int64_t started_ms, ended_ms, said_ms;
	char said[200];
};

struct fetch_show {
	FILE *out;
	bool live, colour;
	struct row *rows;
	size_t n;
	size_t drawn; /* lines that the next drawing replaces */
	int64_t drawn_ms;
};

struct fetch_show *fetch_show_new(FILE *out)
{
	struct fetch_show *show = xcalloc(1, sizeof(*show));
	const char *term = getenv("TERM");

	show->out = out;
	show->live = isatty(fileno(out)) && !getenv("CI") && !getenv("NO_COLOR") && term && !str_eq(term, "dumb");
	show->colour = show->live;
	return show;
}

static struct row *find_row(struct fetch_show *show, const char *what)
{
	for (size_t i = 0; i < show->n; i++)
		if (str_eq(show->rows[i].what, what))
			return &show->rows[i];
	show->rows = xrealloc(show->rows, (show->n + 1) * sizeof(*show->rows));
	show->rows[show->n] = (struct row){.what = xstrdup(what), .done = -1, .total = -1};
	return &show->rows[show->n++];
}

static void add_amount(struct strbuf *sb, const struct row *r)
{
	if (r->state != FETCH_RUNNING || r->total <= 0)
		return;
	strbuf_addstr(sb, "  ");
	strbuf_add_bytes(sb, r->done > 0 ? r->done : 0);
	strbuf_addstr(sb, " of ");
	strbuf_add_bytes(sb, r->total);
	strbuf_addf(sb, " (%d %%)", (int)(100 * (r->done > 0 ? r->done : 0) / r->total));
}

static void add_seconds(struct strbuf *sb, const struct row *r, int64_t now)
{
	int64_t end = r->ended_ms ? r->ended_ms : now;

	if (r->started_ms && r->state != FETCH_WAITING)
		strbuf_addf(sb, "  %lld.%lld s", (long long)((end - r->started_ms) / 1000),
		            (long long)((end - r->started_ms) / 100 % 10));
}

static const char *mark_of(enum fetch_state state)
{
	switch (state) {
	case FETCH_DONE:
		return "\033[32m✓\033[0m";
	case FETCH_WARNING:
		return "\033[33m!\033[0m";
	case FETCH_FAILED:
		return "\033[31m✗\033[0m";
	case FETCH_RUNNING:
		return "\033[36m•\033[0m";
	case FETCH_WAITING:
		break;
	}
	return " ";
}

static int columns(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

static void draw(struct fetch_show *show)
{
	scoped(strbuf_release) struct strbuf all = STRBUF_INIT;
	int width = columns(show->out) - 4;
	int64_t now = clk_mono_ms();

	if (show->drawn)
		strbuf_addf(&all, "\033[%zuA", show->drawn);
	for (size_t i = 0; i < show->n; i++) {
		const struct row *r = &show->rows[i];
		scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

		strbuf_addf(&line, "%-18s %s", r->what, r->text);
		add_amount(&line, r);
		add_seconds(&line, r, now);
		strbuf_addf(&all, "\033[2K %s %.*s\n", mark_of(r->state), width, line.buf);
	}
	fwrite(all.buf, 1, all.len, show->out);
	fflush(show->out);
	show->drawn = show->n;
	show->drawn_ms = now;
}

static void say(struct fetch_show *show, struct row *r, const struct fetch_event *ev, const char *text, int64_t now)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;
	bool same = str_eq(r->said, text);

	if (ev->state == FETCH_WAITING && str_eq(text, "waiting"))
		return;
	if (same && (ev->state != FETCH_RUNNING || r->total <= 0 || now - r->said_ms < PLAIN_EVERY_MS))
		return;
	snprintf(r->said, sizeof(r->said), "%s", text);
	r->said_ms = now;
	strbuf_addf(&line, "%s%s: %s", ev->state == FETCH_WARNING ? "warning: " : "", r->what, text);
	add_amount(&line, r);
	if (ev->state == FETCH_DONE || ev->state == FETCH_FAILED)
		add_seconds(&line, r, now);
	fprintf(show->out, "%s\n", line.buf);
	fflush(show->out);
}

void fetch_show_event(const struct fetch_event *ev, void *arg)
{
	struct fetch_show *show = arg;
	struct row *r = find_row(show, ev->what);
	/* The cause is the command's error, which comes last. */
	const char *text = ev->state == FETCH_FAILED ? "failed" : ev->text;
	int64_t now = clk_mono_ms();
	bool changed = r->state != ev->state || !str_eq(r->text, text);
	/* A warning is worth more than the "done" that follows it. */
	bool keep_warning = r->state == FETCH_WARNING && ev->state == FETCH_DONE;

	if (ev->state == FETCH_RUNNING && !r->started_ms)
		r->started_ms = now;
	if (ev->state == FETCH_DONE || ev->state == FETCH_FAILED)
		r->ended_ms = now;
	r->done = ev->done_bytes;
	r->total = ev->total_bytes;
	if (!keep_warning) {
		r->state = ev->state;
		snprintf(r->text, sizeof(r->text), "%.*s", (int)sizeof(r->text) - 1, text);
	}
	if (!show->live)
		say(show, r, ev, text, now);
	else if (changed || now - show->drawn_ms >= REDRAW_MS)
		draw(show);
}

void fetch_show_free(struct fetch_show *show)
{
	if (!show)
		return;
	if (show->live && show->n)
		draw(show);
	for (size_t i = 0; i < show->n; i++)
		free(show->rows[i].what);
	free(show->rows);
	free(show);
}

static void show_item(FILE *out, const struct fetch_service *item)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;

	if (item->complete && !item->train && !item->java && !item->go)
		return;
	strbuf_addf(&line, "  %-14s", item->service->name);
	if (!item->complete && item->transfer_bytes == 0) {
		strbuf_addstr(&line, " from the cache");
	} else if (!item->complete) {
		strbuf_addstr(&line, item->bytes_estimated ? " about " : " ");
		strbuf_add_bytes(&line, item->transfer_bytes);
	}
	if (item->java)
		strbuf_addf(&line, "%s Java %d", item->complete ? "" : ",", item->java);
	if (item->go)
		strbuf_addstr(&line, ", Go to build it");
	if (item->train)
		strbuf_addf(&line, "%s start-up cache", item->complete ? "" : ",");
	fprintf(out, "%s\n", line.buf);
}

void fetch_show_plan(FILE *out, const struct fetch_plan *plan)
{
	scoped(strbuf_release) struct strbuf sum = STRBUF_INIT;

	if (plan->complete) {
		fprintf(out, "everything is there: nothing to fetch\n");
		return;
	}
	for (size_t i = 0; i < plan->apt.n; i++)
		fprintf(out, "  %-14s Debian package, for %s\n", plan->apt.items[i], plan->apt_why.items[i]);
	for (size_t i = 0; i < plan->n; i++)
		show_item(out, &plan->items[i]);
	strbuf_add_bytes(&sum, plan->transfer_bytes);
	strbuf_addstr(&sum, " to transfer, ");
	strbuf_add_bytes(&sum, plan->disk_bytes);
	fprintf(out, "%s on disk\n", sum.buf);
}
