/* Runs platform-agent's probe and provision as children and reads their JSON. */
#include "probing.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "scoped.h"

#include "banned.h"

int probing_start(const struct platform *p, const struct service *s, enum probing_kind kind, int deadline_s, struct probing *ret,
                  struct err *e)
{
	scoped_free char *agent = fsx_join(p->paths.libexec, "platform-agent"), *deadline = xstrf("%ds", deadline_s);
	const char *argv[] = {agent,
			      "--state",
			      p->paths.state,
			      "--cache",
			      p->paths.cache,
			      "--output",
			      "json",
			      kind == PROBING_PROBE ? "probe" : "provision",
			      s->name,
			      "--timeout",
			      deadline,
			      NULL};
	/* The error line (JSON on standard error) must come to us, too: the shell-free way is one pipe for both. */
	struct proc_opts opts = {.merge_err = true};

	probing_release(ret);
	return proc_start(argv, &opts, &ret->proc, e);
}

bool probing_running(const struct probing *g)
{
	return g->proc.pid > 0;
}

static void drain(struct probing *g)
{
	char buf[4096];
	ssize_t n;

	while (g->proc.out_fd >= 0 && (n = read(g->proc.out_fd, buf, sizeof(buf))) > 0)
		strbuf_add(&g->out, buf, (size_t)n);
}

bool probing_poll(struct probing *g, int *ret_status)
{
	drain(g);
	if (!proc_poll(&g->proc, ret_status))
		return false;
	drain(g);
	return true;
}

/* The last line that is a JSON object with this key. Caller decrefs. */
static json_t *last_object(const struct strbuf *out, const char *key)
{
	scoped(strlist_release) struct strlist lines = {0};

	strlist_split(&lines, out->buf, "\n");
	for (size_t i = lines.n; i-- > 0;) {
		json_t *o = json_loads(lines.items[i], 0, NULL);

		if (o && json_object_get(o, key))
			return o;
		json_decref(o);
	}
	return NULL;
}

static void copy(char *to, size_t len, const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	snprintf(to, len, "%s", text ? text : "");
}

void probing_answer(const struct probing *g, int status, struct probe_answer *ret)
{
	json_t *o = last_object(&g->out, "state");

	*ret = (struct probe_answer){.state = "starting"};
	if (o) {
		copy(ret->state, sizeof(ret->state), o, "state");
		copy(ret->reason, sizeof(ret->reason), o, "reason");
		copy(ret->remedy, sizeof(ret->remedy), o, "remedy");
	} else {
		struct err e = ERR_INIT;

		probing_error(g, status, &e);
		snprintf(ret->reason, sizeof(ret->reason), "%.500s", e.msg);
		snprintf(ret->remedy, sizeof(ret->remedy), "%.500s", e.remedy);
	}
	json_decref(o);
}

/* The kind whose exit code this is; provisioning that could not reach its service may be tried again. */
static enum err_kind kind_of(const char *name, int status)
{
	static const enum err_kind by_status[] = {ERR_FATAL,   ERR_NO,	    ERR_USAGE,	 ERR_CONFIG,
						  ERR_MISSING, ERR_SERVICE, ERR_TIMEOUT, ERR_FATAL};

	for (int k = ERR_NONE; k <= ERR_FATAL; k++)
		if (str_eq(name, err_kind_name((enum err_kind)k)))
			return (enum err_kind)k;
	return status >= 0 && status <= 7 ? by_status[status] : ERR_FATAL;
}

void probing_error(const struct probing *g, int status, struct err *e)
{
	json_t *o = last_object(&g->out, "error"), *error = json_object_get(o, "error");
	const char *message = json_string_value(json_object_get(error, "message"));

	if (message) {
		err_set(e, kind_of(json_string_value(json_object_get(error, "kind")), status), "%s", message);
		err_remedy(e, "%s", json_string_value(json_object_get(error, "remedy")));
	} else {
		err_set(e, ERR_FATAL, "platform-agent ended with status %d%s%.300s", status, g->out.len ? ": " : "", g->out.buf);
	}
	json_decref(o);
}

void probing_release(struct probing *g)
{
	proc_kill(&g->proc);
	if (!g->out.buf)
		g->out = (struct strbuf)STRBUF_INIT;
	strbuf_release(&g->out);
	g->proc = (struct proc){.out_fd = -1};
}
