/* log: form of a line, levels, escaping, errno. */
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#include "banned.h"

/* What the calls between begin_capture and end_capture wrote to standard error. */
static int saved_stderr;
static char captured[4096];

static void begin_capture(void)
{
	int file = memfd_create("stderr", MFD_CLOEXEC);

	fflush(stderr);
	saved_stderr = dup(2);
	dup2(file, 2);
	close(file);
}

static const char *end_capture(void)
{
	ssize_t n;

	fflush(stderr);
	n = pread(2, captured, sizeof(captured) - 1, 0);
	captured[n < 0 ? 0 : n] = '\0';
	dup2(saved_stderr, 2);
	close(saved_stderr);
	return captured;
}

static void assert_line(const char *line, const char *expected_rest)
{
	regex_t time;

	assert_int_equal(regcomp(&time, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{3}Z ", REG_EXTENDED), 0);
	assert_int_equal(regexec(&time, line, 0, NULL, 0), 0);
	regfree(&time);
	assert_string_equal(line + strlen("2026-11-22T17:53:01.123Z "), expected_rest);
}

static void a_line_has_time_level_and_message(void **state)
{
	(void)state;
	begin_capture();
	log_warn("disk %d %% full", 93);
	assert_line(end_capture(), "warn disk 93 % full\n");
}

static void control_bytes_are_escaped(void **state)
{
	(void)state;
	begin_capture();
	log_error("%s", "a\nb\tc\033[31m\x7f ä");
	assert_line(end_capture(), "error a\\nb\\tc\\x1b[31m\\x7f ä\n");
}

static void lines_below_the_level_are_dropped(void **state)
{
	(void)state;
	begin_capture();
	log_debug("not by default");
	log_set_level(LOG_LEVEL_ERROR);
	log_warn("no");
	log_info("no");
	assert_string_equal(end_capture(), "");
	begin_capture();
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("now");
	assert_line(end_capture(), "debug now\n");
	log_set_level(LOG_LEVEL_INFO);
}

static void errno_is_preserved(void **state)
{
	(void)state;
	begin_capture();
	errno = EPIPE;
	log_info("x");
	assert_int_equal(errno, EPIPE);
	end_capture();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_and_message),
		cmocka_unit_test(control_bytes_are_escaped),
		cmocka_unit_test(lines_below_the_level_are_dropped),
		cmocka_unit_test(errno_is_preserved),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
