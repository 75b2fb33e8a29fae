/*
 * The little of Kafka that the control tool needs, over librdkafka: what the cluster says of itself, topics that exist,
 * how far a topic reaches, and a tail that follows topics from a known place. No consumer group is joined and no offset is
 * committed, so watching never disturbs those who work. librdkafka's own log lines go nowhere: its last error text
 * becomes part of the error that is returned.
 *
 * `bootstrap` is "host:port[,host:port…]". Timeouts are in ms. Every function blocks at most its timeout, plus
 * moments for closing; none may be called on one handle by two threads at once.
 */
#ifndef KAFKA_H
#define KAFKA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "strlist.h"

/* What the cluster answers to a metadata request. */
struct kafka_cluster {
	int brokers;
	int controller_id;    /* -1: it has none now */
	struct strlist topics; /* sorted, Kafka's own (leading "__") included */
};
void kafka_cluster_release(struct kafka_cluster *c);
/* ERR_RETRY when no broker answers ("connection refused on 127.0.0.1:9092"), within the timeout. */
int kafka_describe(const char *bootstrap, int timeout_ms, struct kafka_cluster *ret, struct err *e);

/* A topic to make; `config` holds "key=value" entries. */
struct kafka_topic {
	const char *name;
	int partitions;
	const struct strlist *config; /* may be NULL */
};
/*
 * Makes the topic with one replica a partition. *ret_created tells a new one from one that was there, whose configuration
 * is left alone. ERR_CONFIG when the broker refuses name, partitions or configuration, ERR_RETRY when it is away.
 */
int kafka_create_topic(const char *bootstrap, const struct kafka_topic *topic, int timeout_ms, bool *ret_created,
                       struct err *e);

/* A tail: reads the partitions of some topics in order of arrival. */
struct kafka_tail;

struct kafka_record {
	const char *topic; /* all borrowed until the next kafka_tail_poll() or kafka_tail_close() */
	const void *key;   /* NULL: no key */
	size_t key_len;
	const void *value; /* NULL: a tombstone */
	size_t value_len;
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* since the Unix epoch; -1: none */
};

/*
 * Starts at the end (only what is produced after the return) or at the beginning of every partition that the topics have
 * now. ERR_MISSING when a topic does not exist, ERR_RETRY when the cluster is away. Close with kafka_tail_close().
 */
struct kafka_tail *kafka_tail_open(const char *bootstrap, const struct strlist *topics, bool from_end, int timeout_ms,
                                   struct err *e);
/* 1 and *ret filled; 0 when nothing came within the timeout; -1 on a lasting error. A broker that is away is waited for. */
int kafka_tail_poll(struct kafka_tail *t, int timeout_ms, struct kafka_record *ret, struct err *e);
/* Accepts NULL. */
void kafka_tail_close(struct kafka_tail *t);
void kafka_tail_close_p(struct kafka_tail **t); /* for scoped() */

/*
 * First offset and the one after the last of a topic's partition. ERR_MISSING when there is none, ERR_RETRY when the
 * cluster is away.
 */
int kafka_watermarks(const char *bootstrap, const char *topic, int32_t partition, int timeout_ms, int64_t *ret_low,
                     int64_t *ret_high, struct err *e);

#endif
