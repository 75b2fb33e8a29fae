/* `platformctl up`: check, stage, fetch, start, provision, wait, tell. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "clk.h"
#include "command.h"
#include "doctor.h"
#include "events.h"
#include "fetch.h"
#include "fsx.h"
#include "interrupt.h"
#include "lock.h"
#include "log.h"
#include "output.h"
#include "release.h"
#include "s6.h"
#include "scoped.h"
#include "secret.h"
#include "selecting.h"
#include "show.h"
#include "starting.h"

#include "banned.h"

#define DEFAULT_TIMEOUT_MS (15 * 60 * 1000)

static bool interrupted(void *arg)
{
	(void)arg;
	return interrupt_seen();
}

/* Stops at the first hindrance; says what is only a pity. */
static int check_machine(const struct platform *p, const struct selection *sel, const struct invocation *inv, struct err *e)
{
	scoped(findings_release) struct findings found = {0};

	if (invocation_option(inv, "skip-doctor"))
		return 0;
	if (doctor_run(p, sel, &found, e))
		return -1;
	for (size_t i = 0; i < found.n && !inv->json; i++)
		if (found.items[i].level == FINDING_WARN)
			fprintf(stderr, "warning: %s\n  remedy: %s\n", found.items[i].text, found.items[i].remedy);
	return findings_failed(&found) ? findings_err(&found, e) : 0;
}

/* What will be fetched (when anything will), how much memory it takes, which ports. */
static void print_plan(const struct selection *sel, const struct fetch_plan *plan)
{
	scoped(strbuf_release) struct strbuf ports = STRBUF_INIT, names = STRBUF_INIT;
	long long memory = 0;

	for (size_t i = 0; i < sel->n; i++) {
		const struct service *s = sel->items[i];

		strbuf_addf(&names, "%s%s", names.len ? " " : "", s->name);
		memory += s->external ? 0 : s->memory_mb;
		for (size_t k = 0; k < s->n_ports && !s->external; k++)
			strbuf_addf(&ports, "%s%d", ports.len ? " " : "", s->ports[k].number);
	}
	printf("services  %s\nmemory    about %lld MB\nports     %s, all on 127.0.0.1\n", names.buf, memory, ports.buf);
	fflush(stdout);
	if (!plan->complete)
		fetch_show_plan(stdout, plan);
}

static int fetch_all(const struct platform *p, const struct selection *sel, const struct fetch_opts *opts, struct err *e)
{
	scoped(fetch_plan_release) struct fetch_plan plan = {0};

	return fetch_plan(p, sel, &plan, e) || (!plan.complete && fetch_run(&plan, opts, e)) ? -1 : 0;
}

/* Root's part: Debian packages, the service user, the staged copy. Afterwards p is the staged platform, and we are its user. */
static int prepare(struct platform *p, struct selection *sel, const struct invocation *inv, const struct fetch_opts *opts,
                   struct err *e)
{
	scoped(fetch_plan_release) struct fetch_plan plan = {0};
	bool changed;

	if (fetch_plan(p, sel, &plan, e))
		return -1;
	if (!inv->json)
		print_plan(sel, &plan);
	if (account_prepare(&p->paths, e) || lock_take(&p->paths, "up", e) || fetch_apt(&plan, opts, e) ||
	    release_stage(p, &changed, e) || account_become(&p->paths, e))
		return -1;
	fetch_plan_release(&plan);
	plan = (struct fetch_plan){0};
	selection_release(sel);
	if (release_reload(p, e) || selecting_wanted(p, inv, sel, e))
		return -1;
	return 0;
}

/* The parent returns; the child goes on without a terminal. True in the child. */
static bool go_to_background(const struct platform *p)
{
	scoped_free char *log = fsx_join(p->paths.state, "up.log");
	int in, out;

	fflush(stdout);
	if (fork() != 0) {
		printf("starting in the background; see: platformctl status, %s\n", log);
		fflush(stdout);
		_exit(0);
	}
	setsid();
	in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	out = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	dup2(in, 0);
	dup2(out >= 0 ? out : in, 1);
	dup2(1, 2);
	return true;
}

static int bring_up(struct platform *p, const struct invocation *inv, const struct fetch_opts *opts, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	struct starting_opts how = {.json = inv->json, .timings = invocation_option(inv, "timings")};

	if (invocation_duration_ms(inv, "timeout", DEFAULT_TIMEOUT_MS, &how.timeout_ms, e) ||
	    selecting_wanted(p, inv, &sel, e) || check_machine(p, &sel, inv, e) || prepare(p, &sel, inv, opts, e) ||
	    fetch_all(p, &sel, opts, e) || secret_ensure(p, &sel, e) || s6_start(p, e))
		return -1;
	if (invocation_option(inv, "no-wait"))
		go_to_background(p);
	return starting_run(p, &sel, &how, e);
}

int cmd_up(struct platform *p, const struct invocation *inv, struct err *e)
{
	struct fetch_show *show = fetch_show_new(stderr);
	struct fetch_opts opts = {
		.offline = invocation_option(inv, "offline"),
		.progress = inv->json ? NULL : fetch_show_event,
		.progress_arg = show,
		.stop = interrupted,
	};
	int rc;

	interrupt_install();
	rc = bring_up(p, inv, &opts, e);
	fetch_show_free(show);
	if (rc == 0 && !inv->json)
		rc = cmd_endpoints(p, inv, e);
	return rc;
}
