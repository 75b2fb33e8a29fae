/* client: the cause of a failure, found in a client's log, and the remedy that follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"

#include "banned.h"

static void causes_and_remedies(void **state)
{
	static const struct {
		const char *log, *in_message, *not_in_message, *in_remedy;
		bool again;
	} cases[] = {
		{"[INFO] Scanning\n[ERROR] Could not transfer artifact x:y:jar:1 from/to central (https://repo.example/m): "
		 "repo.example: Unknown host repo.example\n[ERROR] more\n",
		 "Could not transfer artifact x:y:jar:1", "Scanning", "network", true},
		{"[ERROR] Could not transfer artifact a from/to b: transfer failed, status code: 503\n", "503", NULL, "network", true},
		{"a\nERROR: Could not install packages: [Errno 28] No space left on device\n", "No space left", NULL, "free some space",
		 false},
		/* The full disk is the cause even where the network is blamed, too. */
		{"[ERROR] Could not transfer artifact a: timed out\njava.io.IOException: No space left on device\n", "No space left", NULL,
		 "free some space", false},
		{"ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n", "DO NOT MATCH", NULL, "the mirror", false},
		{"verifying x@v1: checksum mismatch\n\tdownloaded: h1:a\n", "checksum mismatch", "downloaded", "the mirror", false},
		{"[ERROR] Could not find artifact x:y:jar:9 in central\n", "x:y:jar:9", NULL, "does not hold this version", false},
		{"ERROR: No matching distribution found for nix==9\n", "nix==9", NULL, "does not hold this version", false},
		{"go: x@v1: Get \"https://user:secret@proxy.example/x\": dial tcp: lookup proxy.example: no such host\n",
		 "https://***@proxy.example/x", "secret", "network", true},
		{"noise\nerror: something unheard of\nnoise again\n", "something unheard of", "noise", "read /log", false},
		{"first\nlast words\n\n  \n", "last words", "first", "read /log", false},
		{"", "it said nothing", NULL, "read /log", false},
		{"a\tb\033[31mred\033[0m\n", "a b [31mred", "\033", "read /log", false},
	};
	const struct client c = {.name = "mvn", .doing = "fetching x", .log = "/log"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		bool again = !cases[i].again;

		assert_int_equal(client_explain(&c, 1, cases[i].log, &again, &e), -1);
		assert_int_equal(e.kind, ERR_MISSING);
		assert_true(strstr(e.msg, "fetching x: mvn ended with status 1: ") == e.msg);
		assert_non_null(strstr(e.msg, cases[i].in_message));
		if (cases[i].not_in_message)
			assert_null(strstr(e.msg, cases[i].not_in_message));
		assert_non_null(strstr(e.remedy, cases[i].in_remedy));
		assert_int_equal(again, cases[i].again);
	}
}

static void long_lines_are_cut(void **state)
{
	const struct client c = {.name = "pip", .doing = "x", .log = "/log"};
	char line[4000];
	struct err e = ERR_INIT;
	bool again;

	(void)state;
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	client_explain(&c, 2, line, &again, &e);
	assert_true(strlen(e.msg) < 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(causes_and_remedies), cmocka_unit_test(long_lines_are_cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
