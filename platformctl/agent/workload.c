/*
 * `platformctl workload`: keeps a shop busy at a steady rate. A few threads, each with its own connection and dice, take
 * turns from one pacer that counts rows, not transactions. The main thread waits for signals and the end, and reports.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "clk.h"
#include "command.h"
#include "jsonx.h"
#include "scoped.h"
#include "shop.h"
#include "workload_changes.h"

#include "banned.h"

#define QUERY_TIMEOUT_MS 10000
#define MAX_WORKERS 8
#define MAX_RATE 100000

struct tally {
	struct shop_counts counts;
	long long transactions;
	long long retries;    /* serialization failures and deadlocks, rolled back and run again */
	long long reconnects;
	long long unknown;    /* the connection went before the answer came: it may have happened */
	long long errors;     /* refused by the database: did not happen */
	char last_error[sizeof(((struct err *)0)->msg)];
};

/* Shared by the workers. The lock guards everything between it and `stop`. */
struct workload {
	const struct shop *shop;
	struct shop_bounds bounds;
	double rate;
	uint64_t seed;
	pthread_mutex_t lock;
	int64_t paced_from_us; /* the pacer's zero: turn n is due at paced_from + n / rate */
	double turns;          /* rows done or begun since then */
	long long rows;        /* rows done, for the progress line */
	struct err fatal;      /* why a worker gave up */
	atomic_bool stop;
};

struct worker {
	struct workload *w;
	pthread_t thread;
	struct dice dice;
	struct pgconn conn;
	struct backoff backoff;
	struct tally tally;
};

/* Waits for a turn. False when the workload is over. */
static bool take_turn(struct workload *w)
{
	while (!atomic_load(&w->stop)) {
		int64_t wait_us;

		pthread_mutex_lock(&w->lock);
		wait_us = w->paced_from_us + (int64_t)(w->turns / w->rate * 1e6) - clk_mono_us();
		if (wait_us <= 0) {
			/* Time that was lost (the database was away) is not made up for in one burst. */
			if (wait_us < -1000000)
				w->paced_from_us -= wait_us + 1000000;
			w->turns += 1;
		}
		pthread_mutex_unlock(&w->lock);
		if (wait_us <= 0)
			return true;
		clk_sleep_ms(wait_us > 100000 ? 100 : (int)(wait_us / 1000) + 1);
	}
	return false;
}

/* The turn was for one row; now it is known how many they were. */
static void settle_turn(struct workload *w, long long rows)
{
	pthread_mutex_lock(&w->lock);
	w->turns += (double)rows - 1;
	w->rows += rows;
	pthread_mutex_unlock(&w->lock);
}

static void note_error(struct tally *t, const struct err *e)
{
	snprintf(t->last_error, sizeof(t->last_error), "%s", e->msg);
}

static void give_up(struct workload *w, const struct err *e)
{
	pthread_mutex_lock(&w->lock);
	if (w->fatal.kind == ERR_NONE)
		w->fatal = *e;
	pthread_mutex_unlock(&w->lock);
	atomic_store(&w->stop, true);
}

/* Connects, waiting longer each time the database is away. False when the workload is over or the login is refused. */
static bool connect_worker(struct worker *me)
{
	struct workload *w = me->w;

	while (!atomic_load(&w->stop)) {
		struct err e = ERR_INIT;
		struct shop_bounds ignored;

		if (pgconn_open(&me->conn, &w->shop->target, 5000, &e) == 0 &&
		    shop_bounds_read(&me->conn, w->shop->schema, &ignored, &e) == 0) {
			backoff_reset(&me->backoff);
			return true;
		}
		pgconn_close(&me->conn);
		note_error(&me->tally, &e);
		if (e.kind != ERR_RETRY && e.kind != ERR_TIMEOUT) {
			give_up(w, &e);
			return false;
		}
		me->tally.reconnects++;
		clk_sleep_ms(backoff_next_ms(&me->backoff));
	}
	return false;
}

/* Runs one change to an end that is counted: done, refused, or unknown. Returns the rows. */
static long long run_change(struct worker *me, const struct shop_change *change)
{
	struct tally *t = &me->tally;

	for (;;) {
		struct err e = ERR_INIT;
		struct shop_counts counts;

		if (shop_change_run(change, &me->conn, QUERY_TIMEOUT_MS, &counts, &e) == 0) {
			shop_counts_add(&t->counts, &counts);
			t->transactions++;
			return shop_counts_total(&counts);
		}
		note_error(t, &e);
		if (e.kind == ERR_CONFLICT && !atomic_load(&me->w->stop)) {
			t->retries++;
			continue;
		}
		if (e.kind == ERR_RETRY || e.kind == ERR_TIMEOUT) {
			/* A server that says why it ends the session (57P01 …) has rolled back; one that just went may have committed. */
			if (me->conn.sqlstate[0])
				t->retries++;
			else
				t->unknown++;
			pgconn_close(&me->conn);
			return 0;
		}
		t->errors++;
		return 0;
	}
}

