/* `platformctl status`: what the supervisor knows and what every probe says, asked all at once. Changes nothing. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "command.h"
#include "output.h"
#include "probing.h"
#include "s6.h"
#include "scoped.h"
#include "selecting.h"

#include "banned.h"

#define PROBE_DEADLINE_S 5
#define GIVE_UP_MS 8000

struct health {
	const struct service *service;
	struct s6_state supervisor;
	struct probing probing;
	struct probe_answer answer;
};

static void set(struct health *h, const char *state, const char *reason, const char *remedy)
{
	snprintf(h->answer.state, sizeof(h->answer.state), "%s", state);
	snprintf(h->answer.reason, sizeof(h->answer.reason), "%s", reason);
	snprintf(h->answer.remedy, sizeof(h->answer.remedy), "%s", remedy);
}

/* The supervisor's word, and whether the probe shall be asked. */
static bool look(const struct platform *p, struct health *h)
{
	const struct s6_state *st = &h->supervisor;

	h->probing = (struct probing){.proc = PROC_INIT, .out = STRBUF_INIT};
	if (h->service->external) {
		set(h, "external", "", "");
		return true;
	}
	s6_state(p, h->service, &h->supervisor);
	if (st->failed[0])
		set(h, "failed", st->failed, "platformctl logs shows why; then: platformctl up");
	else if (!s6_installed(p, h->service))
		set(h, "absent", "it was never started here", "platformctl up");
	else if (!st->up && !st->wanted)
		set(h, "stopped", "", "platformctl up");
	else if (!st->up)
		set(h, "starting", "it died and is being started again", "platformctl logs shows why");
	else {
		set(h, "starting", "", "");
		return true;
	}
	return false;
}

static void ask_all(struct health *all, size_t n)
{
	int64_t deadline = clk_mono_ms() + GIVE_UP_MS;
	size_t open = n;

	while (open) {
		open = 0;
		for (size_t i = 0; i < n; i++) {
			struct health *h = &all[i];
			int status;

			if (!probing_running(&h->probing))
				continue;
			if (probing_poll(&h->probing, &status)) {
				probing_answer(&h->probing, status, &h->answer);
				if (h->service->external && str_eq(h->answer.state, "ready"))
					set(h, "external", h->answer.reason, "");
				continue;
			}
			if (clk_mono_ms() > deadline) {
				probing_release(&h->probing);
				set(h, "starting", "its probe gave no answer", "platformctl logs shows more");
				continue;
			}
			open++;
		}
		if (open)
			clk_sleep_ms(5);
	}
}

static bool is_well(const struct health *h)
{
	return str_eq(h->answer.state, "ready") || str_eq(h->answer.state, "external");
}

static enum paint paint_of(const char *state)
{
	if (str_eq(state, "ready") || str_eq(state, "external"))
		return PAINT_GREEN;
	if (str_eq(state, "failed"))
		return PAINT_RED;
	return str_eq(state, "absent") || str_eq(state, "stopped") ? PAINT_DIM : PAINT_YELLOW;
}

static void add_age(struct strbuf *sb, int64_t s)
{
	if (s < 120)
		strbuf_addf(sb, "%" PRId64 "s", s);
	else if (s < 7200)
		strbuf_addf(sb, "%" PRId64 "m", s / 60);
	else if (s < 172800)
		strbuf_addf(sb, "%" PRId64 "h", s / 3600);
	else
		strbuf_addf(sb, "%" PRId64 "d", s / 86400);
}

static int print_text(const struct health *all, size_t n, struct err *e)
{
	scoped(table_release) struct table t = {0};

	table_add(&t, "SERVICE", "STATE", "FOR", "PORT", "REASON", NULL);
	for (size_t i = 0; i < n; i++) {
		const struct health *h = &all[i];
		scoped(strbuf_release) struct strbuf age = STRBUF_INIT;

		if (h->supervisor.supervised)
			add_age(&age, h->supervisor.seconds);
		table_row(&t);
		table_cell(&t, PAINT_NONE, "%s", h->service->name);
		table_cell(&t, paint_of(h->answer.state), "%s", h->answer.state);
		table_cell(&t, PAINT_NONE, "%s", age.buf);
		if (h->service->n_ports)
			table_cell(&t, PAINT_NONE, "%d", h->service->ports[0].number);
		else
			table_cell(&t, PAINT_NONE, "%s", "");
		table_cell(&t, PAINT_NONE, "%s", h->answer.reason);
	}
	if (table_print(&t, e))
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!is_well(&all[i]) && all[i].answer.remedy[0] &&
		    output_line(e, "%s%s: %s\n", "remedy for ", all[i].service->name, all[i].answer.remedy))
			return -1;
	return 0;
}

static int print_json(const struct health *all, size_t n, bool well, struct err *e)
{
	json_t *doc = output_json_new(), *services = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct health *h = &all[i];
		json_t *ports = json_object(), *o = json_pack("{s:s, s:s, s:s, s:s, s:s}", "service", h->service->name, "profile",
		                                              h->service->profile, "state", h->answer.state, "reason",
		                                              h->answer.reason, "remedy", h->answer.remedy);

		for (size_t k = 0; k < h->service->n_ports; k++)
			json_object_set_new(ports, h->service->ports[k].name, json_integer(h->service->ports[k].number));
		json_object_set_new(o, "host", json_string(h->service->host));
		json_object_set_new(o, "ports", ports);
		json_object_set_new(o, "pid", h->supervisor.up ? json_integer(h->supervisor.pid) : json_null());
		json_object_set_new(o, "seconds", h->supervisor.supervised ? json_integer(h->supervisor.seconds) : json_null());
		json_array_append_new(services, o);
	}
	json_object_set_new(doc, "ready", json_boolean(well));
	json_object_set_new(doc, "services", services);
	return output_json(doc, e);
}

int cmd_status(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	scoped_free struct health *all = NULL;
	bool well = true;
	int rc;

	if (selecting_installed(p, inv, &sel, e))
		return -1;
	all = xcalloc(sel.n + 1, sizeof(*all));
	for (size_t i = 0; i < sel.n; i++) {
		struct err why = ERR_INIT;

		all[i].service = sel.items[i];
		if (look(p, &all[i]) && !invocation_option(inv, "no-probe") &&
		    probing_start(p, sel.items[i], PROBING_PROBE, PROBE_DEADLINE_S, &all[i].probing, &why))
			set(&all[i], "starting", why.msg, why.remedy);
	}
	ask_all(all, sel.n);
	for (size_t i = 0; i < sel.n; i++)
		well &= is_well(&all[i]);
	rc = inv->json ? print_json(all, sel.n, well, e) : print_text(all, sel.n, e);
	for (size_t i = 0; i < sel.n; i++)
		probing_release(&all[i].probing);
	/* "No" is an answer, not an error: the table has said it. */
	return rc || well ? rc : err_set(e, ERR_NO, "%s", "");
}
