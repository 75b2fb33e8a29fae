/* `platformctl connectors`: Kafka Connect's connectors as a table, and the switches to steer them. */
#include <string.h>

#include "clk.h"
#include "command.h"
#include "connect_client.h"
#include "jsonx.h"
#include "provision.h"
#include "scoped.h"
#include "shop.h"

#include "banned.h"

struct call {
	struct platform *platform;
	const struct invocation *inv;
	struct connect_client client;
	const char *name; /* of the connector; NULL: none was given */
	int timeout_ms;
};

/* "1/1 RUNNING": how many tasks are in the state that most needs saying, of how many. */
static char *describe_tasks(const json_t *status)
{
	const json_t *tasks = json_object_get(status, "tasks"), *task;
	const char *state = connect_state(status);
	size_t n = 0, i;

	json_array_foreach (tasks, i, task)
		n += strcmp(jsonx_str(task, "state", "UNKNOWN"), state) == 0;
	return json_array_size(tasks) ? xstrf("%zu/%zu %s", n, json_array_size(tasks), state) : xstrdup("none");
}

/* A status as our JSON has it: flat, with the cause in one line. New reference. */
static json_t *flatten(const char *name, const json_t *status)
{
	scoped(strbuf_release) struct strbuf cause = STRBUF_INIT;
	json_t *tasks = json_array();
	const json_t *task;
	size_t i;

	connect_add_cause(status, &cause);
	json_array_foreach (json_object_get(status, "tasks"), i, task)
		json_array_append_new(tasks, json_pack("{s:I, s:s, s:s}", "id", (json_int_t)jsonx_int(task, "id", 0), "state",
		                                       jsonx_str(task, "state", "UNKNOWN"), "worker", jsonx_str(task, "worker_id", "")));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s*}", "name", name, "type", jsonx_str(status, "type", "unknown"), "state",
	                 connect_state(status), "connector_state", jsonx_str(status, "connector.state", "UNKNOWN"), "worker",
	                 jsonx_str(status, "connector.worker_id", ""), "tasks", tasks, "cause", cause.len ? cause.buf : NULL);
}

static void print_header(void)
{
	printf("%-24s %-12s %-16s %-22s %s\n", "NAME", "STATE", "TASKS", "WORKER", "CAUSE");
}

static void print_row(const char *name, const json_t *status)
{
	scoped(strbuf_release) struct strbuf line = STRBUF_INIT;
	scoped_free char *tasks = describe_tasks(status);

	strbuf_addf(&line, "%-24s %-12s %-16s %-22s ", name, connect_state(status), tasks, jsonx_str(status, "connector.worker_id", "-"));
	connect_add_cause(status, &line);
	strbuf_rtrim(&line);
	puts(line.buf);
}

/* Prints the connectors of the list, in its order; one that went meanwhile is left out. */
static int print_connectors(struct call *c, const struct strlist *names, struct err *e)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	json_t *list = json_array();
	scoped(json_decref_p) json_t *root = json_pack("{s:i, s:o}", "schema_version", 1, "connectors", list);

	if (!c->inv->json)
		print_header();
	for (size_t i = 0; i < names->n; i++) {
		scoped(json_decref_p) json_t *status = connect_status(&c->client, names->items[i], e);

		if (!status && e->kind == ERR_MISSING) {
			*e = (struct err)ERR_INIT;
			continue;
		}
		if (!status)
			return -1;
		if (c->inv->json)
			json_array_append_new(list, flatten(names->items[i], status));
		else
			print_row(names->items[i], status);
	}
	if (c->inv->json) {
		jsonx_dump(root, JSONX_AS_BUILT, &out);
		puts(out.buf);
	}
	return 0;
}

static int print_one(struct call *c, const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};

	strlist_add(&names, name);
	return print_connectors(c, &names, e);
}

static int do_list(struct call *c, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};

	if (c->name)
		return print_one(c, c->name, e);
	if (connect_names(&c->client, &names, e) != 0)
		return -1;
	if (names.n > 0 || c->inv->json)
		return print_connectors(c, &names, e);
	puts("No connector is registered. `platformctl connectors register` registers the platform's.");
	return 0;
}