static void *work(void *arg)
{
	struct worker *me = arg;
	struct shop_change change;

	while (take_turn(me->w)) {
		long long rows;

		if (!pgconn_alive(&me->conn)) {
			if (me->conn.pq)
				pgconn_close(&me->conn);
			if (!connect_worker(me))
				break;
		}
		shop_change_draw(&change, &me->dice, &me->w->bounds);
		rows = run_change(me, &change);
		settle_turn(me->w, rows);
		if (rows == 0)
			clk_sleep_ms(2); /* nothing was there to change: no reason to spin */
	}
	pgconn_close(&me->conn);
	return NULL;
}

/* Waits for the end of the time, a signal or a worker's surrender, and shows how it goes. */
static void watch(struct workload *w, const sigset_t *signals, int64_t started_ms, int64_t duration_ms)
{
	bool live = isatty(STDERR_FILENO);
	int64_t next_line_ms = started_ms + 1000;

	while (!atomic_load(&w->stop)) {
		struct timespec slice = {.tv_nsec = 100000000};
		int64_t now_ms = clk_mono_ms();

		if (now_ms - started_ms >= duration_ms || sigtimedwait(signals, NULL, &slice) > 0)
			break;
		if (live && now_ms >= next_line_ms) {
			long long rows;

			pthread_mutex_lock(&w->lock);
			rows = w->rows;
			pthread_mutex_unlock(&w->lock);
			fprintf(stderr, "\r%5" PRId64 " s  %lld changes  %.1f/s ", (now_ms - started_ms) / 1000, rows,
			        (double)rows * 1000 / (double)(now_ms - started_ms));
			next_line_ms += 1000;
		}
	}
	atomic_store(&w->stop, true);
	if (live)
		fputs("\r\033[K", stderr);
}

static void merge(struct tally *to, const struct tally *from)
{
	shop_counts_add(&to->counts, &from->counts);
	to->transactions += from->transactions;
	to->retries += from->retries;
	to->reconnects += from->reconnects;
	to->unknown += from->unknown;
	to->errors += from->errors;
	if (from->last_error[0])
		memcpy(to->last_error, from->last_error, sizeof(to->last_error));
}

static void report_json(const struct workload *w, const struct tally *t, double seconds)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	json_t *tables = json_object();
	scoped(json_decref_p) json_t *root =
		json_pack("{s:i, s:I, s:f, s:f, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:s*, s:o}", "schema_version", 1, "seed",
	                  (json_int_t)w->seed, "rate_asked", w->rate, "seconds", seconds, "changes",
	                  (json_int_t)shop_counts_total(&t->counts), "rate", (double)shop_counts_total(&t->counts) / seconds,
	                  "transactions", (json_int_t)t->transactions, "retries", (json_int_t)t->retries, "reconnects",
	                  (json_int_t)t->reconnects, "unknown", (json_int_t)t->unknown, "errors", (json_int_t)t->errors,
	                  "last_error", t->last_error[0] ? t->last_error : NULL, "tables", tables);

	for (int table = 0; table < SHOP_TABLES; table++) {
		json_t *ops = json_object();

		for (int op = 0; op < SHOP_OPS; op++)
			json_object_set_new(ops, shop_op_names[op], json_integer(t->counts.rows[table][op]));
		json_object_set_new(tables, shop_table_names[table], ops);
	}
	jsonx_dump(root, JSONX_AS_BUILT, &out);
	puts(out.buf);
}

static void report_text(const struct workload *w, const struct tally *t, double seconds)
{
	long long total = shop_counts_total(&t->counts);

	printf("%-14s %9s %9s %9s\n", "table", shop_op_names[0], shop_op_names[1], shop_op_names[2]);
	for (int table = 0; table < SHOP_TABLES; table++)
		printf("%-14s %9lld %9lld %9lld\n", shop_table_names[table], t->counts.rows[table][0], t->counts.rows[table][1],
		       t->counts.rows[table][2]);
	printf("%lld changes in %lld transactions, %.1f s: %.1f changes/s (asked: %g), seed %" PRIu64 "\n", total, t->transactions,
	       seconds, (double)total / seconds, w->rate, w->seed);
	if (t->retries || t->reconnects || t->unknown || t->errors)
		printf("retried %lld, reconnect attempts %lld, outcome unknown %lld, refused %lld; last: %s\n", t->retries, t->reconnects,
		       t->unknown, t->errors, t->last_error);
}

