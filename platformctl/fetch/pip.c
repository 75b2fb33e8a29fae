/*
 * Packages from PyPI: a virtual environment of its own for a service, made in its final place (its scripts name their
 * interpreter by path), with exactly what the lock names, every file checked by hash.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "fsx.h"
#include "install.h"
#include "runtimes.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* What a user's pip settings may say here: how to reach an index. Everything else (PIP_TARGET, PIP_USER …) would break it. */
static const char *const kept[] = {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST", "PIP_CERT",
				   "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES",
				   "PIP_CONFIG_FILE", NULL};

static bool is_kept(const char *name, size_t len)
{
	for (const char *const *k = kept; *k; k++)
		if (strlen(*k) == len && strncmp(*k, name, len) == 0)
			return true;
	return false;
}

/* In the task's own process, so nobody else's environment changes. */
static void clean_environment(void)
{
	scoped(strlist_release) struct strlist names = {0};

	for (char **v = environ; *v; v++) {
		size_t len = strcspn(*v, "=");
		scoped_free char *name = xstrndup(*v, len);

		if ((str_starts(name, "PIP_") && !is_kept(name, len)) || str_eq(name, "PYTHONPATH") ||
		    str_eq(name, "PYTHONHOME") || str_eq(name, "VIRTUAL_ENV") || str_eq(name, "PYTHONDONTWRITEBYTECODE"))
			strlist_add(&names, name);
	}
	for (size_t i = 0; i < names.n; i++)
		unsetenv(names.items[i]);
}

static int no_venv(struct err *e)
{
	err_set(e, ERR_MISSING, "this machine's Python cannot make virtual environments with pip");
	return err_remedy(e, "as root: apt-get install --no-install-recommends python3-venv");
}

static int make_venv(struct install *in, const char *dir, struct err *e)
{
	scoped_free char *python = runtimes_python(), *doing = xstrf("making a Python environment for %s", in->what);
	const char *argv[] = {python, "-m", "venv", dir, NULL};
	struct client c = {.name = "venv", .doing = doing, .argv = argv, .log = in->log};

	if (!python || !runtimes_python_has_venv(python))
		return no_venv(e);
	task_report(in->ctx, "making a Python environment", -1, -1);
	return client_run(in->ctx, &c, e);
}

/* Writes the lines of the lock that name a build tool to a file of their own; NULL when there is none. Caller frees. */
static char *split_build_tools(struct install *in, const char *lock, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT, tools = STRBUF_INIT;
	scoped_free char *path = fsx_join(in->work, "build-tools.lock");
	bool taking = false;

	if (fsx_read(lock, &text, e))
		return NULL;
	for (const char *p = text.buf; *p;) {
		size_t n = strcspn(p, "\n");

		/* A requirement's hashes may stand on indented lines of their own. */
		if (*p != ' ' && *p != '\t')
			taking = str_starts(p, "setuptools==") || str_starts(p, "wheel==");
		if (taking) {
			strbuf_add(&tools, p, n);
			strbuf_addch(&tools, '\n');
		}
		p += n + (p[n] == '\n');
	}
	if (tools.len == 0 || fsx_write_str(path, tools.buf, 0644, e))
		return NULL;
	return take_ptr(&path);
}

static int pip(struct install *in, const char *python, const char *lock, const char *target, bool isolated, struct err *e)
{
	scoped_free char *cache = fsx_join(in->platform->paths.cache, "pip");
	scoped_free char *doing = xstrf("fetching %s", in->what);
	const char *argv[24] = {python, "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input",
				"--disable-pip-version-check", "--no-warn-script-location", "--progress-bar", "off",
				"--cache-dir", cache, "-r", lock};
	struct client c = {.name = "pip", .doing = doing, .argv = argv, .log = in->log, .retries = true};
	size_t n = 15;

	if (!isolated)
		argv[n++] = "--no-build-isolation";
	if (target) {
		argv[n++] = "--target";
		argv[n++] = target;
		argv[n++] = "--no-compile";
	}
	task_report(in->ctx, "downloading and installing", -1, -1);
	return client_run(in->ctx, &c, e);
}

int install_pip(struct install *in, const struct package *pkg, const char *into, struct err *e)
{
	scoped_free char *lock = fsx_join(in->service->dir, pkg->manifest), *python = fsx_join(into, "bin/python");
	scoped_free char *tools = NULL;

	if (in->offline)
		return install_offline_err(in, pkg->manifest, e);
	clean_environment();
	if (make_venv(in, into, e))
		return -1;
	tools = split_build_tools(in, lock, e);
	if (!tools && e->kind != ERR_NONE)
		return -1;
	/* What builds the source packages comes first, by hash as well; nothing is fetched behind the lock's back. */
	if (tools && pip(in, python, tools, NULL, true, e))
		return -1;
	return pip(in, python, lock, NULL, !tools, e);
}

int install_pip_target(struct install *in, const char *lock, const char *target, struct err *e)
{
	scoped_free char *venv = fsx_join(in->work, "venv"), *python = fsx_join(venv, "bin/python");

	if (in->offline)
		return install_offline_err(in, lock, e);
	clean_environment();
	if (make_venv(in, venv, e))
		return -1;
	return pip(in, python, lock, target, true, e);
}
