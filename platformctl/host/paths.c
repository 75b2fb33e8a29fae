/* XDG base directories, root's places, and where the catalogue and the programs are. */
#include "paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* An option, else an environment variable, else NULL; caller frees. */
static char *given(const char *option, const char *variable)
{
	const char *v = option ? option : getenv(variable);

	if (!v || !*v)
		return NULL;
	if (*v == '/')
		return xstrdup(v);
	scoped_free char *cwd = getcwd(NULL, 0);

	return fsx_join(cwd ? cwd : ".", v);
}

/* $XDG_… when it is absolute (XDG Base Directory Specification 0.8: others are ignored), else $HOME/fallback. */
static char *xdg(const char *variable, const char *fallback, const char *name)
{
	const char *v = getenv(variable), *home = getenv("HOME");
	scoped_free char *base = v && *v == '/' ? xstrdup(v) : fsx_join(home && *home ? home : "/tmp", fallback);

	return fsx_join(base, name);
}

static char *own_folder(void)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;

	if (n <= 0)
		return xstrdup(".");
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	*slash = '\0';
	return xstrdup(slash == exe ? "/" : exe);
}

static bool is_root_of_catalogue(const char *dir)
{
	scoped_free char *file = fsx_join(dir, "services/catalogue.yaml");

	return fsx_exists(file);
}

/* Next to the build tree, or at the installed place. */
static char *find_catalogue(const char *bin)
{
	static const char *const candidates[] = {"..", "../..", "../share/dataflow", "../../share/dataflow", "."};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		scoped_free char *dir = fsx_join(bin, candidates[i]);
		char *real = is_root_of_catalogue(dir) ? realpath(dir, NULL) : NULL;

		if (real)
			return real;
	}
	return NULL;
}

static char *find_libexec(const char *bin)
{
	scoped_free char *beside = fsx_join(bin, "platform-agent");
	scoped_free char *installed = fsx_join(bin, "../libexec/dataflow");
	char *real;

	if (fsx_exists(beside))
		return xstrdup(bin);
	real = realpath(installed, NULL);
	return real ? real : xstrdup(bin);
}

/* A staged copy brings its programs along: release/bin beside release/services. */
static void use_staged_programs(struct paths *p)
{
	scoped_free char *bin = fsx_join(p->root, "bin"), *agent = fsx_join(bin, "platform-agent");

	if (!fsx_exists(agent))
		return;
	free(p->bin);
	free(p->libexec);
	p->libexec = xstrdup(bin);
	p->bin = take_ptr(&bin);
}

int paths_init(struct paths *p, const char *state, const char *cache, const char *site, const char *root, struct err *e)
{
	bool as_root = geteuid() == 0;

	*p = (struct paths){0};
	p->bin = own_folder();
	p->libexec = find_libexec(p->bin);
	p->state = given(state, "DATAFLOW_STATE");
	if (!p->state)
		p->state = as_root ? xstrdup("/var/lib/dataflow") : xdg("XDG_STATE_HOME", ".local/state", "dataflow");
	p->cache = given(cache, "DATAFLOW_CACHE");
	if (!p->cache)
		p->cache = as_root ? xstrdup("/var/cache/dataflow") : xdg("XDG_CACHE_HOME", ".cache", "dataflow");
	p->site = given(site, "DATAFLOW_CONFIG");
	p->site_given = p->site != NULL;
	if (!p->site)
		p->site = as_root ? xstrdup("/etc/dataflow/platform.yaml")
		                  : xdg("XDG_CONFIG_HOME", ".config", "dataflow/platform.yaml");
	p->root = given(root, "DATAFLOW_ROOT");
	if (!p->root)
		p->root = find_catalogue(p->bin);
	if (p->root && is_root_of_catalogue(p->root)) {
		use_staged_programs(p);
		return 0;
	}
	err_set(e, ERR_CONFIG, "no catalogue: %s/services/catalogue.yaml is not there", p->root ? p->root : p->bin);
	paths_release(p);
	return err_remedy(e, "run platformctl from its build tree or install it (make install), or name the folder: --root DIR");
}

void paths_release(struct paths *p)
{
	free(p->state);
	free(p->cache);
	free(p->site);
	free(p->root);
	free(p->bin);
	free(p->libexec);
	*p = (struct paths){0};
}

char *paths_of(const struct paths *p, const char *kind, const char *service)
{
	return xstrf("%s/%s/%s", p->state, kind, service);
}
