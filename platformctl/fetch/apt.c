/* Reads lists of Debian packages, asks dpkg what is there, and has setup/packages.sh install the rest. */
#include "apt.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fetch.h"
#include "fsx.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* Debian policy 5.6.1: lower-case letters, digits, plus, minus and full stop, at least two of them. */
static bool is_package_name(const char *s)
{
	size_t n = strlen(s);

	return n >= 2 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789+-.") == n && strspn(s, "+-.") == 0;
}

int apt_parse(const char *name, const char *text, struct strlist *choices, struct err *e)
{
	int line = 1;

	for (const char *p = text; *p; line++) {
		size_t n = strcspn(p, "\n");
		scoped_free char *one = xstrndup(p, n);
		scoped(strlist_release) struct strlist packages = {0};
		scoped_free char *choice = NULL;

		one[strcspn(one, "#")] = '\0';
		strlist_split(&packages, one, "| \t\r");
		for (size_t i = 0; i < packages.n; i++) {
			if (is_package_name(packages.items[i]))
				continue;
			err_set(e, ERR_CONFIG, "%s:%d: `%s` is no name of a Debian package", name, line, packages.items[i]);
			return err_remedy(e, "write one package a line; `a | b` where either will do");
		}
		choice = strlist_join(&packages, " | ");
		if (packages.n)
			strlist_add_unique(choices, choice);
		p += n + (p[n] == '\n');
	}
	return 0;
}

int apt_load(const char *path, struct strlist *choices, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (fsx_read(path, &text, e))
		return -1;
	return apt_parse(path, text.buf, choices, e);
}

void apt_installed(const struct strlist *choices, struct strlist *installed)
{
	scoped(strlist_release) struct strlist argv = {0}, lines = {0};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT, noise = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &noise, .timeout_ms = 20000};
	struct err ignored = ERR_INIT;
	int status;

	if (choices->n == 0)
		return;
	strlist_add(&argv, "dpkg-query");
	strlist_add(&argv, "-W");
	strlist_add(&argv, "-f=${db:Status-Status} ${Package}\\n");
	for (size_t i = 0; i < choices->n; i++)
		strlist_split(&argv, choices->items[i], "| ");
	/* It ends with 1 when it does not know one of them; what it knows is printed all the same. */
	if (proc_run((const char *const *)argv.items, &opts, &status, &ignored))
		return;
	strlist_split(&lines, out.buf, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (str_starts(lines.items[i], "installed "))
			strlist_add_unique(installed, lines.items[i] + strlen("installed "));
}

bool apt_satisfied(const char *choice, const struct strlist *installed)
{
	scoped(strlist_release) struct strlist packages = {0};

	strlist_split(&packages, choice, "| ");
	for (size_t i = 0; i < packages.n; i++)
		if (strlist_has(installed, packages.items[i]))
			return true;
	return false;
}

bool apt_brings_java(const char *choice, int major)
{
	scoped_free char *prefix = xstrf("openjdk-%d-", major);

	return strstr(choice, prefix) != NULL;
}

/* The remedy is a command that a person can type: of a choice, the first. */
static int cannot_install(const struct fetch_plan *plan, const char *why, struct err *e)
{
	scoped_free char *names = strlist_join(&plan->apt, ", "), *command = NULL;
	scoped(strlist_release) struct strlist firsts = {0};

	for (size_t i = 0; i < plan->apt.n; i++) {
		scoped_free char *first = xstrndup(plan->apt.items[i], strcspn(plan->apt.items[i], " |"));

		strlist_add(&firsts, first);
	}
	command = strlist_join(&firsts, " ");
	err_set(e, ERR_MISSING, "Debian packages are missing: %s; %s", names, why);
	return err_remedy(e, "as root: apt-get install --no-install-recommends %s", command);
}

/* The last line of the installer's log that says something. */
static void last_line(const char *log, struct strbuf *out)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped(strlist_release) struct strlist lines = {0};
	struct err ignored = ERR_INIT;

	fsx_read(log, &text, &ignored);
	strlist_split(&lines, text.buf, "\r\n");
	if (lines.n) {
		const char *last = lines.items[lines.n - 1];

		strbuf_addf(out, "%.300s", str_starts(last, "error: ") ? last + strlen("error: ") : last);
	}
}

/* The folder of logs, the service user's (as the cache is) though root makes it. */
static int make_log_folder(const char *cache, const char *folder, struct err *e)
{
	struct stat st;

	if (fsx_mkdirs(folder, 0755, e))
		return -1;
	if (stat(cache, &st))
		return err_sys(e, ERR_FATAL, "%s", cache);
	return fsx_chown_tree(folder, st.st_uid, st.st_gid, e);
}

static int run_installer(const struct fetch_plan *plan, const char *script, struct err *e)
{
	const struct platform *p = plan->platform;
	scoped_free char *list = fsx_join(p->paths.cache, "log/apt.txt"), *log = fsx_join(p->paths.cache, "log/apt.log");
	scoped_free char *folder = fsx_join(p->paths.cache, "log"), *lines = strlist_join(&plan->apt, "\n");
	scoped_free char *text = xstrf("%s\n", lines);
	scoped(strbuf_release) struct strbuf why = STRBUF_INIT;
	const char *argv[] = {"/bin/sh", script, list, NULL};
	/* Neither deadline nor tick: it stays in our process group, so that sudo can ask for a password on the terminal. */
	struct proc_opts opts = {.log_path = log, .die_with_parent = true};
	int status;

	if (make_log_folder(p->paths.cache, folder, e) || fsx_write_str(list, text, 0644, e))
		return -1;
	unlink(log);
	if (proc_run(argv, &opts, &status, e))
		return -1;
	if (status == 0)
		return 0;
	last_line(log, &why);
	return cannot_install(plan, why.len ? why.buf : "the installer said nothing", e);
}

int fetch_apt(const struct fetch_plan *plan, const struct fetch_opts *opts, struct err *e)
{
	scoped_free char *script = fsx_join(plan->platform->paths.root, "setup/packages.sh");
	scoped_free char *names = strlist_join(&plan->apt, ", "), *text = xstrf("installing %s", names);
	scoped_free char *sudo = fsx_which("sudo"), *apt_get = fsx_which("apt-get");
	struct fetch_event ev = {.what = "apt", .state = FETCH_RUNNING, .text = text, .done_bytes = -1, .total_bytes = -1};

	if (plan->apt.n == 0)
		return 0;
	if (opts->offline)
		return cannot_install(plan, "and --offline was given", e);
	if (!apt_get)
		return cannot_install(plan, "and this machine has no apt-get (install what corresponds to them)", e);
	if (geteuid() != 0 && !sudo)
		return cannot_install(plan, "you are not root, and there is no sudo", e);
	if (!fsx_exists(script))
		return cannot_install(plan, "and setup/packages.sh is not beside the catalogue", e);
	if (opts->progress)
		opts->progress(&ev, opts->progress_arg);
	if (run_installer(plan, script, e))
		return -1;
	ev.state = FETCH_DONE;
	ev.text = "done";
	if (opts->progress)
		opts->progress(&ev, opts->progress_arg);
	return 0;
}