static int do_register(struct call *c, struct err *e)
{
	const struct service *connect = platform_service(c->platform, "connect", e);

	return connect ? provision_connectors(c->platform, connect, c->name, c->timeout_ms, c->inv->json, e) : -1;
}

/* The call, then the wait for what it is for, then the table with the outcome. */
static int act_and_wait(struct call *c, const char *method, const char *suffix, const char *state, struct err *e)
{
	scoped(json_decref_p) json_t *status = NULL;

	if (connect_act(&c->client, method, c->name, suffix, e) != 0 ||
	    connect_wait(&c->client, c->name, state, c->timeout_ms, &status, e) != 0)
		return -1;
	return print_one(c, c->name, e);
}

static int do_pause(struct call *c, struct err *e)
{
	return act_and_wait(c, "PUT", "/pause", "PAUSED", e);
}

static int do_resume(struct call *c, struct err *e)
{
	return act_and_wait(c, "PUT", "/resume", "RUNNING", e);
}

/* A restart is done when the tasks run again; those of the old life may be seen for a moment, and that is all right. */
static int do_restart(struct call *c, struct err *e)
{
	return act_and_wait(c, "POST", "/restart?includeTasks=true&onlyFailed=false", "RUNNING", e);
}

static int do_delete(struct call *c, struct err *e)
{
	if (connect_act(&c->client, "DELETE", c->name, "", e) != 0)
		return -1;
	if (c->inv->json)
		printf("{\"schema_version\":1,\"deleted\":true}\n");
	else
		printf("Deleted %s. Its topics, offsets and replication slot are kept: `platformctl connectors register` goes on where it was.\n", c->name);
	return 0;
}

static const struct verb {
	const char *name;
	bool needs_name;
	int (*fn)(struct call *c, struct err *e);
} verbs[] = {
	{"list", false, do_list},     {"register", false, do_register}, {"pause", true, do_pause},
	{"resume", true, do_resume},  {"restart", true, do_restart},    {"delete", true, do_delete},
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *find_verb(const char *name, struct err *e)
{
	scoped(strlist_release) struct strlist names = {0};
	const char *near;

	for (size_t i = 0; i < N_VERBS; i++) {
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
		strlist_add(&names, verbs[i].name);
	}
	near = strlist_nearest(&names, name);
	err_set(e, ERR_USAGE, "connectors: there is no '%s'", name);
	if (near)
		err_remedy(e, "did you mean '%s'?", near);
	else
		err_remedy(e, "one of: list, register, pause, resume, restart, delete");
	return NULL;
}

/* A command about one connector may leave its name out while there is only one. Deleting is never guessed. */
static int choose_name(struct call *c, struct strlist *names, struct err *e)
{
	scoped_free char *all = NULL;

	if (connect_names(&c->client, names, e) != 0)
		return -1;
	if (names->n == 1 && strcmp(c->inv->args.items[0], "delete") != 0) {
		c->name = names->items[0];
		return 0;
	}
	all = names->n ? strlist_join(names, ", ") : xstrdup("none is registered");
	err_set(e, ERR_USAGE, "connectors %s: which connector?", c->inv->args.items[0]);
	return err_remedy(e, "name one: %s", all);
}

static void release_call(struct call *c)
{
	connect_client_release(&c->client);
}

int cmd_connectors(struct platform *p, const struct invocation *inv, struct err *e)
{
	const struct verb *verb = find_verb(inv->args.items[0], e);
	scoped(release_call) struct call c = {.platform = p, .inv = inv, .name = inv->args.n > 1 ? inv->args.items[1] : NULL};
	scoped(strlist_release) struct strlist names = {0};
	scoped_free char *url = NULL;

	if (!verb || invocation_duration_ms(inv, "timeout", 60000, &c.timeout_ms, e) != 0)
		return -1;
	url = service_url(p, "connect", "http", "", e);
	if (!url)
		return -1;
	connect_client_init(&c.client, url, c.timeout_ms);
	if (verb->needs_name && !c.name && choose_name(&c, &names, e) != 0)
		return -1;
	return verb->fn(&c, e);
}
