/* `platformctl exec <service>`: render, set up once, become the service's process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clk.h"
#include "command.h"
#include "deaths.h"
#include "events.h"
#include "fetch.h"
#include "fsx.h"
#include "log.h"
#include "orphans.h"
#include "proc.h"
#include "render.h"
#include "scoped.h"

#include "banned.h"

static int make_folders(const struct platform *p, const struct service *s, struct err *e)
{
	static const char *const kinds[] = {"data", "conf", "log", "run"};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		scoped_free char *dir = paths_of(&p->paths, kinds[i], s->name);

		if (fsx_mkdirs(dir, 0700, e))
			return -1;
	}
	return 0;
}

/* Kafka and Trino keep many files open, and Debian's soft limit is 1024. */
static void raise_file_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static void export_env(const struct platform *p, const struct service *s, const struct rendered *r)
{
	scoped_free char *mark = xstrf("%s/%s", p->paths.state, s->name);

	setenv(ORPHANS_VARIABLE, mark, 1);
	for (size_t i = 0; i < r->env.n; i++) {
		char *eq = strchr(r->env.items[i], '=');
		scoped_free char *name = xstrndup(r->env.items[i], (size_t)(eq - r->env.items[i]));

		setenv(name, eq + 1, 1);
	}
}

/* Once, on an empty data folder: a set-up that was cut short leaves no mark, and starts over. */
static int set_up(const struct platform *p, const struct service *s, struct err *e)
{
	scoped_free char *data = paths_of(&p->paths, "data", s->name), *mark = xstrf("%s/data/.%s.set-up", p->paths.state, s->name),
			 *script = xstrf("%s/conf/%s/.setup.sh", p->paths.state, s->name);
	const char *argv[] = {"/bin/sh", "-eu", script, NULL};
	struct proc_opts opts = {.cwd = data, .timeout_ms = s->start_timeout_s * 1000};
	int status;

	if (!s->setup || fsx_exists(mark))
		return 0;
	log_info("setting up %s", s->name);
	if (fsx_remove_tree(data, e) || fsx_mkdirs(data, 0700, e) || proc_run(argv, &opts, &status, e))
		return err_prefix(e, "setting up %s", s->name);
	if (status) {
		err_set(e, ERR_SERVICE, "the set-up of %s ended with status %d", s->name, status);
		return err_remedy(e, "what it said stands above; see also: platformctl logs %s", s->name);
	}
	return fsx_write_str(mark, "", 0644, e);
}

static int write_pid(const struct platform *p, const struct service *s, struct err *e)
{
	scoped_free char *path = xstrf("%s/run/%s/pid", p->paths.state, s->name);
	char text[16];

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	return fsx_write_str(path, text, 0644, e);
}

int cmd_exec(struct platform *p, const struct invocation *inv, struct err *e)
{
	struct service *s = platform_service(p, inv->args.items[0], e);
	scoped(rendered_release) struct rendered r = {0};
	scoped_free char *script = NULL, *data = NULL;
	int wait_ms;

	if (!s)
		return -1;
	if (s->external) {
		err_set(e, ERR_CONFIG, "%s is external: it is not ours to run", s->name);
		return err_remedy(e, "remove `external: true` from the site file to run it here");
	}
	if (!fetch_is_complete(p, s)) {
		err_set(e, ERR_MISSING, "the packages of %s are not complete", s->name);
		return err_remedy(e, "run: platformctl fetch %s", s->name);
	}
	if (make_folders(p, s, e))
		return -1;
	if (orphans_kill(p->paths.state, s->name))
		log_warn("ended processes that an earlier %s had left behind", s->name);
	wait_ms = deaths_backoff_ms(deaths_count(p, s));
	if (wait_ms) {
		log_info("waiting %d ms before starting %s again", wait_ms, s->name);
		clk_sleep_ms(wait_ms);
	}
	events_add(&p->paths, s->name, "starting", NULL);
	if (write_pid(p, s, e) || render_service(p, s, &r, e) || rendered_write(p, s, &r, e))
		return -1;
	export_env(p, s, &r);
	if (set_up(p, s, e))
		return -1;
	if (invocation_option(inv, "setup-only"))
		return 0;
	script = xstrf("%s/conf/%s/.run.sh", p->paths.state, s->name);
	data = paths_of(&p->paths, "data", s->name);
	if (chdir(data))
		return err_sys(e, ERR_FATAL, "cannot enter %s", data);
	raise_file_limit();
	signal(SIGPIPE, SIG_DFL);
	execl("/bin/sh", "/bin/sh", "-eu", script, (char *)NULL);
	return err_sys(e, ERR_FATAL, "cannot run /bin/sh");
}
