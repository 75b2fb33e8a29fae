/* `platformctl down` and `restart`. */
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "events.h"
#include "fsx.h"
#include "interrupt.h"
#include "lock.h"
#include "s6.h"
#include "scoped.h"
#include "secret.h"
#include "selecting.h"
#include "starting.h"
#include "stop.h"
#include "view.h"

#include "banned.h"

#define DOWN_TIMEOUT_MS (2 * 60 * 1000)
#define UP_TIMEOUT_MS (15 * 60 * 1000)
#define SUPERVISOR_TIMEOUT_MS 20000

static int stop_shown(const struct platform *p, const struct selection *sel, int timeout_ms, bool quiet, struct err *e)
{
	scoped(view_release) struct view view = {0};
	int rc;

	view_init(&view, (int)sel->n, quiet);
	for (size_t i = 0; i < sel->n; i++) {
		view.rows[i].name = sel->items[i]->name;
		view_set(&view, (int)i, "waiting", NULL);
	}
	rc = stop_services(p, sel, timeout_ms, &view, e);
	view_end(&view);
	return rc;
}

/* The services to stop: those named and what needs them, or all. */
static int select_to_stop(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e)
{
	scoped(selection_release) struct selection all = {0}, named = {0};

	selecting_all_installed(p, &all);
	if (!inv->args.n) {
		*ret = all;
		all = (struct selection){0};
		return 0;
	}
	if (selecting_installed(p, inv, &named, e))
		return -1;
	selecting_dependents(&all, &named, ret);
	return 0;
}

int cmd_down(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	int timeout_ms;

	if (invocation_duration_ms(inv, "timeout", DOWN_TIMEOUT_MS, &timeout_ms, e))
		return -1;
	if (!fsx_exists(p->paths.state)) {
		if (!inv->json)
			printf("nothing runs: %s does not exist\n", p->paths.state);
		return 0;
	}
	interrupt_install();
	if (lock_take(&p->paths, "down", e) || select_to_stop(p, inv, &sel, e) ||
	    stop_shown(p, &sel, timeout_ms, inv->json, e))
		return -1;
	if (inv->args.n)
		return 0;
	if (s6_stop_all(p, SUPERVISOR_TIMEOUT_MS, e))
		return -1;
	events_add(&p->paths, NULL, "stopped", NULL);
	if (!inv->json)
		printf("everything is down; data is kept in %s\n", p->paths.state);
	return 0;
}

int cmd_restart(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection stop = {0};
	struct starting_opts how = {.json = inv->json};

	if (invocation_duration_ms(inv, "timeout", UP_TIMEOUT_MS, &how.timeout_ms, e))
		return -1;
	interrupt_install();
	if (fsx_exists(p->paths.state) && (lock_take(&p->paths, "restart", e) || select_to_stop(p, inv, &stop, e)))
		return -1;
	if (!stop.n) {
		err_set(e, ERR_USAGE, "nothing was ever started here");
		return err_remedy(e, "run: platformctl up");
	}
	if (stop_shown(p, &stop, DOWN_TIMEOUT_MS, inv->json, e) || secret_ensure(p, &stop, e) || s6_start(p, e))
		return -1;
	/* What they need runs already; the start finds that out, and waits for it if not. */
	return starting_run(p, &stop, &how, e);
}
