/* `platformctl fetch`: plan, Debian packages, everything else; or the locks anew. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "fetch.h"
#include "interrupt.h"
#include "output.h"
#include "scoped.h"
#include "show.h"
#include "strbuf.h"

#include "banned.h"

static bool interrupted(void *arg)
{
	(void)arg;
	return interrupt_seen();
}

static json_t *item_json(const struct fetch_service *item)
{
	return json_pack("{s:s, s:b, s:b, s:I, s:b, s:I, s:i, s:b}", "service", item->service->name, "complete",
	                 item->complete, "train", item->train, "transfer_bytes", (json_int_t)item->transfer_bytes,
	                 "estimated", item->bytes_estimated, "disk_bytes", (json_int_t)item->disk_bytes, "java", item->java,
	                 "go", item->go);
}

static int print_json(const struct fetch_plan *plan, struct err *e)
{
	json_t *doc = output_json_new(), *services = json_array(), *apt = json_array();

	for (size_t i = 0; i < plan->n; i++)
		json_array_append_new(services, item_json(&plan->items[i]));
	for (size_t i = 0; i < plan->apt.n; i++)
		json_array_append_new(apt, json_string(plan->apt.items[i]));
	json_object_set_new(doc, "complete", json_boolean(plan->complete));
	json_object_set_new(doc, "transfer_bytes", json_integer(plan->transfer_bytes));
	json_object_set_new(doc, "disk_bytes", json_integer(plan->disk_bytes));
	json_object_set_new(doc, "apt", apt);
	json_object_set_new(doc, "services", services);
	return output_json(doc, e);
}

static int select_services(const struct platform *p, const struct invocation *inv, struct selection *sel, struct err *e)
{
	scoped(strlist_release) struct strlist profiles = {0};
	const char *given = invocation_option(inv, "profile");

	if (given)
		strlist_split(&profiles, given, ",");
	return platform_select(p, &inv->args, &profiles, sel, e);
}

static int make_locks(struct platform *p, const struct invocation *inv, const struct fetch_opts *opts, struct err *e)
{
	for (size_t i = 0; i < inv->args.n; i++) {
		const struct service *s = platform_service(p, inv->args.items[i], e);

		if (!s || fetch_lock(p, s, opts, e))
			return -1;
	}
	for (size_t i = 0; i < p->n_services && inv->args.n == 0; i++)
		if (fetch_lock(p, p->services[i], opts, e))
			return -1;
	return 0;
}

static int fetch(struct platform *p, const struct invocation *inv, struct fetch_opts *opts, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	scoped(fetch_plan_release) struct fetch_plan plan = {0};
	bool only_plan = invocation_option(inv, "plan");

	if (select_services(p, inv, &sel, e) || fetch_plan(p, &sel, &plan, e))
		return -1;
	if (inv->json && only_plan)
		return print_json(&plan, e);
	if (only_plan || !plan.complete)
		fetch_show_plan(only_plan ? stdout : stderr, &plan);
	if (only_plan)
		return 0;
	if (fetch_apt(&plan, opts, e) || fetch_run(&plan, opts, e))
		return -1;
	return 0;
}

int cmd_fetch(struct platform *p, const struct invocation *inv, struct err *e)
{
	struct fetch_show *show = fetch_show_new(stderr);
	struct fetch_opts opts = {
		.offline = invocation_option(inv, "offline"),
		.no_train = invocation_option(inv, "no-train"),
		.retrain = true,
		.progress = fetch_show_event,
		.progress_arg = show,
		.stop = interrupted,
	};
	int bad;

	interrupt_install();
	bad = invocation_option(inv, "lock") ? make_locks(p, inv, &opts, e) : fetch(p, inv, &opts, e);
	fetch_show_free(show);
	if (bad || inv->json || invocation_option(inv, "plan"))
		return bad;
	return output_line(e, "%s\n", invocation_option(inv, "lock") ? "the locks are written" : "everything is there");
}
