/*
 * Follows the changes. One loop asks each hop in turn, the cheap ones often: the topic's tail at every round, the slot and
 * the metastore ten times a second, Trino for what is in Iceberg already. A service that is away is asked again until the deadline.
 */
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "connect_client.h"
#include "demo.h"
#include "http.h"
#include "jsonx.h"
#include "kafka.h"
#include "metastore.h"
#include "registry.h"
#include "scoped.h"
#include "trino.h"

#include "banned.h"

#define ASK_TIMEOUT_MS 5000

const char *const demo_hop_names[DEMO_HOPS] = {"slot", "topic", "confirmed", "iceberg", "trino"};

struct follower {
	const struct platform *platform;
	const char *prefix, *namespace, *slot, *format;
	struct shop shop;
	struct pgconn source;
	struct kafka_tail *tail;
	struct registry *registry; /* NULL for JSON */
	char *metastore_host, *metastore_port;
	struct metastore *metastore; /* NULL until needed and after a failure */
	struct trino *trino;
	struct demo_change *changes;
	demo_arrival_fn *arrived;
	int64_t deadline_ms;
};

static void see(struct demo_change *c, enum demo_hop hop, char *text)
{
	free(c->saw[hop]);
	c->saw[hop] = text;
}

static void arrive(struct follower *f, struct demo_change *c, enum demo_hop hop)
{
	c->hop_ms[hop] = clk_mono_ms() - c->committed_ms;
	f->arrived(c, hop);
}

static bool waits_for(const struct demo_change *c, enum demo_hop hop)
{
	return c->hop_ms[hop] < 0;
}

static bool all_arrived(const struct follower *f)
{
	for (int i = 0; i < DEMO_CHANGES; i++)
		for (int hop = 0; hop < DEMO_HOPS; hop++)
			if (waits_for(&f->changes[i], hop))
				return false;
	return true;
}

/* --- the slot ------------------------------------------------------------------------------------------------------- */

static void ask_slot(struct follower *f)
{
	static const char sql[] =
		"SELECT greatest(coalesce(r.sent_lsn, s.confirmed_flush_lsn), s.confirmed_flush_lsn) >= $2::pg_lsn, s.confirmed_flush_lsn >= $3::pg_lsn,"
		" s.active, s.confirmed_flush_lsn FROM pg_replication_slots AS s LEFT JOIN pg_stat_replication AS r ON r.pid = s.active_pid WHERE s.slot_name = $1";

	for (int i = 0; i < DEMO_CHANGES; i++) {
		struct demo_change *c = &f->changes[i];
		const char *params[] = {f->slot, c->lsn, c->lsn_inside};
		scoped(pgconn_clear_p) PGresult *r = NULL;
		struct err e = ERR_INIT;

		if (!waits_for(c, DEMO_SLOT) && !waits_for(c, DEMO_CONFIRMED))
			continue;
		if (!pgconn_alive(&f->source)) {
			pgconn_close(&f->source);
			pgconn_open(&f->source, &f->shop.target, ASK_TIMEOUT_MS, &e);
		}
		if (pgconn_alive(&f->source))
			r = pgconn_query(&f->source, sql, 3, params, ASK_TIMEOUT_MS, &e);
		if (!r || PQntuples(r) == 0) {
			see(c, DEMO_SLOT, r ? xstrf("there is no replication slot %s", f->slot) : xstrdup(e.msg));
			continue;
		}
		for (int hop = DEMO_SLOT; hop <= DEMO_CONFIRMED; hop += DEMO_CONFIRMED - DEMO_SLOT) {
			if (!waits_for(c, hop))
				continue;
			see(c, hop, xstrf("slot %s%s confirmed %s, commit %s", f->slot, *PQgetvalue(r, 0, 2) == 't' ? "" : " (inactive)",
			                  PQgetvalue(r, 0, 3), c->lsn));
			if (*PQgetvalue(r, 0, hop == DEMO_SLOT ? 0 : 1) == 't')
				arrive(f, c, hop);
		}
	}
}

/* --- the topics ----------------------------------------------------------------------------------------------------- */

/* The row of a change that this event is about, or NULL. */
static struct demo_row *match(struct follower *f, const struct kafka_record *record, const json_t *event,
                              struct demo_change **ret_change)
{
	const json_t *payload = json_object_get(event, "payload") ? json_object_get(event, "payload") : event;
	const char *table = jsonx_str(payload, "source.table", "");
	int64_t xid = jsonx_int(payload, "source.txId", -1), id = jsonx_int(payload, "after.id", -1);

	(void)record;
	for (int i = 0; i < DEMO_CHANGES; i++) {
		struct demo_change *c = &f->changes[i];

		for (int k = 0; c->xid == xid && k < c->n_rows; k++) {
			if (c->rows[k].id == id && strcmp(c->rows[k].table, table) == 0) {
				*ret_change = c;
				return &c->rows[k];
			}
		}
	}
	return NULL;
}