/* --rate, --connections and --seed; a missing seed is made from the clock. */
static int read_options(const struct invocation *inv, double *ret_rate, int *ret_workers, uint64_t *ret_seed, struct err *e)
{
	const char *rate = invocation_option(inv, "rate"), *seed = invocation_option(inv, "seed");
	const char *connections = invocation_option(inv, "connections");
	char *end;

	*ret_workers = 2;
	if (connections) {
		long n = strtol(connections, &end, 10);

		if (end == connections || *end || n < 1 || n > MAX_WORKERS)
			return err_set(e, ERR_USAGE, "--connections %s: not a number from 1 to %d", connections, MAX_WORKERS);
		*ret_workers = (int)n;
	}
	*ret_rate = 50;
	if (rate) {
		*ret_rate = strtod(rate, &end);
		if (end == rate || *end || !(*ret_rate > 0 && *ret_rate <= MAX_RATE))
			return err_set(e, ERR_USAGE, "--rate %s: not a number of row changes per second above 0 and up to %d", rate, MAX_RATE);
	}
	*ret_seed = (uint64_t)clk_wall_us() % 1000000007;
	if (seed) {
		errno = 0;
		*ret_seed = strtoull(seed, &end, 10);
		if (end == seed || *end || errno || seed[0] == '-' || *ret_seed > INT64_MAX)
			return err_set(e, ERR_USAGE, "--seed %s: not a whole number", seed);
	}
	return 0;
}

static int start_workers(struct workload *w, struct worker *workers, int n, struct err *e)
{
	for (int i = 0; i < n; i++) {
		workers[i] = (struct worker){.w = w, .conn = PGCONN_INIT, .dice = {.state = w->seed + (uint64_t)i * 1000003},
		                             .backoff = {.first_ms = 100, .max_ms = 1000}};
		errno = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
		if (errno) {
			err_sys(e, ERR_FATAL, "starting a thread");
			give_up(w, e);
			for (int k = 0; k < i; k++)
				pthread_join(workers[k].thread, NULL);
			return -1;
		}
	}
	return 0;
}

/* Runs n workers to the end; *ret_tally gets their sum. */
static int run(struct workload *w, int n, int64_t duration_ms, struct tally *ret_tally, double *ret_seconds, struct err *e)
{
	struct worker workers[MAX_WORKERS];
	sigset_t signals, before;
	int64_t started_ms;

	/* Signals are for the main thread, which waits for them; a terminal that goes away ends the workload as well. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &signals, &before);
	w->paced_from_us = clk_mono_us();
	started_ms = clk_mono_ms();
	if (start_workers(w, workers, n, e) != 0)
		return -1;
	watch(w, &signals, started_ms, duration_ms);
	for (int i = 0; i < n; i++) {
		pthread_join(workers[i].thread, NULL);
		merge(ret_tally, &workers[i].tally);
	}
	*ret_seconds = (double)(clk_mono_ms() - started_ms) / 1000;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (w->fatal.kind == ERR_NONE)
		return 0;
	*e = w->fatal;
	return -1;
}

int cmd_workload(struct platform *p, const struct invocation *inv, struct err *e)
{
	scoped(shop_release) struct shop shop = {0};
	scoped(pgconn_close) struct pgconn first = PGCONN_INIT;
	struct workload w = {.shop = &shop, .lock = PTHREAD_MUTEX_INITIALIZER, .fatal = ERR_INIT};
	struct tally tally = {.transactions = 0};
	double seconds = 0;
	int duration_ms, workers, result;

	if (read_options(inv, &w.rate, &workers, &w.seed, e) != 0 || invocation_duration_ms(inv, "duration", 60000, &duration_ms, e) != 0 ||
	    shop_init(&shop, p, "platformctl workload", e) != 0 || shop_open(&shop, &first, 10000, e) != 0 ||
	    shop_bounds_read(&first, shop.schema, &w.bounds, e) != 0)
		return -1;
	pgconn_close(&first);
	result = run(&w, workers, duration_ms, &tally, &seconds, e);
	if (seconds > 0)
		(inv->json ? report_json : report_text)(&w, &tally, seconds);
	return result;
}
