/* Memory, limits and clock. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "clk.h"
#include "doctor_checks.h"
#include "fsx.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define OPEN_FILES       4096
#define PROCESSES_ENOUGH 4096 /* threads count: a JVM has 50 to 300 */
#define PROCESSES_LEAST  1024
#define DAY_S            (24 * 3600)

/* A line of /proc/meminfo in bytes; -1 when it is not there. */
static int64_t meminfo(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : -1;
}

/* What can be had without swapping: the machine's, or what the container's limit leaves when that is less. */
static int64_t available_bytes(const struct patient *pt)
{
	scoped_free char *path = fsx_join(pt->proc, "meminfo"), *stat = fsx_join(pt->cgroup, "memory.stat");
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT, cgroup = STRBUF_INIT;
	int64_t limit = doctor_number(pt->cgroup, "memory.max", -1),
		used = doctor_number(pt->cgroup, "memory.current", 0);
	struct err ignored = ERR_INIT;
	int64_t available, left;
	const char *cached;

	if (fsx_read(path, &text, &ignored))
		return -1;
	available = meminfo(text.buf, "MemAvailable:");
	if (limit < 0)
		return available;
	/* Cached file pages are given up under pressure. */
	fsx_read(stat, &cgroup, &ignored);
	cached = strstr(cgroup.buf, "inactive_file ");
	left = limit - used + (cached ? strtoll(cached + strlen("inactive_file "), NULL, 10) : 0);
	return available >= 0 && available < left ? available : left;
}

void doctor_memory(const struct patient *pt, struct findings *l)
{
	scoped(strbuf_release) struct strbuf need = STRBUF_INIT, have = STRBUF_INIT;
	int64_t wanted = 0, available = available_bytes(pt);

	for (size_t i = 0; i < pt->sel->n; i++)
		if (!pt->running[i] && !pt->sel->items[i]->external)
			wanted += (int64_t)pt->sel->items[i]->memory_mb * 1000000;
	strbuf_add_bytes(&need, wanted);
	strbuf_add_bytes(&have, available);
	if (available < 0)
		findings_add(l, FINDING_WARN, "memory",
			     xstrf("%s needed; how much there is, %s/meminfo does not say", need.buf, pt->proc),
			     xstrdup("see for yourself that there is enough"));
	else if (available < wanted)
		findings_add(
		    l, FINDING_FAIL, "memory", xstrf("%s needed, %s available", need.buf, have.buf),
		    xstrdup(
			"end other programs, or start fewer services (--profile), or lower heap_mb in the site file"));
	else if (available < wanted + wanted / 5)
		findings_add(l, FINDING_WARN, "memory",
			     xstrf("%s needed, %s available: that is tight", need.buf, have.buf),
			     xstrdup("end other programs, so that files can be cached"));
	else
		findings_add(l, FINDING_OK, "memory", xstrf("%s needed, %s available", need.buf, have.buf), NULL);
}

static void check_processes(const struct patient *pt, struct findings *l)
{
	struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
	int64_t most = doctor_number(pt->cgroup, "pids.max", INT64_MAX),
		used = doctor_number(pt->cgroup, "pids.current", 0);
	int64_t left = most == INT64_MAX ? most : most - used;

	getrlimit(RLIMIT_NPROC, &limit);
	if (limit.rlim_max != RLIM_INFINITY && (int64_t)limit.rlim_max < left)
		left = (int64_t)limit.rlim_max;
	if (left >= PROCESSES_ENOUGH)
		return;
	findings_add(
	    l, left < PROCESSES_LEAST ? FINDING_FAIL : FINDING_WARN, "limits",
	    xstrf("at most %" PRId64 " more processes and threads; %d are wished for", left, PROCESSES_ENOUGH),
	    xstrf("raise the limit: ulimit -u %d, nproc in /etc/security/limits.conf, or the container's pids limit",
		  PROCESSES_ENOUGH));
}

void doctor_limits(const struct patient *pt, struct findings *l)
{
	struct rlimit files = {0};
	size_t before = l->n;

	/* The hard limit: whoever needs more than the soft one raises it. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_max != RLIM_INFINITY && files.rlim_max < OPEN_FILES)
		findings_add(
		    l, FINDING_FAIL, "limits",
		    xstrf("at most %" PRIu64 " open files a process; %d are needed", (uint64_t)files.rlim_max,
			  OPEN_FILES),
		    xstrf("raise the hard limit: ulimit -Hn %d as root, or nofile in /etc/security/limits.conf",
			  OPEN_FILES));
	check_processes(pt, l);
	doctor_fine(l, before, "limits", xstrf("open files and processes suffice"));
}

void doctor_clock(const struct patient *pt, struct findings *l)
{
	scoped(strbuf_release) struct strbuf now = STRBUF_INIT;
	struct stat st;
	size_t before = l->n;

	(void)pt;
	clk_add_rfc3339(&now, clk_wall_us());
	/* Certificates and Kafka's retention go by the clock; no time before this program was built can be right. */
	if (stat("/proc/self/exe", &st) == 0 && time(NULL) < st.st_mtime - DAY_S)
		findings_add(l, FINDING_FAIL, "clock",
			     xstrf("the clock says %s, which is before this program was built", now.buf),
			     xstrdup("set the clock: timedatectl set-ntp true, or date -s"));
	doctor_fine(l, before, "clock", xstrdup(now.buf));
}
