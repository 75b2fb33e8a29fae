/* Kafka for the control tool, over librdkafka's consumer handle, which never makes a topic by asking for it. */
#include "kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* One librdkafka handle, and the last thing that it said went wrong. It must not move: librdkafka holds its address. */
struct client {
	rd_kafka_t *rk;
	const char *bootstrap;
	char reason[256]; /* "" while nothing went wrong */
	bool all_down;
};

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk, (void)level, (void)facility, (void)text; /* what matters arrives at on_error() too */
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque)
{
	struct client *c = opaque;
	const char *colon, *tail;
	size_t len;

	(void)rk;
	if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
		c->all_down = true;
		return; /* "1/1 brokers are down" says less than what came before it */
	}
	/* "host:port/bootstrap: Connect to ipv4#… failed: Connection refused (after 0ms in state CONNECT)" */
	colon = strstr(text, ": ");
	if (colon)
		text = colon + 2;
	tail = strstr(text, " (after ");
	len = tail ? (size_t)(tail - text) : strlen(text);
	if (len >= sizeof(c->reason))
		len = sizeof(c->reason) - 1;
	memcpy(c->reason, text, len);
	c->reason[len] = '\0';
}

static void client_close(struct client *c)
{
	if (c->rk)
		rd_kafka_destroy_flags(c->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	c->rk = NULL;
}

static int client_open(struct client *c, const char *bootstrap, struct err *e)
{
	static const char *const options[][2] = {
		{"client.id", "platformctl"},
		{"socket.connection.setup.timeout.ms", "5000"},
		{"broker.address.family", "any"},
		{"reconnect.backoff.max.ms", "1000"}, /* a restarted broker is noticed soon */
		{"fetch.error.backoff.ms", "100"},
	};
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];
	bool ok = rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof(text)) == RD_KAFKA_CONF_OK;

	memset(c, 0, sizeof(*c));
	c->bootstrap = bootstrap;
	for (size_t i = 0; ok && i < sizeof(options) / sizeof(options[0]); i++)
		ok = rd_kafka_conf_set(conf, options[i][0], options[i][1], text, sizeof(text)) == RD_KAFKA_CONF_OK;
	rd_kafka_conf_set_log_cb(conf, on_log);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rd_kafka_conf_set_opaque(conf, c);
	if (ok)
		c->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
	if (c->rk)
		return 0;
	rd_kafka_conf_destroy(conf);
	return err_set(e, ERR_CONFIG, "Kafka client for %s: %s", bootstrap, text);
}

/* The cause of a failed call: what the connection said, else librdkafka's word for the code. */
static int client_away(struct client *c, rd_kafka_resp_err_t code, struct err *e)
{
	rd_kafka_poll(c->rk, 0); /* runs on_error() for what is queued */
	if (strstr(c->reason, "Connection refused"))
		err_set(e, ERR_RETRY, "connection refused on %s", c->bootstrap);
	else if (c->reason[0])
		err_set(e, ERR_RETRY, "Kafka on %s: %s", c->bootstrap, c->reason);
	else
		err_set(e, ERR_RETRY, "no answer from Kafka on %s: %s", c->bootstrap, rd_kafka_err2str(code));
	return err_remedy(e, "see whether it runs: platformctl status kafka; platformctl logs kafka");
}

/*
 * Metadata of every topic (or of one). Asked in slices that grow, so that "connection refused" is known at once while a
 * slow broker still gets the whole time. The caller destroys the result.
 */
static const struct rd_kafka_metadata *client_metadata(struct client *c, rd_kafka_topic_t *only, int64_t deadline,
                                                       struct err *e)
{
	const struct rd_kafka_metadata *md = NULL;
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__TIMED_OUT;

	for (int slice = 250;; slice *= 2) {
		int left = clk_left_ms(deadline);

		if (left == 0)
			break;
		code = rd_kafka_metadata(c->rk, only == NULL, only, &md, slice < left ? slice : left);
		if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
			return md;
		rd_kafka_poll(c->rk, 0);
		if (c->all_down)
			break;
	}
	client_away(c, code, e);
	return NULL;
}

