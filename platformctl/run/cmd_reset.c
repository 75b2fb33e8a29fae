/* `platformctl reset`: stop, and delete what platformctl made, and nothing else. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "fsx.h"
#include "interrupt.h"
#include "lock.h"
#include "log.h"
#include "proc.h"
#include "s6.h"
#include "scoped.h"
#include "selecting.h"
#include "stop.h"

#include "banned.h"

#define STOP_TIMEOUT_MS (2 * 60 * 1000)

/* What platformctl makes in the state folder; anything else there is not ours. */
static const char *const ours[] = {"data",	 "conf",	"log",		"run",		"secrets",     "supervise", "release",
				   "release.new", "release.old", "events.jsonl", "port-offset", "up.log", "lock"};

static const struct service *external_source(const struct platform *p)
{
	for (size_t i = 0; i < p->n_services; i++)
		if (p->services[i]->external && str_eq(p->services[i]->name, "postgres"))
			return p->services[i];
	return NULL;
}

static const char *setting(const struct platform *p, const char *name)
{
	const struct setting *s = settings_find(&p->settings, name);

	return s ? s->value : "";
}

static void announce(const struct platform *p, bool cache_too)
{
	int64_t state = fsx_tree_bytes(p->paths.state), cache = cache_too ? fsx_tree_bytes(p->paths.cache) : 0;
	scoped(strbuf_release) struct strbuf size = STRBUF_INIT;

	strbuf_add_bytes(&size, state > 0 ? state : 0);
	printf("this deletes:\n  %s  (%s: all data, secrets and logs of this installation)\n", p->paths.state, size.buf);
	if (cache_too) {
		strbuf_reset(&size);
		strbuf_add_bytes(&size, cache > 0 ? cache : 0);
		printf("  %s  (%s: fetched packages)\n", p->paths.cache, size.buf);
	}
	if (external_source(p))
		printf("  on the PostgreSQL at %s: the replication slot %s and the publication %s\n", external_source(p)->host,
		       setting(p, "slot"), setting(p, "publication"));
	fflush(stdout);
}

static int ask(const struct invocation *inv, struct err *e)
{
	char answer[16];

	if (inv->assume_yes)
		return 0;
	if (!isatty(STDIN_FILENO)) {
		err_set(e, ERR_USAGE, "reset asks before it deletes, and there is no terminal to ask on");
		return err_remedy(e, "say so beforehand: platformctl reset --yes");
	}
	printf("go on? [y/N] ");
	fflush(stdout);
	if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
		return 0;
	err_set(e, ERR_NO, "nothing was deleted");
	return -1;
}

static int run_sql(const struct platform *p, const char *statement, struct err *e)
{
	scoped_free char *agent = fsx_join(p->paths.libexec, "platform-agent");
	const char *argv[] = {agent, "--state", p->paths.state, "--cache", p->paths.cache, "sql", "--source", statement, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 30000};
	int status;

	if (proc_run(argv, &opts, &status, e))
		return -1;
	strbuf_rtrim(&out);
	return status ? err_set(e, ERR_SERVICE, "%s", out.buf) : 0;
}

/* A slot that is left behind would keep the WAL of somebody's own server for ever. */
static int clean_source(const struct platform *p, struct err *e)
{
	scoped_free char *slot = xstrf("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots "
	                               "WHERE slot_name = '%s' AND NOT active",
	                               setting(p, "slot"));
	scoped_free char *publication = xstrf("DROP PUBLICATION IF EXISTS \"%s\"", setting(p, "publication"));

	if (!external_source(p))
		return 0;
	if (run_sql(p, slot, e) || run_sql(p, publication, e)) {
		err_prefix(e, "cleaning the external PostgreSQL");
		return err_remedy(e, "drop the slot %s and the publication %s there by hand, then run reset again",
		                  setting(p, "slot"), setting(p, "publication"));
	}
	return 0;
}

static int delete_state(const struct platform *p, struct err *e)
{
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		scoped_free char *path = fsx_join(p->paths.state, ours[i]);

		if (fsx_remove_tree(path, e))
			return -1;
	}
	/* Goes only when it is empty: what somebody else put there stays. */
	rmdir(p->paths.state);
	return 0;
}

int cmd_reset(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection all = {0};
	bool cache_too = invocation_option(inv, "cache-too");

	if (!fsx_exists(p->paths.state) && !(cache_too && fsx_exists(p->paths.cache))) {
		printf("nothing to delete: %s does not exist\n", p->paths.state);
		return 0;
	}
	announce(p, cache_too);
	if (ask(inv, e))
		return -1;
	interrupt_install();
	selecting_all_installed(p, &all);
	if (fsx_exists(p->paths.state) &&
	    (lock_take(&p->paths, "reset", e) || stop_services(p, &all, STOP_TIMEOUT_MS, NULL, e) ||
	     s6_stop_all(p, 20000, e) || clean_source(p, e) || delete_state(p, e)))
		return -1;
	if (cache_too && fsx_remove_tree(p->paths.cache, e))
		return -1;
	printf("deleted\n");
	return 0;
}
