/* Finds Python and Go. */
#include "runtimes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fsx.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define ASK_TIMEOUT_MS 20000

char *runtimes_python(void)
{
	return fsx_exists("/usr/bin/python3") ? xstrdup("/usr/bin/python3") : fsx_which("python3");
}

/* Runs a command for its answer; true when it ended well. */
static bool ask(const char *const *argv, struct strbuf *out)
{
	static const char *const env[] = {"GOTOOLCHAIN=local", NULL};
	scoped(strbuf_release) struct strbuf noise = STRBUF_INIT;
	struct proc_opts opts = {.out = out, .err_out = &noise, .timeout_ms = ASK_TIMEOUT_MS, .env = env};
	struct err ignored = ERR_INIT;
	int status;

	return proc_run(argv, &opts, &status, &ignored) == 0 && status == 0;
}

bool runtimes_python_has_venv(const char *python)
{
	const char *argv[] = {python, "-c", "import venv, ensurepip", NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	return ask(argv, &out);
}

int runtimes_go_wanted(const char *go_mod)
{
	for (const char *p = go_mod; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		int major, minor;

		if (sscanf(p, "go %d.%d", &major, &minor) == 2)
			return major * 1000 + minor;
	}
	return 0;
}

int runtimes_go_version(const char *text)
{
	int major, minor;

	return sscanf(text, "go%d.%d", &major, &minor) == 2 ? major * 1000 + minor : 0;
}

static bool is_new_enough(const char *go, int wanted)
{
	const char *argv[] = {go, "env", "GOVERSION", NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	return ask(argv, &out) && runtimes_go_version(out.buf) >= wanted;
}

char *runtimes_go(const struct platform *p, int wanted)
{
	scoped_free char *found = fsx_which("go"), *dir = runtimes_dir(p, "go");
	char *fetched;

	if (found && is_new_enough(found, wanted))
		return take_ptr(&found);
	if (!runtimes_complete(dir))
		return NULL;
	fetched = fsx_join(dir, "go/bin/go");
	if (is_new_enough(fetched, wanted))
		return fetched;
	free(fetched);
	return NULL;
}

char *runtimes_dir(const struct platform *p, const char *name)
{
	return xstrf("%s/runtimes/%s", p->paths.cache, name);
}

char *runtimes_java_lock(const struct platform *p, int major)
{
	return xstrf("%s/runtimes/java/%d.lock", p->paths.root, major);
}

char *runtimes_go_lock(const struct platform *p)
{
	return xstrf("%s/runtimes/go/requirements.lock", p->paths.root);
}

bool runtimes_complete(const char *dir)
{
	scoped_free char *stamp = fsx_join(dir, ".complete");

	return fsx_exists(stamp);
}