void kafka_cluster_release(struct kafka_cluster *c)
{
	strlist_release(&c->topics);
	memset(c, 0, sizeof(*c));
}

int kafka_describe(const char *bootstrap, int timeout_ms, struct kafka_cluster *ret, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	scoped(client_close) struct client c = {0};
	const struct rd_kafka_metadata *md;
	struct kafka_cluster found = {0};

	if (client_open(&c, bootstrap, e))
		return -1;
	md = client_metadata(&c, NULL, deadline, e);
	if (!md)
		return -1;
	found.brokers = md->broker_cnt;
	found.controller_id = rd_kafka_controllerid(c.rk, clk_left_ms(deadline));
	for (int i = 0; i < md->topic_cnt; i++)
		strlist_add(&found.topics, md->topics[i].topic);
	strlist_sort(&found.topics);
	rd_kafka_metadata_destroy(md);
	*ret = found;
	return 0;
}

static void queue_destroy_p(rd_kafka_queue_t **q)
{
	if (*q)
		rd_kafka_queue_destroy(*q);
}

static void event_destroy_p(rd_kafka_event_t **ev)
{
	if (*ev)
		rd_kafka_event_destroy(*ev);
}

static void new_topic_destroy_p(rd_kafka_NewTopic_t **t)
{
	if (*t)
		rd_kafka_NewTopic_destroy(*t);
}

/* The description of the topic for librdkafka; NULL with *e filled when it refuses it. */
static rd_kafka_NewTopic_t *topic_request(const struct kafka_topic *topic, struct err *e)
{
	char text[256] = "it needs at least one partition";
	scoped(new_topic_destroy_p) rd_kafka_NewTopic_t *req = NULL;

	if (topic->partitions > 0) /* librdkafka would take 0 and leave the answer to the broker */
		req = rd_kafka_NewTopic_new(topic->name, topic->partitions, 1, text, sizeof(text));
	if (!req) {
		err_set(e, ERR_CONFIG, "topic %s: %s", topic->name, text);
		return NULL;
	}
	for (size_t i = 0; topic->config && i < topic->config->n; i++) {
		const char *entry = topic->config->items[i];
		const char *eq = strchr(entry, '=');
		scoped_free char *key = eq ? xstrndup(entry, (size_t)(eq - entry)) : NULL;

		if (!eq || rd_kafka_NewTopic_set_config(req, key, eq + 1) != RD_KAFKA_RESP_ERR_NO_ERROR) {
			err_set(e, ERR_CONFIG, "topic %s: bad configuration entry '%s'", topic->name, entry);
			return NULL;
		}
	}
	return take_ptr(&req);
}

/* Reads the broker's word on the one topic that was asked for. */
static int topic_result(struct client *c, const struct kafka_topic *topic, rd_kafka_event_t *ev, bool *ret_created,
                        struct err *e)
{
	const rd_kafka_topic_result_t **results;
	rd_kafka_resp_err_t code;
	size_t n = 0;

	if (!ev)
		return client_away(c, RD_KAFKA_RESP_ERR__TIMED_OUT, e);
	if (rd_kafka_event_error(ev))
		return client_away(c, rd_kafka_event_error(ev), e);
	results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(ev), &n);
	if (n != 1)
		return err_set(e, ERR_DATA, "Kafka on %s answered for %zu topics instead of one", c->bootstrap, n);
	code = rd_kafka_topic_result_error(results[0]);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
		const char *said = rd_kafka_topic_result_error_string(results[0]);

		return err_set(e, ERR_CONFIG, "topic %s: %s", topic->name, said && *said ? said : rd_kafka_err2str(code));
	}
	*ret_created = code == RD_KAFKA_RESP_ERR_NO_ERROR;
	return 0;
}

