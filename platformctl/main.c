/* platformctl and platform-agent: read the command line, load the platform, call the command, report its error. */
#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "command.h"
#include "fsx.h"
#include "log.h"
#include "options.h"
#include "release.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* One line for the cause, one for the remedy; JSON where JSON was asked for. An empty message was said already. */
static void report(const struct err *e, bool json)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = isatty(2) && !(no_color && *no_color);

	if (!e->msg[0])
		return;
	if (json) {
		json_t *o = json_pack("{s:i, s:{s:s, s:s, s:s, s:i}}", "schema_version", 1, "error", "kind", err_kind_name(e->kind),
		                      "message", e->msg, "remedy", e->remedy, "exit_code", err_exit_code(e));

		json_dumpf(o, stderr, JSON_COMPACT | JSON_PRESERVE_ORDER);
		fputc('\n', stderr);
		json_decref(o);
		return;
	}
	fprintf(stderr, "%serror:%s %s\n", color ? "\033[1;31m" : "", color ? "\033[0m" : "", e->msg);
	if (e->remedy[0])
		fprintf(stderr, "  remedy: %s\n", e->remedy);
}

/* The other program does this command: becomes it, with the command line as it came. */
static int hand_over(const struct paths *paths, const struct invocation *inv, struct err *e)
{
	scoped_free char *program = inv->command->agent ? fsx_join(paths->libexec, "platform-agent")
	                                                : fsx_join(paths->bin, "platformctl");

	execv(program, inv->argv);
	err_sys(e, ERR_MISSING, "cannot run %s", program);
	return err_remedy(e, "install platformctl completely (make install), or build it (make)");
}

/* The places for this command: the staged copy is what runs; only some commands look at the sources. */
static int find_places(const struct globals *g, const struct invocation *inv, struct paths *ret, struct err *e)
{
	scoped_free char *staged = NULL;

	if (paths_init(ret, g->state, g->cache, g->config, g->root, e))
		return -1;
	if (inv->command->source || g->root || getenv("DATAFLOW_ROOT") || !(staged = release_root(ret->state)))
		return 0;
	scoped_free char *site = fsx_join(staged, "platform.yaml"), *state = xstrdup(ret->state), *cache = xstrdup(ret->cache);

	paths_release(ret);
	return paths_init(ret, state, cache, g->config ? g->config : site, staged, e);
}

static int run_command(const struct globals *g, const struct invocation *inv, struct err *e)
{
	const struct command *c = inv->command;
	struct platform *p;
	struct paths paths;
	int offset = g->port_offset, rc;

	if (!c->needs_platform)
		return c->fn ? c->fn(NULL, inv, e) : err_set(e, ERR_FATAL, "%s is platformctl's", c->name);
	if (find_places(g, inv, &paths, e))
		return -1;
	if (!c->fn) {
		rc = hand_over(&paths, inv, e);
		paths_release(&paths);
		return rc;
	}
	if (offset < 0)
		offset = release_port_offset(paths.state);
	p = platform_load(&paths, offset, e);
	if (!p) {
		paths_release(&paths);
		return -1;
	}
	rc = !c->keeps_root && fsx_exists(p->paths.state) ? account_become(&p->paths, e) : 0;
	if (!rc)
		rc = c->fn(p, inv, e);
	platform_free(p);
	return rc;
}

int main(int argc, char **argv)
{
	struct err e = ERR_INIT;
	struct globals globals;
	struct invocation inv;
	int rc;

	(void)argc;
	signal(SIGPIPE, SIG_IGN);
	if (options_parse(argv, &globals, &inv, &e)) {
		report(&e, inv.json);
		invocation_release(&inv);
		return err_exit_code(&e);
	}
	log_set_level(inv.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (!inv.command && !globals.help && !globals.version) {
		err_set(&e, ERR_USAGE, "no command");
		err_remedy(&e, "see: platformctl --help; to begin: platformctl up");
		report(&e, inv.json);
		invocation_release(&inv);
		return err_exit_code(&e);
	}
	if (globals.version || globals.help || !inv.command) {
		/* `platformctl up --help` is `platformctl help up`. */
		const char *topic = inv.command && globals.help ? inv.command->name : NULL;
		const char *words[] = {argv[0], globals.version ? "version" : "help", globals.version ? NULL : topic, NULL};

		invocation_release(&inv);
		rc = options_parse((char **)words, &globals, &inv, &e);
	} else {
		rc = 0;
	}
	if (!rc)
		rc = run_command(&globals, &inv, &e);
	if (rc && e.kind == ERR_NONE)
		e.kind = ERR_FATAL;
	if (rc)
		report(&e, inv.json);
	invocation_release(&inv);
	return rc ? err_exit_code(&e) : 0;
}
