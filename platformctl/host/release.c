/* Stages what runs. */
#include "release.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fsx.h"
#include "proc.h"
#include "scoped.h"

#include "banned.h"

static const char *const trees[] = {"services", "runtimes", "init-scripts", "setup"};

char *release_root(const char *state)
{
	scoped_free char *dir = fsx_join(state, "release");
	scoped_free char *mark = fsx_join(dir, "services/catalogue.yaml");

	return fsx_exists(mark) ? take_ptr(&dir) : NULL;
}

int release_port_offset(const char *state)
{
	scoped_free char *path = fsx_join(state, "port-offset");
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	return fsx_read(path, &text, &ignored) ? -1 : atoi(text.buf);
}

static int copy_all(const struct platform *p, const char *to, struct err *e)
{
	static const char *const programs[] = {"platformctl", "platform-agent"};

	for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
		scoped_free char *src = fsx_join(p->paths.root, trees[i]), *dst = fsx_join(to, trees[i]);

		if (fsx_is_dir(src) && fsx_copy_tree(src, dst, e))
			return -1;
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		scoped_free char *src = fsx_join(i ? p->paths.libexec : p->paths.bin, programs[i]);
		scoped_free char *dst = xstrf("%s/bin/%s", to, programs[i]), *dir = fsx_join(to, "bin");

		if (fsx_mkdirs(dir, 0755, e) || fsx_copy_tree(src, dst, e))
			return -1;
	}
	scoped_free char *site = fsx_join(to, "platform.yaml");

	return fsx_exists(p->paths.site) ? fsx_copy_tree(p->paths.site, site, e) : fsx_write_str(site, "{}\n", 0644, e);
}

/* True when both trees hold the same: diff(1) knows best. */
static bool same(const char *a, const char *b)
{
	const char *argv[] = {"diff", "-rq", a, b, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 30000};
	struct err ignored = ERR_INIT;
	int status;

	return proc_run(argv, &opts, &status, &ignored) == 0 && status == 0;
}

static int swap(const char *fresh, const char *current, const char *old, struct err *e)
{
	if (fsx_remove_tree(old, e))
		return -1;
	if (fsx_exists(current) && rename(current, old))
		return err_sys(e, ERR_FATAL, "cannot move %s aside", current);
	if (rename(fresh, current))
		return err_sys(e, ERR_FATAL, "cannot rename %s", fresh);
	return fsx_remove_tree(old, e);
}

int release_stage(const struct platform *p, bool *ret_changed, struct err *e)
{
	scoped_free char *current = fsx_join(p->paths.state, "release"), *fresh = fsx_join(p->paths.state, "release.new"),
			 *old = fsx_join(p->paths.state, "release.old"), *offset = fsx_join(p->paths.state, "port-offset");
	char number[16];
	struct stat st;

	snprintf(number, sizeof(number), "%d\n", p->port_offset);
	if (fsx_remove_tree(fresh, e) || fsx_mkdirs(fresh, 0755, e) || copy_all(p, fresh, e) ||
	    fsx_write_str(offset, number, 0644, e))
		return err_prefix(e, "staging the catalogue in %s", p->paths.state);
	*ret_changed = !fsx_exists(current) || !same(fresh, current);
	if (!*ret_changed)
		return fsx_remove_tree(fresh, e);
	if (swap(fresh, current, old, e))
		return -1;
	return stat(p->paths.state, &st) ? 0 : fsx_chown_tree(current, st.st_uid, st.st_gid, e) || fsx_chown_tree(offset, st.st_uid, st.st_gid, e);
}

int release_reload(struct platform *p, struct err *e)
{
	scoped_free char *root = fsx_join(p->paths.state, "release");
	scoped_free char *site = fsx_join(root, "platform.yaml");
	struct platform *staged, old;
	struct paths paths;

	if (paths_init(&paths, p->paths.state, p->paths.cache, site, root, e))
		return -1;
	staged = platform_load(&paths, p->port_offset, e);
	if (!staged) {
		paths_release(&paths);
		return -1;
	}
	old = *p;
	*p = *staged;
	*staged = old;
	platform_free(staged);
	return 0;
}