int kafka_create_topic(const char *bootstrap, const struct kafka_topic *topic, int timeout_ms, bool *ret_created,
                       struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	scoped(client_close) struct client c = {0};
	scoped(new_topic_destroy_p) rd_kafka_NewTopic_t *req = NULL;
	scoped(queue_destroy_p) rd_kafka_queue_t *queue = NULL;
	scoped(event_destroy_p) rd_kafka_event_t *ev = NULL;
	const struct rd_kafka_metadata *md;

	if (client_open(&c, bootstrap, e))
		return -1;
	req = topic_request(topic, e);
	if (!req)
		return -1;
	/* The admin call waits for a broker in silence; asking for metadata first names a broker that is not there. */
	md = client_metadata(&c, NULL, deadline, e);
	if (!md)
		return -1;
	rd_kafka_metadata_destroy(md);
	queue = rd_kafka_queue_new(c.rk);
	rd_kafka_CreateTopics(c.rk, &req, 1, NULL, queue);
	ev = rd_kafka_queue_poll(queue, clk_left_ms(deadline));
	return topic_result(&c, topic, ev, ret_created, e);
}

int kafka_watermarks(const char *bootstrap, const char *topic, int32_t partition, int timeout_ms, int64_t *ret_low,
                     int64_t *ret_high, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	scoped(client_close) struct client c = {0};
	const struct rd_kafka_metadata *md;
	rd_kafka_resp_err_t code;
	int64_t low, high;

	if (client_open(&c, bootstrap, e))
		return -1;
	md = client_metadata(&c, NULL, deadline, e); /* is there anybody? The query itself would wait in silence */
	if (!md)
		return -1;
	rd_kafka_metadata_destroy(md);
	code = rd_kafka_query_watermark_offsets(c.rk, topic, partition, &low, &high, clk_left_ms(deadline));
	if (code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
	    code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return err_set(e, ERR_MISSING, "Kafka on %s has no partition %d of topic %s", bootstrap, partition, topic);
	if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
		return client_away(&c, code, e);
	*ret_low = low;
	*ret_high = high;
	return 0;
}

/* A topic that is followed. */
struct followed {
	rd_kafka_topic_t *handle;
	int64_t *starts; /* the offset where each partition begins */
	int partitions;
	int started; /* how many of them are being fetched */
};

struct kafka_tail {
	struct client client;
	char *bootstrap;
	rd_kafka_queue_t *queue;
	struct followed *topics;
	size_t n;
	rd_kafka_message_t *current; /* what the last record borrows from */
};

/* Finds the partitions of a topic and where each begins. */
static int tail_locate(struct kafka_tail *t, struct followed *f, const char *name, bool from_end, int64_t deadline,
                       struct err *e)
{
	const struct rd_kafka_metadata *md;

	f->handle = rd_kafka_topic_new(t->client.rk, name, NULL);
	if (!f->handle)
		return err_set(e, ERR_CONFIG, "topic %s: %s", name, rd_kafka_err2str(rd_kafka_last_error()));
	md = client_metadata(&t->client, f->handle, deadline, e);
	if (!md)
		return -1;
	if (md->topic_cnt == 1 && md->topics[0].err == RD_KAFKA_RESP_ERR_NO_ERROR)
		f->partitions = md->topics[0].partition_cnt;
	rd_kafka_metadata_destroy(md);
	if (f->partitions == 0)
		return err_set(e, ERR_MISSING, "Kafka on %s has no topic %s", t->bootstrap, name);

	f->starts = xcalloc((size_t)f->partitions, sizeof(*f->starts));
	for (int p = 0; p < f->partitions; p++) {
		rd_kafka_resp_err_t code;
		int64_t low;

		f->starts[p] = RD_KAFKA_OFFSET_BEGINNING;
		if (!from_end)
			continue;
		/* Asked now: RD_KAFKA_OFFSET_END would be looked up at the first fetch, and skip what came in between. */
		code = rd_kafka_query_watermark_offsets(t->client.rk, name, p, &low, &f->starts[p], clk_left_ms(deadline));
		if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
			return client_away(&t->client, code, e);
	}
	return 0;
}

static int tail_start(struct kafka_tail *t, struct followed *f, struct err *e)
{
	for (; f->started < f->partitions; f->started++)
		if (rd_kafka_consume_start_queue(f->handle, f->started, f->starts[f->started], t->queue) < 0)
			return err_set(e, ERR_FATAL, "topic %s: %s", rd_kafka_topic_name(f->handle),
			               rd_kafka_err2str(rd_kafka_last_error()));
	return 0;
}

struct kafka_tail *kafka_tail_open(const char *bootstrap, const struct strlist *topics, bool from_end, int timeout_ms,
                                   struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	scoped(kafka_tail_close_p) struct kafka_tail *t = xcalloc(1, sizeof(*t));

	t->bootstrap = xstrdup(bootstrap);
	if (client_open(&t->client, t->bootstrap, e))
		return NULL;
	t->queue = rd_kafka_queue_new(t->client.rk);
	t->topics = xcalloc(topics->n + 1, sizeof(*t->topics));
	t->n = topics->n;
	/* All are located before one is fetched: a fetch that waits for data holds up every other request to its broker. */
	for (size_t i = 0; i < t->n; i++)
		if (tail_locate(t, &t->topics[i], topics->items[i], from_end, deadline, e))
			return NULL;
	for (size_t i = 0; i < t->n; i++)
		if (tail_start(t, &t->topics[i], e))
			return NULL;
	return take_ptr(&t);
}

static void tail_drop_current(struct kafka_tail *t)
{
	if (t->current)
		rd_kafka_message_destroy(t->current);
	t->current = NULL;
}

/* Codes that pass by themselves while librdkafka reconnects. */
static bool code_passes(rd_kafka_resp_err_t code)
{
	switch (code) {
	case RD_KAFKA_RESP_ERR__PARTITION_EOF:
	case RD_KAFKA_RESP_ERR__TRANSPORT:
	case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
	case RD_KAFKA_RESP_ERR__TIMED_OUT:
	case RD_KAFKA_RESP_ERR__RESOLVE:
	case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
	case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
	case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
		return true;
	default:
		return false;
	}
}

int kafka_tail_poll(struct kafka_tail *t, int timeout_ms, struct kafka_record *ret, struct err *e)
{
	int64_t deadline = clk_mono_ms() + timeout_ms;
	rd_kafka_timestamp_type_t kind;
	rd_kafka_message_t *m;

	tail_drop_current(t);
	do {
		rd_kafka_poll(t->client.rk, 0); /* on_error() */
		m = rd_kafka_consume_queue(t->queue, clk_left_ms(deadline));
		if (!m)
			continue;
		t->current = m;
		if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
			ret->topic = rd_kafka_topic_name(m->rkt);
			ret->key = m->key;
			ret->key_len = m->key_len;
			ret->value = m->payload;
			ret->value_len = m->len;
			ret->partition = m->partition;
			ret->offset = m->offset;
			ret->timestamp_ms = rd_kafka_message_timestamp(m, &kind);
			return 1;
		}
		if (!code_passes(m->err))
			return err_set(e, ERR_SERVICE, "reading Kafka on %s: %s", t->bootstrap, rd_kafka_message_errstr(m));
		tail_drop_current(t);
	} while (clk_left_ms(deadline) > 0);
	return 0;
}

void kafka_tail_close(struct kafka_tail *t)
{
	if (!t)
		return;
	tail_drop_current(t);
	for (size_t i = 0; i < t->n; i++) {
		struct followed *f = &t->topics[i];

		for (int p = 0; p < f->started; p++)
			rd_kafka_consume_stop(f->handle, p);
		if (f->handle)
			rd_kafka_topic_destroy(f->handle);
		free(f->starts);
	}
	if (t->queue)
		rd_kafka_queue_destroy(t->queue);
	client_close(&t->client);
	free(t->topics);
	free(t->bootstrap);
	free(t);
}

void kafka_tail_close_p(struct kafka_tail **t)
{
	kafka_tail_close(*t);
}
