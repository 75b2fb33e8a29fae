/* `platform-agent probe`: finds a service's probe, runs it, prints its answer. */
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "command.h"
#include "jsonx.h"
#include "output.h"
#include "scoped.h"

#include "banned.h"

#define DEFAULT_TIMEOUT_MS 5000

static const struct {
	const char *kind;
	probe_fn *fn;
} kinds[] = {
	{"postgres", probe_postgres}, {"kafka", probe_kafka}, {"registry", probe_registry}, {"connect", probe_connect},
	{"s3", probe_s3}, {"metastore", probe_metastore}, {"trino", probe_trino}, {"http", probe_http}, {"tcp", probe_tcp},
};

const char *probe_state_name(enum probe_state state)
{
	static const char *const names[] = {"starting", "degraded", "ready"};

	return names[state];
}

int probe_answer(struct probe_result *ret, enum probe_state state, const char *fmt, ...)
{
	va_list ap;

	ret->state = state;
	va_start(ap, fmt);
	vsnprintf(ret->reason, sizeof(ret->reason), fmt, ap);
	va_end(ap);
	ret->remedy[0] = '\0';
	return 0;
}

int probe_remedy(struct probe_result *ret, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret->remedy, sizeof(ret->remedy), fmt, ap);
	va_end(ap);
	return 0;
}

int probe_left_ms(int64_t deadline_ms)
{
	int left = clk_left_ms(deadline_ms);

	return left > 0 ? left : 1;
}

/* What an error on the way says of the service. */
static void answer_error(const struct service *s, const struct err *failed, struct probe_result *ret)
{
	bool away = failed->kind == ERR_RETRY || failed->kind == ERR_TIMEOUT;

	probe_answer(ret, away ? PROBE_STARTING : PROBE_DEGRADED, "%s", failed->msg);
	if (away && s->external)
		probe_remedy(ret, "start %s, which is not ours (external in the site file), or correct its host and ports there",
		             s->name);
	else if (away)
		probe_remedy(ret, "wait if it was just started; else see: platformctl status %s; platformctl logs %s", s->name,
		             s->name);
	else if (failed->remedy[0])
		probe_remedy(ret, "%s", failed->remedy);
	else
		probe_remedy(ret, "see: platformctl logs %s", s->name);
}

static probe_fn *find_kind(const struct ynode *node, struct err *e)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_eq(kinds[i].kind, node->key))
			return kinds[i].fn;
	ynode_err(node, e, "there is no probe '%s'", node->key);
	return NULL;
}

int probe_service(const struct platform *p, const struct service *s, int timeout_ms, struct probe_result *ret,
                  struct err *e)
{
	const struct template_scope scope = {.platform = p, .service = s, .use = TEMPLATE_FILE};
	int64_t began_ms = clk_mono_ms();
	scoped(args_release) struct args args = {0};
	const struct ynode *node;
	struct err failed = ERR_INIT;
	probe_fn *fn;

	memset(ret, 0, sizeof(*ret));
	if (!s->ready || s->ready->n == 0)
		return probe_answer(ret, PROBE_READY, "it has no probe");
	node = s->ready->items[0];
	fn = find_kind(node, e);
	if (!fn || args_expand(&scope, spec_find(probe_specs, node->key), node, &args, e))
		return -1;
	if (fn(&args, began_ms + timeout_ms, ret, &failed))
		answer_error(s, &failed, ret);
	args_mask(&args, ret->reason);
	ret->ms = (int)(clk_mono_ms() - began_ms);
	return 0;
}

static int print_json(const struct service *s, const struct probe_result *a, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	scoped(json_decref_p) json_t *doc = output_json_new();

	json_object_set_new(doc, "service", json_string(s->name));
	json_object_set_new(doc, "state", json_string(probe_state_name(a->state)));
	json_object_set_new(doc, "reason", json_stringn_nocheck(a->reason, strlen(a->reason)));
	json_object_set_new(doc, "remedy", json_stringn_nocheck(a->remedy, strlen(a->remedy)));
	json_object_set_new(doc, "ms", json_integer(a->ms));
	jsonx_dump(doc, JSONX_AS_BUILT, &out); /* one line, also on a terminal: who asks reads lines */
	return output_line(e, "%s\n", out.buf);
}

static int print_plain(const struct probe_result *a, struct err *e)
{
	static const enum paint paints[] = {PAINT_YELLOW, PAINT_RED, PAINT_GREEN};

	if (output_line(e, "%s%s%s %s\n", output_paint(paints[a->state]), probe_state_name(a->state), output_plain(),
	                a->reason))
		return -1;
	return a->remedy[0] ? output_line(e, "  remedy: %s\n", a->remedy) : 0;
}

int cmd_probe(struct platform *p, const struct invocation *inv, struct err *e)
{
	const struct service *s = platform_service(p, inv->args.items[0], e);
	struct probe_result answer;
	int timeout_ms;

	if (!s || invocation_duration_ms(inv, "timeout", DEFAULT_TIMEOUT_MS, &timeout_ms, e) ||
	    probe_service(p, s, timeout_ms, &answer, e))
		return -1;
	if (inv->json ? print_json(s, &answer, e) : print_plain(&answer, e))
		return -1;
	return answer.state == PROBE_READY ? 0 : err_set(e, ERR_NO, "%s", ""); /* the answer was printed: nothing to add */
}
