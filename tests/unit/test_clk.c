/* clk: durations as text, RFC 3339, deadlines, back-off. */
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#include "clk.h"
#include "scoped.h"
#include "strbuf.h"

#include "banned.h"

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
		{"45s", 45000},   {"2m", 120000},     {"1h30m", 5400000}, {"250ms", 250},
		{"90", 90000},    {"0", 0},           {"1h1m1s1ms", 3661001}, {"1m500ms", 60500},
		{"", -1},         {"s", -1},          {"-1s", -1},        {"1.5s", -1},
		{"1x", -1},       {"1h30", -1},       {"30m1h", -1},      {"1m1m", -1},
		{" 1s", -1},      {"1s ", -1},        {"1 s", -1},        {"99999999999999999999h", -1},
		{"1msx", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(clk_parse_duration_ms(cases[i].text), cases[i].ms);
}

static void times_in_writing(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} cases[] = {
		{0, "1970-01-01T00:00:00.000Z"},
		{1795369981123456, "2026-11-22T17:53:01.123Z"},
		{951782400000000, "2000-02-29T00:00:00.000Z"},
		{-1, "1969-12-31T23:59:59.999Z"},
		{-1000000, "1969-12-31T23:59:59.000Z"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

		clk_add_rfc3339(&sb, cases[i].us);
		assert_string_equal(sb.buf, cases[i].text);
	}
}

static void deadlines(void **state)
{
	int64_t now = clk_mono_ms();

	(void)state;
	assert_int_equal(clk_left_ms(now - 1000), 0);
	assert_int_equal(clk_left_ms(INT64_MAX), INT_MAX);
	assert_in_range(clk_left_ms(now + 60000), 50000, 60000);
	assert_true(clk_mono_us() / 1000 >= now);
	assert_true(clk_wall_us() > 1700000000000000);
}

static void sleeping_takes_its_time(void **state)
{
	int64_t start = clk_mono_us();

	(void)state;
	assert_false(clk_sleep_ms(30));
	assert_true(clk_mono_us() - start >= 30000);
	assert_false(clk_sleep_ms(0));
	assert_false(clk_sleep_ms(-5));
}

static void on_alarm(int sig)
{
	(void)sig;
}

static void a_signal_ends_the_sleep(void **state)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	const struct itimerval soon = {.it_value = {.tv_usec = 20000}};
	struct sigaction before;
	int64_t start = clk_mono_ms();

	(void)state;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	assert_true(clk_sleep_ms(20000));
	assert_true(clk_mono_ms() - start < 10000);
	sigaction(SIGALRM, &before, NULL);
}

static void backing_off(void **state)
{
	struct backoff b = {.first_ms = 100, .max_ms = 1000};
	static const int middle[] = {100, 200, 400, 800, 1000, 1000};

	(void)state;
	for (size_t i = 0; i < sizeof(middle) / sizeof(middle[0]); i++)
		assert_in_range(backoff_next_ms(&b), middle[i] * 8 / 10, middle[i] * 12 / 10);
	backoff_reset(&b);
	assert_in_range(backoff_next_ms(&b), 80, 120);
}

static void back_off_is_spread(void **state)
{
	int least = INT_MAX;
	int most = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		struct backoff b = {.first_ms = 1000, .max_ms = 1000};
		int ms = backoff_next_ms(&b);

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	assert_in_range(least, 800, 900);
	assert_in_range(most, 1100, 1200);
}

static void back_off_does_not_overflow(void **state)
{
	struct backoff b = {.first_ms = INT_MAX / 2, .max_ms = INT_MAX / 2 + 10};

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_true(backoff_next_ms(&b) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(times_in_writing),
		cmocka_unit_test(deadlines),
		cmocka_unit_test(sleeping_takes_its_time),
		cmocka_unit_test(a_signal_ends_the_sleep),
		cmocka_unit_test(backing_off),
		cmocka_unit_test(back_off_is_spread),
		cmocka_unit_test(back_off_does_not_overflow),
	};

	return cmocka_run_group_tests_name("clk", tests, NULL, NULL);
}
