/* The steps that make a bucket, a namespace of the lake, and topics. */
#include <string.h>

#include "kafka.h"
#include "metastore.h"
#include "provision.h"
#include "s3.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static enum provision_outcome outcome_of(bool created)
{
	return created ? PROVISION_CREATED : PROVISION_UNCHANGED;
}

int step_bucket(const struct provision *run, const struct args *args, struct err *e)
{
	const struct s3_target to = {
		.endpoint = args_text(args, "endpoint"), .region = args_text(args, "region"),
		.access_key = args_text(args, "access_key"), .secret_key = args_text(args, "secret_key"),
	};
	const char *name = args_text(args, "name");
	scoped(s3_free_p) struct s3 *s = s3_new(&to, e);
	bool created;

	if (!s || s3_create_bucket(s, name, provision_left_ms(run), &created, e))
		return -1;
	return provision_report(run, "bucket", name, outcome_of(created), e);
}

int step_namespace(const struct provision *run, const struct args *args, struct err *e)
{
	const char *name = args_text(args, "name");
	scoped(metastore_close_p) struct metastore *m =
		metastore_open(args_text(args, "host"), args_text(args, "port"), provision_left_ms(run), e);
	bool created;

	if (!m || metastore_create_database(m, name, args_text(args, "location"), provision_left_ms(run), &created, e))
		return -1;
	return provision_report(run, "namespace", name, outcome_of(created), e);
}

/* config: {cleanup.policy: compact} → "cleanup.policy=compact" */
static int topic_config(const struct template_scope *scope, const struct ynode *config, struct strlist *ret, struct err *e)
{
	if (config && ynode_want(config, YNODE_MAP, e))
		return -1;
	for (size_t i = 0; config && i < config->n; i++) {
		scoped_free char *value = template_arg(scope, config, config->items[i]->key, e);

		if (!value)
			return -1;
		strlist_addf(ret, "%s=%s", config->items[i]->key, value);
	}
	return 0;
}

static int make_topic(const struct provision *run, const char *bootstrap, const struct ynode *entry, struct err *e)
{
	static const char *const known[] = {"name", "partitions", "config", NULL};
	const struct template_scope scope = {.platform = run->platform, .service = run->service, .use = TEMPLATE_FILE};
	scoped(strlist_release) struct strlist config = {0};
	scoped_free char *name = NULL, *count = NULL;
	struct ynode expanded;
	long long partitions = 1;
	bool created;

	if (ynode_want(entry, YNODE_MAP, e) || ynode_known_keys(entry, known, e))
		return -1;
	name = template_arg(&scope, entry, "name", e);
	if (!name)
		return e->kind == ERR_NONE ? ynode_err(entry, e, "a topic needs a name") : -1;
	count = template_arg(&scope, entry, "partitions", e);
	if (!count && e->kind != ERR_NONE)
		return -1;
	if (count) {
		expanded = *ynode_get(entry, "partitions"); /* its place, with the expanded text */
		expanded.text = count;
		expanded.quoted = false;
		if (ynode_int(&expanded, 1, 10000, &partitions, e))
			return -1;
	}
	if (topic_config(&scope, ynode_get(entry, "config"), &config, e))
		return -1;
	if (kafka_create_topic(bootstrap, &(struct kafka_topic){name, (int)partitions, &config}, provision_left_ms(run), &created,
	                       e))
		return -1;
	return provision_report(run, "topic", name, outcome_of(created), e);
}

int step_topics(const struct provision *run, const struct args *args, struct err *e)
{
	const struct ynode *topics = ynode_get(args->node, "topics");

	if (ynode_want(topics, YNODE_LIST, e))
		return -1;
	for (size_t i = 0; i < topics->n; i++)
		if (make_topic(run, args_text(args, "bootstrap"), topics->items[i], e))
			return -1;
	return 0;
}
