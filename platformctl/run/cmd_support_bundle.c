/*
 * `platformctl support-bundle`: one archive for whoever is to help. Every text goes through redact_add(), so no secret
 * of this installation leaves it; passwords that people wrote elsewhere (into a site file's settings) are not known to
 * us.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "fsx.h"
#include "logfile.h"
#include "output.h"
#include "proc.h"
#include "redact.h"
#include "scoped.h"

#include "banned.h"

#define LOG_LINES  2000
#define COMMAND_MS 30000
#define CONF_BYTES 1000000

struct bundle {
	const struct platform *platform;
	char *dir; /* what will be packed */
	struct strlist secrets;
	size_t files;
};

static int add_text(struct bundle *b, const char *name, const struct strbuf *text, struct err *e)
{
	scoped(strbuf_release) struct strbuf clean = STRBUF_INIT;
	scoped_free char *path = fsx_join(b->dir, name), *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));

	redact_add(&b->secrets, text->buf, text->len, &clean);
	if (fsx_mkdirs(folder, 0700, e))
		return -1;
	b->files++;
	return fsx_write(path, clean.buf, clean.len, 0600, e);
}

/* What cannot be read is left out: a bundle is made when things are broken. */
static int add_file(struct bundle *b, const char *name, const char *path, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	return fsx_read(path, &text, &ignored) ? 0 : add_text(b, name, &text, e);
}

/* A program's output, and its error when it cannot run. */
static int add_output(struct bundle *b, const char *name, const char *const *argv, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = COMMAND_MS};
	struct err cause = ERR_INIT;
	int status;

	if (proc_run(argv, &opts, &status, &cause))
		strbuf_addf(&out, "%s\n", cause.msg);
	else if (status)
		strbuf_addf(&out, "exit status %d\n", status);
	return add_text(b, name, &out, e);
}

/* Our own commands, on this very installation. */
static int add_command(struct bundle *b, const char *name, const char *words, struct err *e)
{
	const struct paths *paths = &b->platform->paths;
	scoped_free char *program = fsx_join(paths->bin, "platformctl");
	scoped(strlist_release) struct strlist argv = {0};

	strlist_add(&argv, program);
	strlist_split(&argv, words, " ");
	strlist_addf(&argv, "--state=%s", paths->state);
	strlist_addf(&argv, "--cache=%s", paths->cache);
	strlist_addf(&argv, "--root=%s", paths->root);
	strlist_addf(&argv, "--port-offset=%d", b->platform->port_offset);
	if (fsx_exists(paths->site))
		strlist_addf(&argv, "--config=%s", paths->site);
	return add_output(b, name, (const char *const *)argv.items, e);
}

static int add_commands(struct bundle *b, struct err *e)
{
	static const struct {
		const char *name, *words;
	} ours[] = {
	    {"version.json", "version -o json"},     {"status.json", "status -o json"},
	    {"doctor.json", "doctor -o json"},       {"config.json", "config show -o json"},
	    {"endpoints.json", "endpoints -o json"},
	};
	static const struct {
		const char *name;
		const char *argv[6];
	} others[] = {
	    {"system/uname", {"uname", "-a"}},
	    {"system/disk", {"df", "-h"}},
	    {"system/processes", {"ps", "-eo", "pid,ppid,user,rss,etime,comm"}},
	};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (add_command(b, ours[i].name, ours[i].words, e))
			return -1;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (add_output(b, others[i].name, others[i].argv, e))
			return -1;
	return add_file(b, "system/os-release", "/etc/os-release", e) ||
		       add_file(b, "system/meminfo", "/proc/meminfo", e) ||
		       add_file(b, "platform.yaml", b->platform->paths.site, e)
		   ? -1
		   : 0;
}

static int add_log(struct bundle *b, const struct service *s, struct err *e)
{
	scoped(loglines_release) struct loglines lines = {0};
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	scoped_free char *name = xstrf("log/%s", s->name);

	logfile_tail(b->platform, s, LOG_LINES, &lines);
	for (size_t i = 0; i < lines.n; i++)
		strbuf_addf(&text, "%s\n", lines.items[i].text);
	return text.len ? add_text(b, name, &text, e) : 0;
}

