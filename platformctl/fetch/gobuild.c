/* Commands built from Go modules, at the versions that go.mod and go.sum pin. What matters is the binary; no C compiler is needed. */
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "fsx.h"
#include "install.h"
#include "runtimes.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* go.mod and go.sum into the work folder. */
static int stage(struct install *in, const char *go_mod, struct err *e)
{
	scoped_free char *folder = xstrndup(go_mod, (size_t)(strrchr(go_mod, '/') - go_mod)), *sum = fsx_join(folder, "go.sum");
	scoped_free char *to_mod = fsx_join(in->work, "go.mod"), *to_sum = fsx_join(in->work, "go.sum");
	scoped(strbuf_release) struct strbuf mod_text = STRBUF_INIT, sum_text = STRBUF_INIT;

	if (fsx_read(go_mod, &mod_text, e) || fsx_read(sum, &sum_text, e))
		return -1;
	return fsx_write_str(to_mod, mod_text.buf, 0644, e) || fsx_write_str(to_sum, sum_text.buf, 0644, e) ? -1 : 0;
}

static int wanted_version(const char *go_mod, int *ret, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;

	if (fsx_read(go_mod, &text, e))
		return -1;
	*ret = runtimes_go_wanted(text.buf);
	return 0;
}

int install_go(struct install *in, const struct package *pkg, const char *into, struct err *e)
{
	const char *cache = in->platform->paths.cache;
	scoped_free char *go_mod = fsx_join(in->service->dir, pkg->manifest), *go = NULL;
	scoped_free char *out = xstrf("%s/%s", into, strrchr(pkg->build, '/') + 1);
	scoped_free char *path = xstrf("GOPATH=%s/go", cache), *mods = xstrf("GOMODCACHE=%s/go/mod", cache);
	scoped_free char *builds = xstrf("GOCACHE=%s/go/build", cache), *tmp = xstrf("GOTMPDIR=%s", in->work);
	scoped_free char *doing = xstrf("building %s for %s", pkg->build, in->service->name);
	const char *env[] = {path, mods, builds, tmp, "GOTOOLCHAIN=local", "GOFLAGS=-mod=readonly -modcacherw", "CGO_ENABLED=0",
			     "GOWORK=off", "GO111MODULE=on", in->offline ? "GOPROXY=off" : NULL, NULL};
	const char *argv[] = {NULL, "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", out, pkg->build, NULL};
	struct client c = {.name = "go", .doing = doing, .argv = argv, .cwd = in->work, .env = env, .log = in->log};
	int wanted;

	if (wanted_version(go_mod, &wanted, e))
		return -1;
	go = runtimes_go(in->platform, wanted);
	if (!go) {
		err_set(e, ERR_MISSING, "%s needs Go %d.%d or newer to build %s, and there is none", in->service->name,
		        wanted / 1000, wanted % 1000, pkg->build);
		return err_remedy(e, "run: platformctl fetch %s (without --offline)", in->service->name);
	}
	if (stage(in, go_mod, e) || fsx_mkdirs(into, 0755, e))
		return -1;
	argv[0] = go;
	task_report(in->ctx, "downloading and building", -1, -1);
	return client_run(in->ctx, &c, e);
}
