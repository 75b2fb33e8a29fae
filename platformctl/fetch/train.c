/* Runs train scripts under a deadline, in an empty folder, with nothing of the caller's environment. */
#include "train.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "install.h"
#include "java.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"
#include "template.h"

#include "banned.h"

#define TRAIN_TIMEOUT_MS 240000
#define TRAIN_MARK ".trained"

/* What the cache is made for: the JVM's home and version, or "-" for a service without one. Caller frees; NULL: no JVM. */
static char *made_for(const struct platform *p, const struct service *s)
{
	scoped(java_release) struct java java = {0};
	struct err ignored = ERR_INIT;

	if (!s->java[0])
		return xstrdup("-");
	if (java_find(p, s, &java, &ignored))
		return NULL;
	return xstrf("%s %s", java.home, java.version);
}

static char *mark_path(const struct platform *p, const struct service *s)
{
	scoped_free char *dir = platform_packages_dir(p, s);

	return fsx_join(dir, TRAIN_MARK);
}

enum train_state train_state(const struct platform *p, const struct service *s)
{
	scoped_free char *path = NULL, *jvm = NULL;
	scoped(strbuf_release) struct strbuf mark = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	size_t n;

	if (!s->train)
		return TRAIN_NONE;
	path = mark_path(p, s);
	jvm = made_for(p, s);
	if (!jvm || fsx_read(path, &mark, &ignored))
		return TRAIN_TODO;
	n = strlen(jvm);
	if (strncmp(mark.buf, jvm, n) != 0 || mark.buf[n] != '\n')
		return TRAIN_TODO;
	return str_starts(mark.buf + n + 1, "ok") ? TRAIN_DONE : TRAIN_FAILED;
}

/* Only what the services' own processes get, too. */
static void clean_environment(const char *home)
{
	scoped_free char *path = xstrdup(getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin");

	clearenv();
	setenv("PATH", path, 1);
	setenv("HOME", home, 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TZ", "UTC", 1);
}

static void remove_caches(const char *dir)
{
	scoped_free char *aot = fsx_join(dir, "start-up.aot"), *jsa = fsx_join(dir, "start-up.jsa");

	unlink(aot);
	unlink(jsa);
}

static bool has_cache(const char *dir)
{
	scoped_free char *aot = fsx_join(dir, "start-up.aot"), *jsa = fsx_join(dir, "start-up.jsa");

	return fsx_exists(aot) || fsx_exists(jsa);
}

static void add_last_line(const char *log, struct strbuf *out)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped(strlist_release) struct strlist lines = {0};
	struct err ignored = ERR_INIT;

	fsx_read(log, &text, &ignored);
	strlist_split(&lines, text.buf, "\r\n");
	if (lines.n)
		strbuf_addf(out, ": %.160s", lines.items[lines.n - 1]);
}

/* Runs the script; 0 when it did what it is for. */
static int run_script(struct install *in, struct err *e)
{
	scoped_free char *scratch = fsx_join(in->work, "scratch"), *script = fsx_join(in->work, "train.sh"), *text = NULL;
	struct template_scope scope = {
		.platform = in->platform, .service = in->service, .use = TEMPLATE_TRAIN, .scratch = scratch};
	const char *argv[] = {"/bin/sh", "-eu", script, NULL};
	struct proc_opts opts = {.cwd = scratch, .log_path = in->log, .timeout_ms = TRAIN_TIMEOUT_MS, .tick = task_tick,
				 .tick_arg = in->ctx, .die_with_parent = true};
	scoped(strbuf_release) struct strbuf why = STRBUF_INIT;
	int status;

	text = template_node(&scope, in->service->train, e);
	if (!text || fsx_mkdirs(scratch, 0700, e) || fsx_write_str(script, text, 0600, e))
		return -1;
	unlink(in->log);
	remove_caches(in->dir);
	clean_environment(scratch);
	if (proc_run(argv, &opts, &status, e))
		return -1;
	if (status == 0 && (has_cache(in->dir) || !strstr(in->service->train->text, "${java.startup}")))
		return 0;
	add_last_line(in->log, &why);
	if (status == 0)
		return err_set(e, ERR_SERVICE, "the JVM wrote no cache%s", why.buf);
	return err_set(e, ERR_SERVICE, "the script ended with status %d%s", status, why.buf);
}

int train_run(struct task_ctx *ctx, const struct platform *p, const struct service *s, struct err *e)
{
	scoped_free char *what = xstrf("train-%s", s->name), *mark = mark_path(p, s), *jvm = made_for(p, s), *text = NULL;
	scoped(install_release) struct install in = {.ctx = ctx, .platform = p, .service = s, .what = what};
	struct err trouble = ERR_INIT;
	int bad;

	in.dir = platform_packages_dir(p, s);
	if (!jvm)
		return 0; /* the service itself will say so */
	if (install_prepare(&in, e) || fsx_mkdirs(in.dir, 0755, e)) /* a service of Debian's packages alone has none yet */
		return -1;
	unlink(mark);
	task_report(ctx, "making its start-up cache", -1, -1);
	bad = run_script(&in, &trouble);
	if (task_stopped(ctx)) {
		remove_caches(in.dir);
		return task_interrupted(e);
	}
	if (bad) {
		remove_caches(in.dir);
		task_warn(ctx, "no start-up cache (it starts slower): %s", trouble.msg);
	}
	text = xstrf("%s\n%s\n", jvm, bad ? "failed" : "ok");
	return fsx_write_str(mark, text, 0644, e);
}
