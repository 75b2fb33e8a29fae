/* One service's packages, or one runtime, from nothing to the stamp. */
#include "install.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

int install_offline_err(const struct install *in, const char *what, struct err *e)
{
	err_set(e, ERR_MISSING, "%s: %s is not in the cache, and --offline forbids to get it", in->what, what);
	return err_remedy(e, "run once with a network: platformctl fetch%s%s", in->service ? " " : "",
	                  in->service ? in->service->name : "");
}

void install_release(struct install *in)
{
	struct err ignored = ERR_INIT;

	if (in->work)
		fsx_remove_tree(in->work, &ignored);
	free(in->dir);
	free(in->log);
	free(in->work);
	strlist_release(&in->garbage);
}

int install_prepare(struct install *in, struct err *e)
{
	const char *cache = in->platform->paths.cache;
	scoped_free char *logs = fsx_join(cache, "log");

	in->log = xstrf("%s/%s.log", logs, in->what);
	in->work = xstrf("%s/building/%s", cache, in->what);
	task_report(in->ctx, "preparing", -1, -1);
	return fsx_remove_tree(in->work, e) || fsx_mkdirs(in->work, 0755, e) || fsx_mkdirs(logs, 0755, e) ? -1 : 0;
}

/*
 * Removes what an earlier, killed run left of this service, its own folder and those of other versions: every folder
 * without a stamp. The cache is ours alone meanwhile.
 */
static int sweep(const struct install *in, struct err *e)
{
	scoped_free char *packages = fsx_join(in->platform->paths.cache, "packages");
	const char *own = strrchr(in->dir, '/') + 1; /* <service>[-<engine>]-<digest> */
	size_t stem = (size_t)(strrchr(own, '-') - own);
	DIR *d = opendir(packages);
	struct dirent *entry;
	int bad = 0;

	while (d && !bad && (entry = readdir(d))) {
		const char *dash = strrchr(entry->d_name, '-');
		scoped_free char *stamp_file = xstrf("%s/%s/" INSTALL_STAMP, packages, entry->d_name);
		scoped_free char *dir = fsx_join(packages, entry->d_name);

		if (dash && (size_t)(dash - entry->d_name) == stem && strncmp(entry->d_name, own, stem) == 0 &&
		    !fsx_exists(stamp_file))
			bad = fsx_remove_tree(dir, e);
	}
	if (d)
		closedir(d);
	return bad;
}

/* What makes the folder valid, written last. */
static int stamp(struct install *in, struct err *e)
{
	scoped_free char *path = fsx_join(in->dir, INSTALL_STAMP);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	clk_add_rfc3339(&text, clk_wall_us());
	strbuf_addch(&text, '\n');
	if (fsx_write_str(path, text.buf, 0644, e))
		return -1;
	for (size_t i = 0; i < in->garbage.n; i++)
		unlink(in->garbage.items[i]);
	return 0;
}

static int link_entry(const char *from, const char *to, struct err *e);

/* Folders anew, files as hard links, symbolic links as they are. */
static int link_tree(const char *from, const char *to, struct err *e)
{
	DIR *d = opendir(from);
	struct dirent *entry;
	int bad = 0;

	if (!d)
		return err_sys(e, ERR_FATAL, "cannot read %s", from);
	bad = fsx_mkdirs(to, 0755, e);
	while (!bad && (entry = readdir(d))) {
		scoped_free char *source = fsx_join(from, entry->d_name), *target = fsx_join(to, entry->d_name);

		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			bad = link_entry(source, target, e);
	}
	closedir(d);
	return bad;
}

static int link_entry(const char *from, const char *to, struct err *e)
{
	struct stat st;

	if (lstat(from, &st))
		return err_sys(e, ERR_FATAL, "cannot read %s", from);
	if (S_ISDIR(st.st_mode))
		return link_tree(from, to, e);
	if (S_ISLNK(st.st_mode))
		return fsx_copy_tree(from, to, e);
	return fsx_link_or_copy(from, to, e);
}

int install_from(struct install *in, const struct package *pkg, const char *into, struct err *e)
{
	const struct service *other = platform_service(in->platform, pkg->manifest, e);
	scoped_free char *dir = NULL, *path = NULL;

	if (!other)
		return -1;
	dir = platform_packages_dir(in->platform, other);
	path = fsx_join(dir, pkg->path ? pkg->path : "");
	if (!fsx_is_dir(path)) {
		err_set(e, ERR_CONFIG, "%s takes `%s` of %s, which has no such folder", in->service->name, pkg->path, other->name);
		return err_remedy(e, "see what it has: ls %s", dir);
	}
	return link_tree(path, into, e);
}

static int install_package(struct install *in, const struct package *pkg, struct err *e)
{
	scoped_free char *into = fsx_join(in->dir, pkg->into ? pkg->into : "");

	switch (pkg->kind) {
	case PACKAGE_MAVEN:
		return install_maven(in, pkg, into, e);
	case PACKAGE_PIP:
		return install_pip(in, pkg, into, e);
	case PACKAGE_GO:
		return install_go(in, pkg, into, e);
	case PACKAGE_FROM:
		return install_from(in, pkg, into, e);
	case PACKAGE_APT:
		return 0; /* fetch_apt() has seen to it */
	}
	return err_set(e, ERR_FATAL, "unknown kind of package");
}

int install_service(struct task_ctx *ctx, const struct platform *p, const struct service *s, bool offline, struct err *e)
{
	scoped(install_release) struct install in = {.ctx = ctx, .platform = p, .service = s, .what = s->name, .offline = offline};

	in.dir = platform_packages_dir(p, s);
	if (install_prepare(&in, e) || sweep(&in, e) || fsx_remove_tree(in.dir, e) || fsx_mkdirs(in.dir, 0755, e))
		return -1;
	for (size_t i = 0; i < s->n_packages; i++) {
		if (task_stopped(ctx))
			return task_interrupted(e);
		if (install_package(&in, &s->packages[i], e))
			return -1;
	}
	return stamp(&in, e);
}

int install_runtime(struct task_ctx *ctx, const struct platform *p, const char *name, const char *lock, bool offline,
                    struct err *e)
{
	scoped(install_release) struct install in = {.ctx = ctx, .platform = p, .what = name, .offline = offline};

	in.dir = xstrf("%s/runtimes/%s", p->paths.cache, name);
	if (install_prepare(&in, e) || fsx_remove_tree(in.dir, e) || fsx_mkdirs(in.dir, 0755, e) ||
	    install_pip_target(&in, lock, in.dir, e))
		return -1;
	return stamp(&in, e);
}
