/* Finds marked processes in /proc and ends them. */
#include "orphans.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* True when the environment (NAME=value, NUL-separated) holds the mark; `whole` asks for the exact value. */
static bool is_marked(const struct strbuf *env, const char *mark, bool whole)
{
	for (size_t at = 0; at < env->len; at += strlen(env->buf + at) + 1)
		if (whole ? str_eq(env->buf + at, mark) : str_starts(env->buf + at, mark))
			return true;
	return false;
}

int orphans_kill(const char *state, const char *service)
{
	scoped_free char *mark = xstrf("%s=%s/%s", ORPHANS_VARIABLE, state, service ? service : "");
	DIR *d = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	while (d && (entry = readdir(d))) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		scoped_free char *path = xstrf("/proc/%d/environ", (int)pid);
		scoped(strbuf_release) struct strbuf env = STRBUF_INIT;
		struct err ignored = ERR_INIT;

		if (pid <= 1 || pid == getpid() || fsx_read(path, &env, &ignored))
			continue;
		if (is_marked(&env, mark, service != NULL) && kill(pid, SIGKILL) == 0)
			n++;
	}
	if (d)
		closedir(d);
	return n;
}