static int add_events(struct bundle *b, struct err *e)
{
	scoped_free char *path = fsx_join(b->platform->paths.state, "events.jsonl");
	const char *argv[] = {"tail", "-n", "2000", path, NULL};

	return fsx_exists(path) ? add_output(b, "events.jsonl", argv, e) : 0;
}

/* Rendered files, with their folders; links are not followed, so it ends. */
static int add_folder(struct bundle *b, const char *dir, const char *name, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	int rc = 0;

	while (d && !rc && (entry = readdir(d))) {
		scoped_free char *path = fsx_join(dir, entry->d_name), *to = fsx_join(name, entry->d_name);
		struct stat st;

		if (str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..") || lstat(path, &st))
			continue;
		if (S_ISDIR(st.st_mode))
			rc = add_folder(b, path, to, e);
		else if (S_ISREG(st.st_mode) && st.st_size < CONF_BYTES)
			rc = add_file(b, to, path, e);
	}
	if (d)
		closedir(d);
	return rc;
}

static int add_service(struct bundle *b, const struct service *s, struct err *e)
{
	scoped_free char *conf = paths_of(&b->platform->paths, "conf", s->name), *conf_name = xstrf("conf/%s", s->name);
	scoped_free char *dir = paths_of(&b->platform->paths, "supervise", s->name),
			 *svstat_name = xstrf("supervise/%s", s->name);
	const char *svstat[] = {"s6-svstat", dir, NULL};

	if (add_log(b, s, e) || add_folder(b, conf, conf_name, e))
		return -1;
	return fsx_is_dir(dir) ? add_output(b, svstat_name, svstat, e) : 0;
}

static int collect(struct bundle *b, struct err *e)
{
	if (add_commands(b, e) || add_events(b, e))
		return -1;
	for (size_t i = 0; i < b->platform->n_services; i++)
		if (add_service(b, b->platform->services[i], e))
			return -1;
	return 0;
}

static int pack(const char *parent, const char *name, const char *file, struct err *e)
{
	const char *argv[] = {"tar", "-C", parent, "--owner=0", "--group=0", "-czf", file, name, NULL};
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct proc_opts opts = {.out = &out, .err_out = &out, .timeout_ms = 4 * COMMAND_MS};
	int status;

	if (proc_run(argv, &opts, &status, e))
		return -1;
	if (status == 0)
		return 0;
	strbuf_rtrim(&out);
	err_set(e, ERR_FATAL, "%s cannot be written: %s", file, out.buf);
	return err_remedy(e, "name a place that can be written: --file FILE");
}

static int report(const struct bundle *b, const struct invocation *inv, const char *file, struct err *e)
{
	json_t *doc;

	if (!inv->json)
		return output_line(
		    e, "%s: %zu files; secrets are replaced by ***. Look through it before you pass it on.\n", file,
		    b->files);
	doc = output_json_new();
	json_object_set_new(doc, "file", json_string(file));
	json_object_set_new(doc, "files", json_integer((json_int_t)b->files));
	return output_json(doc, e);
}

int cmd_support_bundle(struct platform *p, const struct invocation *inv, struct err *e)
{
	const char *given = invocation_option(inv, "file"), *tmp = getenv("TMPDIR");
	scoped_free char *parent = xstrf("%s/dataflow-support-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *file = NULL,
			 *name = NULL;
	struct bundle b = {.platform = p};
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	struct err ignored = ERR_INIT;
	int rc;

	gmtime_r(&now, &tm);
	strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm);
	name = xstrf("dataflow-support-%s", stamp);
	file = given ? xstrdup(given) : xstrf("%s.tar.gz", name);
	if (!mkdtemp(parent))
		return err_sys(e, ERR_FATAL, "cannot make %s", parent);
	b.dir = fsx_join(parent, name);
	redact_secrets(p, &b.secrets);
	rc = collect(&b, e) || pack(parent, name, file, e) || report(&b, inv, file, e) ? -1 : 0;
	fsx_remove_tree(parent, &ignored);
	strlist_release(&b.secrets);
	free(b.dir);
	return rc;
}
