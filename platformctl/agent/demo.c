/* `platformctl demo`: three changes in PostgreSQL, each followed to Trino, and how long every hop took. */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "demo.h"
#include "jsonx.h"
#include "scoped.h"

#include "banned.h"

static void say_nothing(const struct demo_change *c, enum demo_hop hop)
{
	(void)c;
	(void)hop;
}

static void say_made(const struct demo_change *c, enum demo_hop hop)
{
	(void)hop;
	printf("%-9s %s\n", c->name, c->what);
	fflush(stdout);
}

static void say_arrived(const struct demo_change *c, enum demo_hop hop)
{
	printf("  %7lld ms  %-9s %-9s  %s\n", (long long)c->hop_ms[hop], c->name, demo_hop_names[hop], c->saw[hop] ? c->saw[hop] : "");
	fflush(stdout);
}

static void print_cell(int64_t ms)
{
	if (ms < 0)
		printf("%10s", "-");
	else
		printf("%10lld", (long long)ms);
}

static void print_summary(const struct demo_change *changes, bool all)
{
	const char *no_color = getenv("NO_COLOR");
	bool color = isatty(STDOUT_FILENO) && !(no_color && *no_color);

	printf("\n%-9s", "ms");
	for (int hop = 0; hop < DEMO_HOPS; hop++)
		printf("%10s", demo_hop_names[hop]);
	putchar('\n');
	for (int i = 0; i < DEMO_CHANGES; i++) {
		if (!changes[i].name)
			continue;
		printf("%-9s", changes[i].name);
		for (int hop = 0; hop < DEMO_HOPS; hop++)
			print_cell(changes[i].hop_ms[hop]);
		putchar('\n');
	}
	if (all)
		printf("%sAll three changes arrived.%s\n", color ? "\033[32m" : "", color ? "\033[0m" : "");
	fflush(stdout);
}

static json_t *change_json(const struct demo_change *c)
{
	json_t *hops = json_object(), *rows = json_array();

	for (int hop = 0; hop < DEMO_HOPS; hop++)
		json_object_set_new(hops, demo_hop_names[hop], c->hop_ms[hop] < 0 ? json_null() : json_integer(c->hop_ms[hop]));
	for (int i = 0; i < c->n_rows; i++)
		json_array_append_new(rows, json_pack("{s:s, s:I, s:i, s:I}", "table", c->rows[i].table, "id", (json_int_t)c->rows[i].id,
		                                      "partition", (int)c->rows[i].partition, "offset", (json_int_t)c->rows[i].offset));
	return json_pack("{s:s, s:s, s:I, s:s, s:o, s:o}", "name", c->name, "what", c->what, "xid", (json_int_t)c->xid, "lsn", c->lsn,
	                 "rows", rows, "hops_ms", hops);
}

static void print_json(const struct demo_change *changes, bool all)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	json_t *list = json_array();
	scoped(json_decref_p) json_t *root = json_pack("{s:i, s:b, s:o}", "schema_version", 1, "arrived", all, "changes", list);

	for (int i = 0; i < DEMO_CHANGES; i++)
		if (changes[i].name)
			json_array_append_new(list, change_json(&changes[i]));
	jsonx_dump(root, JSONX_AS_BUILT, &out);
	puts(out.buf);
}

int cmd_demo(struct platform *p, const struct invocation *inv, struct err *e)
{
	struct demo_change changes[DEMO_CHANGES] = {0};
	int timeout_ms, result;

	if (invocation_duration_ms(inv, "timeout", 120000, &timeout_ms, e) != 0)
		return -1;
	result = demo_follow(p, changes, timeout_ms, inv->json ? say_nothing : say_made, inv->json ? say_nothing : say_arrived, e);
	if (inv->json)
		print_json(changes, result == 0);
	else if (changes[0].name)
		print_summary(changes, result == 0);
	for (int i = 0; i < DEMO_CHANGES; i++)
		demo_change_release(&changes[i]);
	return result;
}
