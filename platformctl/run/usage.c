/* Walks /proc for one process tree. */
#include "usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

struct one {
	int pid, parent;
	double cpu_s;
	int64_t rss_bytes;
	bool ours;
};

/* proc(5), /proc/pid/stat: the name is in brackets and may hold anything, so what follows begins behind the last one. */
static bool read_stat(int pid, struct one *ret)
{
	scoped_free char *path = xstrf("/proc/%d/stat", pid);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	unsigned long long ut, st;
	long long cut, cst, rss;
	const char *after;

	if (fsx_read(path, &text, &ignored) || !(after = strrchr(text.buf, ')')))
		return false;
	if (sscanf(after + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld %*d %*d %*d %*d %*u %*u %lld",
	           &ret->parent, &ut, &st, &cut, &cst, &rss) != 6)
		return false;
	ret->pid = pid;
	ret->ours = false;
	ret->cpu_s = (double)(ut + st + (unsigned long long)cut + (unsigned long long)cst) / (double)sysconf(_SC_CLK_TCK);
	ret->rss_bytes = rss * sysconf(_SC_PAGESIZE);
	return true;
}

static int64_t read_pss(int pid)
{
	scoped_free char *path = xstrf("/proc/%d/smaps_rollup", pid);
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	const char *line;

	if (fsx_read(path, &text, &ignored) || !(line = strstr(text.buf, "\nPss:")))
		return -1;
	return strtoll(line + 5, NULL, 10) * 1024;
}

static size_t read_all(struct one **ret)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;
	struct one *all = NULL;
	size_t n = 0, room = 0;

	while (d && (entry = readdir(d))) {
		int pid = atoi(entry->d_name);

		if (pid <= 0)
			continue;
		if (n == room)
			all = xrealloc(all, (room = room ? room * 2 : 256) * sizeof(*all));
		if (read_stat(pid, &all[n]))
			n++;
	}
	if (d)
		closedir(d);
	*ret = all;
	return n;
}

void usage_of(int pid, struct usage *ret)
{
	struct one *all = NULL;
	size_t n = read_all(&all);
	bool grew = true;

	*ret = (struct usage){0};
	for (size_t i = 0; i < n; i++)
		all[i].ours = all[i].pid == pid;
	while (grew) {
		grew = false;
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; !all[i].ours && k < n; k++)
				if (all[k].ours && all[k].pid == all[i].parent)
					grew = all[i].ours = true;
	}
	for (size_t i = 0; i < n; i++) {
		int64_t pss;

		if (!all[i].ours)
			continue;
		pss = read_pss(all[i].pid);
		ret->processes++;
		ret->cpu_s += all[i].cpu_s;
		ret->rss_bytes += all[i].rss_bytes;
		if (pss < 0 || ret->pss_bytes < 0)
			ret->pss_bytes = -1;
		else
			ret->pss_bytes += pss;
	}
	free(all);
}
