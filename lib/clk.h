/* Time: a monotonic clock for durations and deadlines, the wall clock for what is written down. */
#ifndef CLK_H
#define CLK_H

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

/* Milliseconds and microseconds since some fixed point; never goes back. */
int64_t clk_mono_ms(void);
int64_t clk_mono_us(void);
/* Microseconds since the Unix epoch. */
int64_t clk_wall_us(void);
/* Sleeps; returns early (true) when a signal handler ran. */
bool clk_sleep_ms(int ms);
/* Milliseconds left until a clk_mono_ms() deadline, at least 0, at most INT_MAX; fits poll(2). */
int clk_left_ms(int64_t deadline_ms);
/* Adds a wall time as RFC 3339 in UTC with milliseconds: 2026-11-22T17:53:01.123Z */
void clk_add_rfc3339(struct strbuf *sb, int64_t wall_us);
/* "45s", "2m", "1h30m", "250ms", or a plain number of seconds → milliseconds; -1 when it is none. */
int64_t clk_parse_duration_ms(const char *text);

/* Waits between tries: doubles from first to max, with ±20 % jitter. */
struct backoff {
	int first_ms;
	int max_ms;
	int next_ms; /* 0: start at first_ms */
};
int backoff_next_ms(struct backoff *b);
void backoff_reset(struct backoff *b);

#endif
