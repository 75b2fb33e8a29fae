/* Clocks, durations as text, and back-off. */
#include "clk.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "strbuf.h"

#include "banned.h"

static int64_t now_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts); /* cannot fail for these clocks */
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clk_mono_ms(void)
{
	return now_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clk_mono_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

int64_t clk_wall_us(void)
{
	return now_us(CLOCK_REALTIME);
}

bool clk_sleep_ms(int ms)
{
	struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

	if (ms <= 0)
		return false;
	return nanosleep(&ts, NULL) < 0 && errno == EINTR;
}

int clk_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clk_mono_ms();

	if (left < 0)
		return 0;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void clk_add_rfc3339(struct strbuf *sb, int64_t wall_us)
{
	int64_t ms = wall_us / 1000 - (wall_us % 1000 < 0);
	int64_t seconds = ms / 1000 - (ms % 1000 < 0);
	time_t t = (time_t)seconds;
	struct tm tm;

	gmtime_r(&t, &tm);
	strbuf_addf(sb, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	            tm.tm_min, tm.tm_sec, (int)(ms - seconds * 1000));
}

int64_t clk_parse_duration_ms(const char *text)
{
	/* Largest first; each may follow only a larger one. */
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
	const size_t n_units = sizeof(units) / sizeof(units[0]);
	const int64_t most = INT64_MAX / 3600000 / 10;
	size_t next = 0;
	int64_t total = 0;

	if (!*text)
		return -1;
	while (*text) {
		int64_t number = 0;
		const char *digits = text;
		size_t name_len;
		size_t unit;

		for (; *text >= '0' && *text <= '9'; text++) {
			number = number * 10 + (*text - '0');
			if (number > most)
				return -1;
		}
		if (text == digits)
			return -1;
		if (!*text)
			return next == 0 ? number * 1000 : -1;
		name_len = strcspn(text, "0123456789");
		for (unit = next; unit < n_units; unit++) {
			if (strlen(units[unit].name) == name_len && memcmp(units[unit].name, text, name_len) == 0)
				break;
		}
		if (unit == n_units)
			return -1;
		total += number * units[unit].ms;
		next = unit + 1;
		text += name_len;
	}
	return total;
}

int backoff_next_ms(struct backoff *b)
{
	int base = b->next_ms ? b->next_ms : b->first_ms;
	uint32_t random = 0;
	int64_t spread;

	if (base > b->max_ms)
		base = b->max_ms;
	b->next_ms = base > b->max_ms / 2 ? b->max_ms : base * 2;
	/* Without randomness the wait is merely less spread. */
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = UINT32_MAX / 2;
	spread = (int64_t)base * 2 / 5; /* from -20 % to +20 % */
	return (int)(base - base / 5 + spread * random / UINT32_MAX);
}

void backoff_reset(struct backoff *b)
{
	b->next_ms = 0;
}
