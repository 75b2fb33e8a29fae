/* The probes that speak a protocol of their own: PostgreSQL, Kafka, S3, the metastore, and plain TCP. */
#include <string.h>

#include "kafka.h"
#include "metastore.h"
#include "pgconn.h"
#include "probe.h"
#include "s3.h"
#include "scoped.h"
#include "tcp.h"

#include "banned.h"

int probe_postgres(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const struct pgconn_target to = {
		.host = args_text(args, "host"), .port = args_text(args, "port"), .database = args_text(args, "database"),
		.user = args_text(args, "user"), .password = args_text(args, "password"), .application = "platformctl probe",
	};
	scoped(pgconn_close) struct pgconn c = PGCONN_INIT;
	scoped_free char *level = NULL;

	if (pgconn_open(&c, &to, probe_left_ms(deadline_ms), e))
		return -1;
	level = pgconn_value(&c, "SELECT current_setting('wal_level')", 0, NULL, probe_left_ms(deadline_ms), e);
	if (!level)
		return -1;
	if (str_eq(level, "logical"))
		return probe_answer(ret, PROBE_READY, "PostgreSQL %d answers, wal_level is logical", PQserverVersion(c.pq) / 10000);
	probe_answer(ret, PROBE_DEGRADED, "wal_level is %s, not logical: no change can be captured", level);
	return probe_remedy(ret, "as a superuser: ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL");
}

int probe_kafka(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	scoped(kafka_cluster_release) struct kafka_cluster c = {0};

	if (kafka_describe(args_text(args, "bootstrap"), probe_left_ms(deadline_ms), &c, e))
		return -1;
	if (c.brokers > 0 && c.controller_id >= 0)
		return probe_answer(ret, PROBE_READY, "%d broker%s, controller %d, %zu topics", c.brokers,
		                    c.brokers == 1 ? "" : "s", c.controller_id, c.topics.n);
	probe_answer(ret, PROBE_STARTING, "the cluster answers with %d brokers and no controller", c.brokers);
	return probe_remedy(ret, "wait for the election; if it lasts, see the broker's log");
}

int probe_s3(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const struct s3_target to = {
		.endpoint = args_text(args, "endpoint"), .region = args_text(args, "region"),
		.access_key = args_text(args, "access_key"), .secret_key = args_text(args, "secret_key"),
	};
	scoped(s3_free_p) struct s3 *s = s3_new(&to, e);
	scoped(strlist_release) struct strlist buckets = {0};

	if (!s || s3_list_buckets(s, probe_left_ms(deadline_ms), &buckets, e))
		return -1;
	return probe_answer(ret, PROBE_READY, "%zu bucket%s", buckets.n, buckets.n == 1 ? "" : "s");
}

int probe_metastore(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	scoped(metastore_close_p) struct metastore *m =
		metastore_open(args_text(args, "host"), args_text(args, "port"), probe_left_ms(deadline_ms), e);
	scoped(strlist_release) struct strlist names = {0};

	if (!m || metastore_databases(m, probe_left_ms(deadline_ms), &names, e))
		return -1;
	return probe_answer(ret, PROBE_READY, "%zu database%s", names.n, names.n == 1 ? "" : "s");
}

int probe_tcp(const struct args *args, int64_t deadline_ms, struct probe_result *ret, struct err *e)
{
	const char *host = args_text(args, "host"), *port = args_text(args, "port");
	scoped_close int fd = tcp_connect(host, port, deadline_ms, e);

	if (fd < 0)
		return -1;
	return probe_answer(ret, PROBE_READY, "%s:%s accepts connections", host, port);
}
