/* Makes the lock files of poms anew, from what Maven resolves them to. */
#include <stdlib.h>

#include "account.h"
#include "cachelock.h"
#include "fetch.h"
#include "fsx.h"
#include "install.h"
#include "lockfile.h"
#include "scoped.h"
#include "strbuf.h"
#include "task.h"

#include "banned.h"

struct relock {
	const struct platform *platform;
	const struct service *service;
	char *out; /* folder for the new locks: the catalogue is not the service user's to write */
};

static int resolve_one(struct install *in, const struct package *pkg, const char *out, struct err *e)
{
	scoped_free char *pom = fsx_join(in->service->dir, pkg->manifest), *name = lockfile_name(pkg->manifest);
	scoped_free char *target = fsx_join(out, name);
	scoped(lockfile_release) struct lockfile lock = {0};
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (maven_resolve(in, pom, &lock, e))
		return -1;
	lockfile_format(&lock, pkg->manifest, &text);
	return fsx_write_str(target, text.buf, 0644, e);
}

static int do_resolve(struct task_ctx *ctx, void *arg, struct err *e)
{
	const struct relock *r = arg;
	scoped(install_release) struct install in = {.ctx = ctx, .platform = r->platform, .service = r->service};

	in.what = r->service->name;
	if (install_prepare(&in, e) || fsx_remove_tree(r->out, e) || fsx_mkdirs(r->out, 0755, e))
		return -1;
	for (size_t i = 0; i < r->service->n_packages; i++)
		if (r->service->packages[i].kind == PACKAGE_MAVEN && resolve_one(&in, &r->service->packages[i], r->out, e))
			return -1;
	return 0;
}

static int publish_one(const struct relock *r, const struct package *pkg, struct err *e)
{
	scoped_free char *name = lockfile_name(pkg->manifest), *from = fsx_join(r->out, name);
	scoped_free char *to = fsx_join(r->service->dir, name);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	return fsx_read(from, &text, e) || fsx_write_str(to, text.buf, 0644, e) ? -1 : 0;
}

static int relock(struct relock *r, const struct fetch_opts *opts, struct err *e)
{
	scoped(task_graph_release) struct task_graph g = {.paths = &r->platform->paths};
	scoped_close int lock = -1;
	bool waited;

	if (account_prepare(&r->platform->paths, e) || cachelock_take(r->platform, opts, &lock, &waited, e))
		return -1;
	task_add(&g, TASK_MAVEN, r->service->name, do_resolve, r);
	if (task_run_all(&g, opts, e))
		return -1;
	for (size_t i = 0; i < r->service->n_packages; i++)
		if (r->service->packages[i].kind == PACKAGE_MAVEN && publish_one(r, &r->service->packages[i], e))
			return -1;
	return fsx_remove_tree(r->out, e);
}

int fetch_lock(const struct platform *p, const struct service *s, const struct fetch_opts *opts, struct err *e)
{
	struct relock r = {.platform = p, .service = s, .out = xstrf("%s/relock/%s", p->paths.cache, s->name)};
	int bad = 0;

	for (size_t i = 0; i < s->n_packages; i++) {
		if (s->packages[i].kind == PACKAGE_MAVEN) {
			bad = relock(&r, opts, e);
			break;
		}
	}
	free(r.out);
	return bad;
}
