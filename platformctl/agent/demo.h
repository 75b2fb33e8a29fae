/*
 * The demo's parts: three changes in the source, and the hops that each of them takes.
 *
 * A change is known by its transaction: the source's xid is in every event of it (source.txId), so its events are told from everybody
 * else's exactly, whatever else is going on in the shop.
 */
#ifndef DEMO_H
#define DEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "platform.h"
#include "shop.h"

enum demo_hop {
	DEMO_SLOT,      /* the replication slot has sent the WAL up to the commit */
	DEMO_TOPIC,     /* every event of the change is in its topic */
	DEMO_CONFIRMED, /* the slot's reader has confirmed it: PostgreSQL may forget that WAL */
	DEMO_ICEBERG,   /* the table's current snapshot covers the events */
	DEMO_TRINO,     /* a SELECT returns the new values */
	DEMO_HOPS
};
extern const char *const demo_hop_names[DEMO_HOPS];

#define DEMO_MAX_ROWS 4
#define DEMO_CHANGES 3

/* A row that the change touched, and where its event was found. */
struct demo_row {
	const char *table;
	long long id;
	int32_t partition;
	int64_t offset; /* -1: not seen yet */
};

struct demo_change {
	const char *name;        /* "customer" */
	char *what;              /* in words: "417: e-mail a@… → b@…" */
	char *trino_sql;         /* a count that is trino_want once the change is visible */
	long long trino_want;
	long long xid;           /* as in the events: 32 bits */
	char *lsn;               /* the WAL's end right after the commit: "0/1A2B3C" */
	char *lsn_inside;        /* the WAL's end before the commit: all changes of the transaction lie before it */
	int64_t committed_ms;    /* clk_mono_ms() */
	struct demo_row rows[DEMO_MAX_ROWS];
	int n_rows;
	int64_t hop_ms[DEMO_HOPS]; /* after the commit; -1: not there yet */
	char *saw[DEMO_HOPS];      /* what was seen last while waiting, or where it arrived; may be NULL */
};

/* Makes the n-th change (0 customer, 1 product, 2 order) and commits it. `catalog` is Trino's name of the lake's namespace. */
int demo_change_make(struct demo_change *ret, int n, struct pgconn *source, const char *catalog, struct err *e);
void demo_change_release(struct demo_change *c);

/* Called at each arrival. */
typedef void demo_arrival_fn(const struct demo_change *c, enum demo_hop hop);

/*
 * Opens what the hops are watched through, makes the changes, and follows them until all have arrived. ERR_TIMEOUT names
 * the first hop that is missing at the deadline, what was seen there and what to do. changes has DEMO_CHANGES entries, zeroed.
 */
int demo_follow(const struct platform *p, struct demo_change *changes, int timeout_ms, demo_arrival_fn *made,
                demo_arrival_fn *arrived, struct err *e);

#endif
