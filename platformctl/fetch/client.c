/* Runs package clients and reads their logs for the cause of a failure. */
#include "client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "clk.h"
#include "fsx.h"
#include "proc.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

#define MAX_QUOTE 400
#define MAX_LEAD 200
#define RETRY_AFTER_MS 3000
#define FULL_BELOW_BYTES (64LL * 1024)

/* What a client's output holds, and what that means; the first match in this order counts. */
struct symptom {
	const char *text;
	const char *remedy;
	bool again;
};

#define NETWORK "check the network (proxy, DNS, the mirror that the client is set to), then run it again: it goes on where it was"
#define DISK "free some space, or choose another place with --cache, then run it again: it goes on where it was"
#define CHECKSUM "run it again; if it repeats, the mirror serves other files than the lock names, or the lock is wrong"
#define ABSENT "the registry that the client is set to does not hold this version: use another mirror, or change the version and its lock"

static const struct symptom symptoms[] = {
	{"No space left on device", DISK, false},
	{"Disk quota exceeded", DISK, false},
	{"DO NOT MATCH THE HASHES", CHECKSUM, false},
	{"Checksum validation failed", CHECKSUM, true},
	{"checksum mismatch", CHECKSUM, false},
	{"Unknown host", NETWORK, true},
	{"UnknownHostException", NETWORK, true},
	{"Temporary failure in name resolution", NETWORK, true},
	{"Name or service not known", NETWORK, true},
	{"no such host", NETWORK, true},
	{"Connection refused", NETWORK, true},
	{"connection refused", NETWORK, true},
	{"Connection reset", NETWORK, true},
	{"connection reset", NETWORK, true},
	{"Network is unreachable", NETWORK, true},
	{"network is unreachable", NETWORK, true},
	{"timed out", NETWORK, true},
	{"i/o timeout", NETWORK, true},
	{"TLS handshake", NETWORK, true},
	{"Connection broken", NETWORK, true},
	{"NewConnectionError", NETWORK, true},
	{"Failed to establish a new connection", NETWORK, true},
	{"Premature end of Content-Length", NETWORK, true},
	{"unexpected EOF", NETWORK, true},
	{"status code: 5", NETWORK, true},
	{"502 Bad Gateway", NETWORK, true},
	{"503 Service", NETWORK, true},
	{"Could not find artifact", ABSENT, false},
	{"No matching distribution found", ABSENT, false},
	{"unknown revision", ABSENT, false},
	{"404 Not Found", ABSENT, false},
	{"Could not transfer artifact", NETWORK, true},
};

/*
 * The line that holds `at`, cut to a bearable length (what stands far before `at` goes first), with control bytes gone and
 * passwords in URLs masked.
 */
static void quote_line(const char *text, const char *at, struct strbuf *out)
{
	const char *start = at, *end = at + strcspn(at, "\n");

	while (start > text && start[-1] != '\n')
		start--;
	while (start < end && (*start == ' ' || *start == '\t'))
		start++;
	if (at - start > MAX_LEAD) {
		start = at - MAX_LEAD;
		start += strcspn(start, " ");
		strbuf_addstr(out, "…");
	}
	for (const char *p = start; p < end && out->len < MAX_QUOTE; p++) {
		if (p - start >= 3 && memcmp(p - 3, "://", 3) == 0) {
			size_t login = strcspn(p, "@/ \t\n\"'");

			if (p[login] == '@') {
				strbuf_addstr(out, "***");
				p += login;
			}
		}
		strbuf_addch(out, (unsigned char)*p < ' ' ? ' ' : *p);
	}
	strbuf_rtrim(out);
}

static const struct symptom *find_symptom(const char *text, const char **ret_at)
{
	for (size_t i = 0; i < sizeof(symptoms) / sizeof(symptoms[0]); i++) {
		const char *at = strstr(text, symptoms[i].text);

		if (at) {
			*ret_at = at;
			return &symptoms[i];
		}
	}
	return NULL;
}

/* Where the cause most likely stands when no symptom is known: a line marked as an error, else the last one that says something. */
static const char *find_cause(const char *text)
{
	static const char *const marks[] = {"[ERROR]", "ERROR:", "rror:", "fatal:"};
	const char *last = text, *p;

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		p = strstr(text, marks[i]);
		if (p)
			return p;
	}
	for (p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strcspn(p, "\n") > strspn(p, " \t\r"))
			last = p;
	return last;
}

int client_explain(const struct client *c, int status, const char *log_text, bool *ret_again, struct err *e)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;
	const char *at = NULL;
	const struct symptom *s = find_symptom(log_text, &at);

	quote_line(log_text, s ? at : find_cause(log_text), &line);
	err_set(e, ERR_MISSING, "%s: %s ended with status %d: %s", c->doing, c->name, status,
	        line.len ? line.buf : "it said nothing");
	*ret_again = s && s->again;
	if (s)
		return err_remedy(e, "%s (log: %s)", s->remedy, c->log);
	return err_remedy(e, "read %s, then run it again: it goes on where it was", c->log);
}

/* On a full disk even the log may be empty; with less than this free a client had no chance. */
static bool disk_is_full(const char *path)
{
	scoped_free char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct statvfs fs;

	return statvfs(dir, &fs) == 0 && (long long)fs.f_bavail * (long long)fs.f_frsize < FULL_BELOW_BYTES;
}

static int explain_full_disk(const struct client *c, struct err *e)
{
	err_set(e, ERR_MISSING, "%s: %s failed: no space left on the disk that holds %s", c->doing, c->name, c->log);
	return err_remedy(e, DISK);
}

static int run_once(struct task_ctx *ctx, const struct client *c, bool *ret_again, struct err *e)
{
	scoped(strbuf_release) struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	struct proc_opts opts = {
		.cwd = c->cwd,
		.env = c->env,
		.log_path = c->log,
		.tick = c->tick ? c->tick : task_tick,
		.tick_arg = c->tick ? c->tick_arg : ctx,
	};
	int status = -1;

	*ret_again = false;
	unlink(c->log);
	if (proc_run(c->argv, &opts, &status, e)) {
		if (task_stopped(ctx))
			return task_interrupted(e);
		return err_prefix(e, "%s", c->doing);
	}
	if (status == 0)
		return 0;
	if (task_stopped(ctx))
		return task_interrupted(e);
	if (disk_is_full(c->log))
		return explain_full_disk(c, e);
	fsx_read(c->log, &text, &ignored);
	return client_explain(c, status, text.buf, ret_again, e);
}

int client_run(struct task_ctx *ctx, const struct client *c, struct err *e)
{
	bool again;

	if (run_once(ctx, c, &again, e) == 0)
		return 0;
	if (!again || c->retries || task_stopped(ctx))
		return -1;
	task_report(ctx, "the network failed, trying once more", -1, -1);
	for (int waited = 0; waited < RETRY_AFTER_MS && !task_stopped(ctx); waited += 100)
		clk_sleep_ms(100);
	if (task_stopped(ctx))
		return task_interrupted(e);
	return run_once(ctx, c, &again, e);
}