static json_t *decode(struct follower *f, const struct kafka_record *record, struct err *e)
{
	return f->registry ? registry_decode(f->registry, record->value, record->value_len, e)
	                   : jsonx_parse(record->value, record->value_len, e);
}

static void take_record(struct follower *f, const struct kafka_record *record)
{
	scoped(json_decref_p) json_t *event = NULL;
	struct demo_change *c = NULL;
	struct demo_row *row;
	struct err e = ERR_INIT;
	bool complete = true;

	if (!record->value)
		return;
	event = decode(f, record, &e);
	if (!event) {
		for (int i = 0; i < DEMO_CHANGES; i++)
			if (waits_for(&f->changes[i], DEMO_TOPIC))
				see(&f->changes[i], DEMO_TOPIC, xstrf("%s[%d]@%lld: %s", record->topic, record->partition, (long long)record->offset, e.msg));
		return;
	}
	row = match(f, record, event, &c);
	if (!row)
		return;
	row->partition = record->partition;
	row->offset = record->offset;
	for (int k = 0; k < c->n_rows; k++)
		complete = complete && c->rows[k].offset >= 0;
	if (!complete || !waits_for(c, DEMO_TOPIC))
		return;
	see(c, DEMO_TOPIC, xstrf("%s, partition %d, offset %lld", record->topic, record->partition, (long long)record->offset));
	arrive(f, c, DEMO_TOPIC);
}

static void read_topics(struct follower *f)
{
	struct kafka_record record;
	struct err e = ERR_INIT;
	int64_t until_ms = clk_mono_ms() + 50;
	int got = 0;

	while (clk_mono_ms() < until_ms && (got = kafka_tail_poll(f->tail, 20, &record, &e)) > 0)
		take_record(f, &record);
	for (int i = 0; got < 0 && i < DEMO_CHANGES; i++)
		if (waits_for(&f->changes[i], DEMO_TOPIC))
			see(&f->changes[i], DEMO_TOPIC, xstrdup(e.msg));
	if (got < 0)
		clk_sleep_ms(50);
}

/* --- Iceberg -------------------------------------------------------------------------------------------------------- */

/*
 * Whether the table's current snapshot covers the event. The stream writes into each snapshot's summary up to which
 * offsets it goes (dataflow.offsets), and Iceberg keeps the summary among the metastore table's parameters.
 */
static bool is_covered(struct follower *f, struct demo_change *c, const struct demo_row *row)
{
	scoped(metastore_table_release) struct metastore_table table = {0};
	scoped(json_decref_p) json_t *summary = NULL, *offsets = NULL;
	scoped_free char *topic = xstrf("%s.%s.%s", f->prefix, f->shop.schema, row->table);
	scoped_free char *partition = xstrf("%d", row->partition);
	const char *text;
	int64_t next;
	struct err e = ERR_INIT;

	if (!f->metastore)
		f->metastore = metastore_open(f->metastore_host, f->metastore_port, ASK_TIMEOUT_MS, &e);
	if (!f->metastore || metastore_table(f->metastore, f->namespace, row->table, ASK_TIMEOUT_MS, &table, &e) != 0) {
		see(c, DEMO_ICEBERG, xstrdup(e.msg));
		metastore_close(f->metastore);
		f->metastore = NULL;
		return false;
	}
	text = metastore_table_param(&table, "current-snapshot-summary");
	summary = text ? jsonx_parse(text, strlen(text), &e) : NULL;
	text = json_string_value(json_object_get(summary, "dataflow.offsets"));
	offsets = text ? jsonx_parse(text, strlen(text), &e) : NULL;
	if (!offsets) {
		see(c, DEMO_ICEBERG, xstrf("the current snapshot of %s.%s does not say which offsets it covers", f->namespace, row->table));
		return false;
	}
	next = jsonx_int(json_object_get(offsets, topic), partition, 0);
	see(c, DEMO_ICEBERG, xstrf("%s.%s covers offsets below %lld, the event is %lld", f->namespace, row->table, (long long)next, (long long)row->offset));
	return next > row->offset;
}

static void ask_metastore(struct follower *f)
{
	for (int i = 0; i < DEMO_CHANGES; i++) {
		struct demo_change *c = &f->changes[i];
		bool covered = true;

		if (waits_for(c, DEMO_TOPIC) || !waits_for(c, DEMO_ICEBERG))
			continue;
		for (int k = 0; covered && k < c->n_rows; k++)
			covered = is_covered(f, c, &c->rows[k]);
		if (covered)
			arrive(f, c, DEMO_ICEBERG);
	}
}

