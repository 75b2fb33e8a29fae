/* `platform-agent provision`: runs a service's steps in order and says what each did. */
#include "provision.h"

#include <stdio.h>
#include <string.h>

#include "clk.h"
#include "command.h"
#include "jsonx.h"
#include "output.h"
#include "probe.h"
#include "scoped.h"

#include "banned.h"

#define DEFAULT_TIMEOUT_MS 120000

static const struct {
	const char *kind;
	step_fn *fn;
} kinds[] = {
	{"database", step_database},   {"sql", step_sql},       {"bucket", step_bucket},
	{"namespace", step_namespace}, {"topics", step_topics}, {"connector", step_connector},
};

int provision_left_ms(const struct provision *run)
{
	return probe_left_ms(run->deadline_ms);
}

int provision_report(const struct provision *run, const char *step, const char *name, enum provision_outcome outcome,
                     struct err *e)
{
	static const char *const words[] = {"unchanged", "created", "updated"};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped(json_decref_p) json_t *doc = NULL;
	int rc;

	if (run->json) {
		doc = output_json_new();
		json_object_set_new(doc, "service", json_string(run->service->name));
		json_object_set_new(doc, "step", json_string(step));
		json_object_set_new(doc, "name", json_string(name));
		json_object_set_new(doc, "result", json_string(words[outcome]));
		jsonx_dump(doc, JSONX_AS_BUILT, &out);
		rc = output_line(e, "%s\n", out.buf);
	} else {
		rc = output_line(e, "%s %s: %s\n", step, name, words[outcome]);
	}
	fflush(stdout); /* a step takes its time: who watches sees it when it is done */
	return rc;
}

static step_fn *find_step(const struct ynode *step, struct err *e)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(kinds[i].kind, step->key))
			return kinds[i].fn;
	ynode_err(step, e, "there is no provisioning step '%s'", step->key);
	return NULL;
}

/* One entry of the list: a map whose only key is the step's kind. */
static int run_step(const struct provision *run, const struct ynode *entry, struct err *e)
{
	const struct template_scope scope = {.platform = run->platform, .service = run->service, .use = TEMPLATE_FILE};
	scoped(args_release) struct args args = {0};
	const struct ynode *step;
	step_fn *fn;

	if (ynode_want(entry, YNODE_MAP, e))
		return -1;
	if (entry->n != 1)
		return ynode_err(entry, e, "a provisioning step is a map with one key, its kind");
	step = entry->items[0];
	fn = find_step(step, e);
	if (!fn || args_expand(&scope, spec_find(step_specs, step->key), step, &args, e))
		return -1;
	if (!fn(run, &args, e))
		return 0;
	args_mask(&args, e->msg);
	return str_starts(e->msg, step->key) ? -1 : err_prefix(e, "%s", step->key);
}

/*
 * A source whose changes cannot be captured is refused before anything is put into it; what else may be amiss (no connector,
 * no catalog) is what the steps are there to mend.
 */
static int check_source(const struct provision *run, struct err *e)
{
	const struct ynode *ready = run->service->ready;
	struct probe_result answer;
	int left = provision_left_ms(run);

	if (!ready || ready->n == 0 || !str_eq(ready->items[0]->key, "postgres"))
		return 0;
	if (probe_service(run->platform, run->service, left < 10000 ? left : 10000, &answer, e))
		return -1;
	if (answer.state == PROBE_READY)
		return 0;
	err_set(e, answer.state == PROBE_STARTING ? ERR_RETRY : ERR_MISSING, "%s: %s", run->service->name, answer.reason);
	return err_remedy(e, "%s", answer.remedy);
}

int provision_service(const struct platform *p, const struct service *s, int timeout_ms, bool json, struct err *e)
{
	const struct provision run = {.platform = p, .service = s, .json = json, .deadline_ms = clk_mono_ms() + timeout_ms};

	if (!s->provision)
		return 0;
	if (check_source(&run, e))
		return -1;
	for (size_t i = 0; i < s->provision->n; i++)
		if (run_step(&run, s->provision->items[i], e))
			return -1;
	return 0;
}

/* The expanded name of a connector step; NULL with e->kind ERR_NONE when the entry is another kind of step. */
static char *connector_name(const struct provision *run, const struct ynode *entry, struct err *e)
{
	const struct template_scope scope = {.platform = run->platform, .service = run->service, .use = TEMPLATE_FILE};

	e->kind = ERR_NONE;
	if (entry->kind != YNODE_MAP || entry->n != 1 || !str_eq(entry->items[0]->key, "connector"))
		return NULL;
	return template_arg(&scope, entry->items[0], "name", e);
}

int provision_connectors(const struct platform *p, const struct service *s, const char *name, int timeout_ms, bool json,
                         struct err *e)
{
	const struct provision run = {.platform = p, .service = s, .json = json, .deadline_ms = clk_mono_ms() + timeout_ms};
	scoped(strlist_release) struct strlist known = {0};
	const char *near;
	bool done = false;

	for (size_t i = 0; s->provision && i < s->provision->n; i++) {
		const struct ynode *entry = s->provision->items[i];
		scoped_free char *found = connector_name(&run, entry, e);

		if (!found && e->kind != ERR_NONE)
			return -1;
		if (!found)
			continue;
		strlist_add(&known, found);
		if (name && !str_eq(name, found))
			continue;
		if (run_step(&run, entry, e))
			return -1;
		done = true;
	}
	if (done || !name)
		return 0;
	near = strlist_nearest(&known, name);
	err_set(e, ERR_USAGE, "the catalogue has no connector '%s'", name);
	if (near)
		return err_remedy(e, "did you mean '%s'?", near);
	return err_remedy(e, "see `provision` in %s/service.yaml", s->dir);
}

int cmd_provision(struct platform *p, const struct invocation *inv, struct err *e)
{
	const struct service *s = platform_service(p, inv->args.items[0], e);
	int timeout_ms;

	if (!s || invocation_duration_ms(inv, "timeout", DEFAULT_TIMEOUT_MS, &timeout_ms, e))
		return -1;
	return provision_service(p, s, timeout_ms, inv->json, e);
}
