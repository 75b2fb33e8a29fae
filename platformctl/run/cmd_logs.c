/* `platformctl logs`: the last lines of the services' logs in the order of time, and what follows. */
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "command.h"
#include "logfile.h"
#include "output.h"
#include "scoped.h"

#include "banned.h"

#define POLL_MS       200
#define LINES_DEFAULT 50
#define LINES_MAX     1000000

/* How lines are printed. */
struct style {
	bool json;
	int prefix; /* width of the services' names; 0: no prefix */
};

static int read_count(const struct invocation *inv, size_t *ret, struct err *e)
{
	const char *text = invocation_option(inv, "lines");
	char *end;
	long v;

	*ret = LINES_DEFAULT;
	if (!text)
		return 0;
	v = strtol(text, &end, 10);
	if (end == text || *end || v < 0 || v > LINES_MAX) {
		err_set(e, ERR_USAGE, "--lines takes a number from 0 to %d, not \"%s\"", LINES_MAX, text);
		return err_remedy(e, "for example: --lines 200");
	}
	*ret = (size_t)v;
	return 0;
}

/* The named services, or all that have a log (to follow: all). */
static int choose(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e)
{
	bool follow = invocation_option(inv, "follow") != NULL;

	ret->items = xcalloc(p->n_services + inv->args.n + 1, sizeof(struct service *));
	for (size_t i = 0; i < inv->args.n; i++) {
		struct service *s = platform_service(p, inv->args.items[i], e);

		if (!s)
			return -1;
		if (!selection_has(ret, s))
			ret->items[ret->n++] = s;
	}
	for (size_t i = 0; inv->args.n == 0 && i < p->n_services; i++)
		if (follow || logfile_exists(p, p->services[i]))
			ret->items[ret->n++] = p->services[i];
	return 0;
}

/* A log may hold bytes that are no UTF-8; JSON may not. */
static json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	scoped_free char *ascii = NULL;

	if (json)
		return json;
	ascii = xstrdup(text);
	for (char *c = ascii; *c; c++)
		if (*c & 0x80)
			*c = '?';
	return json_string(ascii);
}

static void add_json(const struct logline *line, struct strbuf *out)
{
	size_t len = strnlen(line->text, LOGFILE_STAMP + 2);
	bool stamped = len == LOGFILE_STAMP + 2;
	scoped_free char *stamp = xstrndup(line->text, stamped ? LOGFILE_STAMP : 0);
	json_t *o = output_json_new();
	scoped_free char *text = NULL;

	json_object_set_new(o, "service", json_string(line->service->name));
	json_object_set_new(o, "time", json_text(stamp));
	json_object_set_new(o, "text", json_text(line->text + (stamped ? len : 0)));
	text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER);
	strbuf_addf(out, "%s\n", text ? text : "");
	json_decref(o);
}

/* What a service logs must not steer the terminal. */
static void add_text(const struct logline *line, int prefix, struct strbuf *out)
{
	bool tty = isatty(STDOUT_FILENO);

	if (prefix)
		strbuf_addf(out, "%s%-*s |%s ", output_paint(PAINT_DIM), prefix, line->service->name, output_plain());
	for (const char *c = line->text; *c; c++)
		strbuf_addch(out, tty && (unsigned char)*c < ' ' && *c != '\t' ? '?' : *c);
	strbuf_addch(out, '\n');
}

static int print(struct loglines *l, const struct style *style, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;

	loglines_sort(l);
	for (size_t i = 0; i < l->n; i++)
		if (style->json)
			add_json(&l->items[i], &out);
		else
			add_text(&l->items[i], style->prefix, &out);
	return out.len ? output_text(out.buf, e) : 0;
}

/* Waits until it is time to look again; true when it is time to end: a signal, or nobody reads our output any more. */
static bool is_over(int signals)
{
	struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = STDOUT_FILENO}};

	return poll(fds, 2, POLL_MS) > 0 && (fds[0].revents || (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)));
}

static int follow_all(struct logfollow *followed, size_t n, const struct style *style, struct err *e)
{
	scoped_close int signals = -1;
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	signals = signalfd(-1, &ends, SFD_CLOEXEC);
	if (signals < 0)
		return err_sys(e, ERR_FATAL, "signalfd");
	do {
		scoped(loglines_release) struct loglines fresh = {0};

		for (size_t i = 0; i < n; i++)
			logfollow_read(&followed[i], &fresh);
		if (print(&fresh, style, e))
			return -1;
	} while (!is_over(signals));
	return 0;
}

static int no_log(const struct platform *p, const struct selection *sel, struct err *e)
{
	if (sel->n == 1)
		err_set(e, ERR_NO, "%s has no log yet", sel->items[0]->name);
	else
		err_set(e, ERR_NO, "there is no log yet in %s/log", p->paths.state);
	return err_remedy(e, "start it: platformctl up%s%s", sel->n == 1 ? " " : "",
			  sel->n == 1 ? sel->items[0]->name : "");
}

int cmd_logs(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(selection_release) struct selection sel = {0};
	scoped(loglines_release) struct loglines tail = {0};
	scoped_free struct logfollow *followed = NULL;
	struct style style = {.json = inv->json};
	bool any = false;
	size_t count;
	int rc;

	if (read_count(inv, &count, e) || choose(p, inv, &sel, e))
		return -1;
	for (size_t i = 0; i < sel.n; i++) {
		int width = snprintf(NULL, 0, "%s", sel.items[i]->name);

		any |= logfile_exists(p, sel.items[i]);
		style.prefix = sel.n > 1 && width > style.prefix ? width : style.prefix;
	}
	if (!any && !invocation_option(inv, "follow"))
		return no_log(p, &sel, e);
	followed = xcalloc(sel.n + 1, sizeof(*followed));
	for (size_t i = 0; i < sel.n; i++) {
		logfollow_init(&followed[i], p, sel.items[i]);
		logfile_tail(p, sel.items[i], count, &tail);
		/* What came between the two calls is in the tail already. */
		logfollow_skip(&followed[i], &tail);
	}
	rc = print(&tail, &style, e);
	if (!rc && invocation_option(inv, "follow"))
		rc = follow_all(followed, sel.n, &style, e);
	for (size_t i = 0; i < sel.n; i++)
		logfollow_release(&followed[i]);
	return rc;
}
