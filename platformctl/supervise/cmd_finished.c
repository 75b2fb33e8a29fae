/*
 * `platformctl finished <service> <code> <signal>`: s6's finish script. The service's process has ended: end what it left
 * behind, note the death, and say whether it may start again. Exit status 125 tells s6 that it may not.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "deaths.h"
#include "events.h"
#include "fsx.h"
#include "log.h"
#include "orphans.h"
#include "s6.h"
#include "scoped.h"

#include "banned.h"

#define S6_PERMANENT_FAILURE 125 /* s6-supervise, "The finish script" */
#define S6_SIGNALLED 256	  /* the code that stands for "ended by a signal" */

static void end_group(const struct platform *p, const struct service *s)
{
	scoped_free char *path = xstrf("%s/run/%s/pid", p->paths.state, s->name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	int pid = fsx_read(path, &text, &ignored) ? 0 : atoi(text.buf);

	if (pid > 1)
		kill(-pid, SIGKILL);
	unlink(path);
	orphans_kill(p->paths.state, s->name);
}

static void describe(char *buf, size_t len, int code, int sig)
{
	if (code >= S6_SIGNALLED)
		snprintf(buf, len, "killed by signal %d (%s)", sig, strsignal(sig));
	else
		snprintf(buf, len, "ended with status %d", code);
}

static int give_up(const struct platform *p, const struct service *s, const char *why)
{
	scoped_free char *path = xstrf("%s/run/%s/failed", p->paths.state, s->name);
	struct err e = ERR_INIT;

	log_error("%s: %s; not started again", s->name, why);
	if (fsx_write_str(path, why, 0644, &e))
		log_error("%s", e.msg);
	events_add(&p->paths, s->name, "failed", why);
	_exit(S6_PERMANENT_FAILURE);
}

int cmd_finished(struct platform *p, const struct invocation *inv, struct err *e)
{
	struct service *s = platform_service(p, inv->args.items[0], e);
	int code = atoi(inv->args.items[1]), sig = atoi(inv->args.items[2]), n;
	struct s6_state state;
	char how[128], why[256];

	if (!s)
		return -1;
	end_group(p, s);
	describe(how, sizeof(how), code, sig);
	s6_state(p, s, &state);
	if (!state.wanted) {
		events_add(&p->paths, s->name, "stopped", how);
		return 0;
	}
	n = deaths_add(p, s);
	/* A wrong configuration and a missing prerequisite do not get better by trying. */
	if (code == 3 || code == 4)
		return give_up(p, s, code == 3 ? "its configuration is wrong" : "a prerequisite is missing");
	if (n >= DEATHS_MAX) {
		snprintf(why, sizeof(why), "died %d times within %d s, the last time %s", n, DEATHS_WINDOW_S, how);
		return give_up(p, s, why);
	}
	log_warn("%s %s; starting it again", s->name, how);
	events_add(&p->paths, s->name, "starting", how);
	return 0;
}
