/* Runs the start and shows it. */
#include "starting.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "clk.h"
#include "events.h"
#include "logfile.h"
#include "output.h"
#include "s6.h"
#include "scoped.h"
#include "start.h"
#include "strbuf.h"
#include "usage.h"
#include "view.h"

#include "banned.h"

#define FAILURE_LOG_LINES 15

static void update(const struct start *run, const struct start_item *item, void *arg)
{
	struct view *view = arg;

	for (size_t i = 0; i < run->n; i++) {
		const struct start_item *it = &run->items[i];
		const char *detail = it->reason;

		if (item && it != item)
			continue;
		if (it->stage == STAGE_READY && it->was_running && !it->service->external)
			detail = "was running";
		view_set(view, (int)i, start_stage_name(it->stage), it->stage == STAGE_WAITING ? NULL : detail);
	}
	view_draw(view);
}

/* The log's end, indented, so that the first cause stands where one looks. */
static void print_log(const struct platform *p, const struct service *s)
{
	scoped(loglines_release) struct loglines lines = {0};

	logfile_tail(p, s, FAILURE_LOG_LINES, &lines);
	if (!lines.n)
		return;
	fprintf(stderr, "last lines of %s's log:\n", s->name);
	for (size_t i = 0; i < lines.n; i++)
		fprintf(stderr, "  | %.400s\n", lines.items[i].text);
}

static int pid_of(const struct platform *p, const struct service *s)
{
	struct s6_state st;

	s6_state(p, s, &st);
	return st.up ? st.pid : -1;
}

static int print_timings(const struct start *run, struct err *e)
{
	scoped(table_release) struct table t = {.right = 0x1e};
	double cpu = 0;
	int64_t rss = 0, pss = 0;

	table_add(&t, "SERVICE", "START s", "CPU s", "RSS MB", "PSS MB", NULL);
	for (size_t i = 0; i < run->n; i++) {
		const struct start_item *it = &run->items[i];
		struct usage u;

		if (it->service->external)
			continue;
		usage_of(pid_of(run->platform, it->service), &u);
		table_row(&t);
		table_cell(&t, PAINT_NONE, "%s", it->service->name);
		table_cell(&t, PAINT_NONE, "%.1f", (double)(it->ready_ms - it->started_ms) / 1000);
		table_cell(&t, PAINT_NONE, "%.1f", u.cpu_s);
		table_cell(&t, PAINT_NONE, "%lld", (long long)(u.rss_bytes / 1000000));
		table_cell(&t, PAINT_NONE, "%lld", (long long)(u.pss_bytes / 1000000));
		cpu += u.cpu_s;
		rss += u.rss_bytes;
		pss += u.pss_bytes;
	}
	table_row(&t);
	table_cell(&t, PAINT_BOLD, "all");
	table_cell(&t, PAINT_BOLD, "%.1f", (double)(clk_mono_ms() - run->began_ms) / 1000);
	table_cell(&t, PAINT_BOLD, "%.1f", cpu);
	table_cell(&t, PAINT_BOLD, "%lld", (long long)(rss / 1000000));
	table_cell(&t, PAINT_BOLD, "%lld", (long long)(pss / 1000000));
	return table_print(&t, e);
}

static int print_json(const struct start *run, struct err *e)
{
	json_t *doc = output_json_new(), *services = json_array();

	for (size_t i = 0; i < run->n; i++) {
		const struct start_item *it = &run->items[i];
		struct usage u = {0};
		json_t *o;

		if (!it->service->external)
			usage_of(pid_of(run->platform, it->service), &u);
		o = json_pack("{s:s, s:s, s:s, s:b}", "service", it->service->name, "state", start_stage_name(it->stage), "reason",
		              it->reason, "was_running", it->was_running);
		if (it->stage == STAGE_READY)
			json_object_set_new(o, "start_s", json_real((double)(it->ready_ms - it->started_ms) / 1000));
		json_object_set_new(o, "cpu_s", json_real(u.cpu_s));
		json_object_set_new(o, "rss_bytes", json_integer(u.rss_bytes));
		json_object_set_new(o, "pss_bytes", json_integer(u.pss_bytes));
		json_array_append_new(services, o);
	}
	json_object_set_new(doc, "seconds", json_real((double)(clk_mono_ms() - run->began_ms) / 1000));
	json_object_set_new(doc, "services", services);
	return output_json(doc, e);
}

static int finish(const struct start *run, const struct starting_opts *opts, struct err *e)
{
	bool news = false;

	for (size_t i = 0; i < run->n; i++)
		news |= !run->items[i].was_running;
	events_add(&run->platform->paths, NULL, "ready", NULL);
	if (opts->json)
		return print_json(run, e);
	if (news)
		printf("ready in %.1f s\n", (double)(clk_mono_ms() - run->began_ms) / 1000);
	else
		printf("everything was ready already; nothing was changed\n");
	return opts->timings ? print_timings(run, e) : 0;
}

int starting_run(const struct platform *p, const struct selection *sel, const struct starting_opts *opts, struct err *e)
{
	scoped(start_release) struct start run;
	scoped(view_release) struct view view = {0};
	const struct start_item *failed;

	start_init(&run, p, sel);
	view_init(&view, (int)sel->n, opts->json);
	for (size_t i = 0; i < sel->n; i++) {
		view.rows[i].name = sel->items[i]->name;
		view_set(&view, (int)i, "waiting", NULL);
	}
	run.changed = update;
	run.arg = &view;
	run.fresh = opts->fresh;
	if (start_run(&run, opts->timeout_ms, &failed, e) == 0) {
		view_end(&view);
		return finish(&run, opts, e);
	}
	view_end(&view);
	if (failed && !failed->service->external)
		print_log(p, failed->service);
	return -1;
}
