/* kafka: the cluster's word, topics and tails, against librdkafka's own mock cluster. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "clk.h"
#include "kafka.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

/* A mock cluster of one broker, and the producer that it lives in. */
struct mock {
	rd_kafka_t *producer;
	rd_kafka_mock_cluster_t *cluster;
	const char *bootstrap;
};

static void quiet(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk, (void)level, (void)facility, (void)text;
}

static int start(void **state)
{
	struct mock *m = xcalloc(1, sizeof(*m));
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char text[256];

	rd_kafka_conf_set_log_cb(conf, quiet);
	m->producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
	m->cluster = rd_kafka_mock_cluster_new(m->producer, 1);
	m->bootstrap = rd_kafka_mock_cluster_bootstraps(m->cluster);
	rd_kafka_brokers_add(m->producer, m->bootstrap);
	*state = m;
	return 0;
}

static int stop(void **state)
{
	struct mock *m = *state;

	rd_kafka_mock_cluster_destroy(m->cluster);
	rd_kafka_destroy(m->producer);
	free(m);
	return 0;
}

static void produce(struct mock *m, const char *topic, int partition, const char *key, const char *value)
{
	assert_int_equal(rd_kafka_producev(m->producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition),
	                                   RD_KAFKA_V_KEY(key, key ? strlen(key) : 0),
	                                   RD_KAFKA_V_VALUE((char *)value, value ? strlen(value) : 0), RD_KAFKA_V_END), 0);
	assert_int_equal(rd_kafka_flush(m->producer, 5000), 0);
}

static void describes(void **state)
{
	struct mock *m = *state;
	scoped(kafka_cluster_release) struct kafka_cluster c = {0};
	struct err e = ERR_INIT;

	rd_kafka_mock_topic_create(m->cluster, "b", 1, 1);
	rd_kafka_mock_topic_create(m->cluster, "a", 1, 1);
	assert_int_equal(kafka_describe(m->bootstrap, 5000, &c, &e), 0);
	assert_int_equal(c.brokers, 1);
	assert_int_equal(c.topics.n, 2);
	assert_string_equal(c.topics.items[0], "a");
}

static void tails_from_both_ends(void **state)
{
	struct mock *m = *state;
	scoped(strlist_release) struct strlist topics = {0};
	struct kafka_record r;
	struct err e = ERR_INIT;
	int64_t low, high;

	strlist_add(&topics, "t");
	rd_kafka_mock_topic_create(m->cluster, "t", 1, 1);
	produce(m, "t", 0, "k1", "v1");
	produce(m, "t", 0, "k2", NULL);

	scoped(kafka_tail_close_p) struct kafka_tail *all = kafka_tail_open(m->bootstrap, &topics, false, 5000, &e);
	scoped(kafka_tail_close_p) struct kafka_tail *fresh = kafka_tail_open(m->bootstrap, &topics, true, 5000, &e);

	assert_non_null(all);
	assert_non_null(fresh);
	produce(m, "t", 0, NULL, "v3");
	assert_int_equal(kafka_tail_poll(all, 5000, &r, &e), 1);
	assert_string_equal(r.topic, "t");
	assert_int_equal(r.offset, 0);
	assert_memory_equal(r.key, "k1", r.key_len);
	assert_memory_equal(r.value, "v1", r.value_len);
	assert_true(r.timestamp_ms > 0);
	assert_int_equal(kafka_tail_poll(all, 5000, &r, &e), 1);
	assert_null(r.value); /* a tombstone */
	assert_int_equal(kafka_tail_poll(all, 5000, &r, &e), 1);
	assert_int_equal(r.offset, 2);
	assert_int_equal(kafka_tail_poll(all, 100, &r, &e), 0);

	assert_int_equal(kafka_tail_poll(fresh, 5000, &r, &e), 1);
	assert_int_equal(r.offset, 2);
	assert_null(r.key);
	assert_memory_equal(r.value, "v3", r.value_len);

	assert_int_equal(kafka_watermarks(m->bootstrap, "t", 0, 5000, &low, &high, &e), 0);
	assert_int_equal(low, 0);
	assert_int_equal(high, 3);
}

static void refuses_bad_topics_before_asking(void **state)
{
	struct mock *m = *state;
	scoped(strlist_release) struct strlist config = {0};
	struct err e = ERR_INIT;
	bool created;

	strlist_add(&config, "cleanup.policy");
	assert_int_equal(kafka_create_topic(m->bootstrap, &(struct kafka_topic){"t", 1, &config}, 1000, &created, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_string_equal(e.msg, "topic t: bad configuration entry 'cleanup.policy'");
	assert_int_equal(kafka_create_topic(m->bootstrap, &(struct kafka_topic){"t", 0, NULL}, 1000, &created, &e), -1);
	assert_int_equal(e.kind, ERR_CONFIG);
}

static void nobody_is_there(void **state)
{
	scoped(kafka_cluster_release) struct kafka_cluster c = {0};
	scoped(strlist_release) struct strlist topics = {0};
	struct err e = ERR_INIT;
	int64_t began_ms = clk_mono_ms(), low, high;

	(void)state;
	strlist_add(&topics, "t");
	assert_int_equal(kafka_describe("127.0.0.1:1", 20000, &c, &e), -1);
	assert_int_equal(e.kind, ERR_RETRY);
	assert_string_equal(e.msg, "connection refused on 127.0.0.1:1");
	assert_int_equal(kafka_watermarks("127.0.0.1:1", "t", 0, 20000, &low, &high, &e), -1);
	assert_null(kafka_tail_open("127.0.0.1:1", &topics, true, 20000, &e));
	assert_true(clk_mono_ms() - began_ms < 10000); /* a refusal is known at once, whatever the timeout */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(describes, start, stop),
		cmocka_unit_test_setup_teardown(tails_from_both_ends, start, stop),
		cmocka_unit_test_setup_teardown(refuses_bad_topics_before_asking, start, stop),
		cmocka_unit_test(nobody_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