/* --- Trino ---------------------------------------------------------------------------------------------------------- */

static void ask_trino(struct follower *f, struct demo_change *c)
{
	scoped(json_decref_p) json_t *rows = NULL;
	struct err e = ERR_INIT;
	int64_t count;

	rows = trino_rows(f->trino, c->trino_sql, clk_mono_ms() + 30000, &e);
	if (!rows) {
		see(c, DEMO_TRINO, xstrdup(e.msg));
		clk_sleep_ms(200);
		return;
	}
	count = jsonx_int(rows, "0.0", 0);
	see(c, DEMO_TRINO, count == c->trino_want ? xstrdup(c->trino_sql) : xstrf("%s: %lld, not %lld", c->trino_sql, (long long)count, c->trino_want));
	if (count != c->trino_want)
		return;
	/* What Trino shows is in Iceberg, also when maintenance has replaced the snapshot that said so. */
	if (waits_for(c, DEMO_ICEBERG)) {
		see(c, DEMO_ICEBERG, xstrdup("seen through Trino"));
		arrive(f, c, DEMO_ICEBERG);
	}
	arrive(f, c, DEMO_TRINO);
}

/* --- what went wrong ------------------------------------------------------------------------------------------------ */

/* Adds how Connect sees its connectors. */
static void add_connector_state(const struct follower *f, struct strbuf *out)
{
	scoped(connect_client_release) struct connect_client client = {0};
	scoped(strlist_release) struct strlist names = {0};
	struct err e = ERR_INIT;
	scoped_free char *url = service_url(f->platform, "connect", "http", "", &e);

	if (!url)
		return;
	connect_client_init(&client, url, ASK_TIMEOUT_MS);
	if (connect_names(&client, &names, &e) != 0) {
		strbuf_addf(out, "; %s", e.msg);
		return;
	}
	if (names.n == 0)
		strbuf_addstr(out, "; no connector is registered");
	for (size_t i = 0; i < names.n; i++) {
		scoped(json_decref_p) json_t *status = connect_status(&client, names.items[i], &e);

		strbuf_addf(out, "; connector %s is %s ", names.items[i], connect_state(status));
		connect_add_cause(status, out);
		strbuf_rtrim(out);
	}
}

/* Adds why the streaming job is not ready, in its own words. */
static void add_stream_state(const struct follower *f, struct strbuf *out)
{
	scoped(json_decref_p) json_t *answer = NULL;
	struct err e = ERR_INIT;
	scoped_free char *url = service_url(f->platform, "spark", "state", "/readyz", &e);
	const char *reason;
	int status;

	if (!url)
		return;
	if (http_json(NULL, &(struct http_request){.url = url, .timeout_ms = ASK_TIMEOUT_MS}, NULL, &status, &answer, &e) != 0)
		strbuf_addf(out, "; Spark: %s", e.msg);
	reason = jsonx_str(answer, "reason", "");
	if (answer)
		strbuf_addf(out, "; Spark is %s%s%s", jsonx_str(answer, "state", status == 200 ? "ready" : "not ready"), *reason ? ": " : "", reason);
}

/* The error for the first hop that is missing. */
static int miss(const struct follower *f, int timeout_ms, struct err *e)
{
	static const char *const words[DEMO_HOPS] = {"was not read from the replication slot", "is not in its topic",
	                                             "was not confirmed to the replication slot", "is not in the Iceberg table", "is not visible in Trino"};
	static const char *const remedies[DEMO_HOPS] = {
		"see `platformctl connectors list` and `platformctl logs connect`", "see `platformctl connectors list` and `platformctl logs connect`",
		"see `platformctl logs connect`", "see `platformctl status spark` and `platformctl logs spark`", "see `platformctl status trino` and `platformctl logs trino`"};
	static const enum demo_hop order[DEMO_HOPS] = {DEMO_SLOT, DEMO_TOPIC, DEMO_ICEBERG, DEMO_TRINO, DEMO_CONFIRMED};

	for (int k = 0; k < DEMO_HOPS; k++) {
		for (int i = 0; i < DEMO_CHANGES; i++) {
			const struct demo_change *c = &f->changes[i];
			scoped(strbuf_release) struct strbuf saw = STRBUF_INIT;
			enum demo_hop hop = order[k];

			if (!waits_for(c, hop))
				continue;
			if (c->saw[hop])
				strbuf_addf(&saw, ": %s", c->saw[hop]);
			if (hop == DEMO_ICEBERG)
				add_stream_state(f, &saw);
			else if (hop != DEMO_TRINO)
				add_connector_state(f, &saw);
			err_set(e, ERR_TIMEOUT, "after %d s the %s's change %s%s", timeout_ms / 1000, c->name, words[hop], saw.buf);
			return err_remedy(e, "%s", remedies[hop]);
		}
	}
	return 0;
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

static int find_settings(struct follower *f, struct err *e)
{
	const struct platform *p = f->platform;

	return (f->prefix = platform_setting(p, "topic_prefix", e)) && (f->namespace = platform_setting(p, "namespace", e)) &&
	                       (f->slot = platform_setting(p, "slot", e)) && (f->format = platform_setting(p, "format", e))
	               ? 0
	               : -1;
}

static int open_topics(struct follower *f, struct err *e)
{
	static const char *const tables[] = {"customers", "products", "orders", "order_items"};
	const struct service *kafka = platform_service(f->platform, "kafka", e);
	scoped(strlist_release) struct strlist topics = {0};
	scoped_free char *bootstrap = NULL;
	int result;

	if (!kafka)
		return -1;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		strlist_addf(&topics, "%s.%s.%s", f->prefix, f->shop.schema, tables[i]);
	bootstrap = xstrf("%s:%d", kafka->host, service_port(kafka, "client"));
	f->tail = kafka_tail_open(bootstrap, &topics, true, 15000, e);
	if (f->tail)
		return 0;
	result = err_prefix(e, "following the topics");
	return e->kind == ERR_MISSING ? err_remedy(e, "the connector makes them: see `platformctl connectors list`") : result;
}

static int open_all(struct follower *f, struct err *e)
{
	const struct platform *p = f->platform;
	const struct service *metastore = platform_service(p, "metastore", e);
	scoped_free char *registry = service_url(p, "registry", "http", "/apis/ccompat/v7", e);
	scoped_free char *trino = service_url(p, "trino", "http", "", e);
	scoped(strbuf_release) struct strbuf path = STRBUF_INIT;

	if (!metastore || !registry || !trino || find_settings(f, e) != 0 || shop_init(&f->shop, p, "platformctl demo", e) != 0)
		return -1;
	f->metastore_host = xstrdup(metastore->host);
	f->metastore_port = xstrf("%d", service_port(metastore, "thrift"));
	f->registry = strcmp(f->format, "avro") == 0 ? registry_new(registry, ASK_TIMEOUT_MS) : NULL;
	f->trino = trino_new(&(struct trino_options){.url = trino, .user = "platformctl", .source = "platformctl demo"});
	strbuf_addstr(&path, "SET search_path TO ");
	pgconn_add_identifier(&path, f->shop.schema);
	return shop_open(&f->shop, &f->source, 10000, e) != 0 || pgconn_exec(&f->source, path.buf, ASK_TIMEOUT_MS, e) != 0 ? -1 : open_topics(f, e);
}

static void close_all(struct follower *f)
{
	kafka_tail_close(f->tail);
	metastore_close(f->metastore);
	registry_free(f->registry);
	trino_free(f->trino);
	pgconn_close(&f->source);
	shop_release(&f->shop);
	free(f->metastore_host);
	free(f->metastore_port);
}

static void watch(struct follower *f)
{
	int64_t next_slow_ms = 0, next_blind_ms = clk_mono_ms() + 10000;

	while (!all_arrived(f) && clk_left_ms(f->deadline_ms) > 0) {
		int64_t now_ms;

		read_topics(f);
		now_ms = clk_mono_ms();
		if (now_ms >= next_slow_ms) {
			ask_slot(f);
			ask_metastore(f);
			next_slow_ms = now_ms + 100;
		}
		/* Trino is asked about what the snapshot covers; now and then also about the rest, in case the snapshot does not say. */
		for (int i = 0; i < DEMO_CHANGES; i++)
			if (waits_for(&f->changes[i], DEMO_TRINO) && (!waits_for(&f->changes[i], DEMO_ICEBERG) || now_ms >= next_blind_ms))
				ask_trino(f, &f->changes[i]);
		if (now_ms >= next_blind_ms)
			next_blind_ms = now_ms + 5000;
	}
}

int demo_follow(const struct platform *p, struct demo_change *changes, int timeout_ms, demo_arrival_fn *made,
                demo_arrival_fn *arrived, struct err *e)
{
	scoped(close_all) struct follower f = {.platform = p, .source = PGCONN_INIT, .changes = changes, .arrived = arrived};
	scoped_free char *catalog = NULL;

	if (open_all(&f, e) != 0)
		return -1;
	catalog = xstrf("lake.%s", f.namespace);
	for (int i = 0; i < DEMO_CHANGES; i++) {
		if (demo_change_make(&changes[i], i, &f.source, catalog, e) != 0)
			return -1;
		made(&changes[i], DEMO_SLOT);
	}
	f.deadline_ms = clk_mono_ms() + timeout_ms;
	watch(&f);
	return miss(&f, timeout_ms, e);
}
