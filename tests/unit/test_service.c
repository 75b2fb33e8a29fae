/* service: every key of a catalogue entry, engines, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scratch.h"
#include "service.h"

#include "banned.h"

#define MINIMAL "name: s\nsummary: x\nprofile: p\nrun: exec true\nready: {tcp: {host: h, port: \"1\"}}\n"

/* The service of an entry with this text, in a scratch folder where the manifests pom.xml and apt.txt are. */
static struct service *load(const char *dir, const char *text, const char *engine, struct err *e)
{
	scoped_free char *folder = fsx_join(dir, "s");

	scratch_put(dir, "s/service.yaml", text);
	scratch_put(dir, "s/pom.xml", "<project/>");
	scratch_put(dir, "s/apt.txt", "tar\n");
	scratch_put(dir, "s/conf/a.conf", "x");
	return service_load(folder, engine, e);
}

static void the_least_and_its_defaults(void **state)
{
	scoped(scratch_free) char *dir = scratch_new();
	struct err e = ERR_INIT;
	scoped(service_free_p) struct service *s = load(dir, MINIMAL, NULL, &e);

	(void)state;
	assert_non_null(s);
	assert_string_equal(s->name, "s");
	assert_string_equal(s->host, "127.0.0.1");
	assert_string_equal(s->stop_signal, "TERM");
	assert_int_equal(s->stop_timeout_s, 20);
	assert_int_equal(s->start_timeout_s, 180);
	assert_int_equal(s->java[0], 0);
	assert_false(s->external);
	assert_null(s->engine);
	assert_int_equal(service_port(s, "client"), -1);
}

static void every_key(void **state)
{
	static const char text[] = MINIMAL
	    "needs: [a, b]\nmemory_mb: 700\ndownload_mb: 10\ndisk_mb: 20\nruntime: {java: [25, 21], python: true}\n"
	    "ports: {client: 9092, http: 80}\nsettings: {n: {default: 5, help: h}}\nsecrets: [x_y]\n"
	    "packages:\n  - {maven: pom.xml, into: lib, unpack: true, strip: 1, prune: [a/b, c]}\n  - {apt: apt.txt}\n"
	    "  - {from: other, path: lib, into: their}\n"
	    "files: {a.conf: conf/a.conf}\nenv: {A: b}\ntrain: t\nsetup: u\n"
	    "stop: {signal: INT, timeout_s: 5}\nstart_timeout_s: 60\n"
	    "provision:\n  - bucket: {endpoint: a, region: b, access_key: c, secret_key: d, name: e}\n"
	    "endpoints: [{name: web, url: u, user: v, secret: x_y}]\n";
	scoped(scratch_free) char *dir = scratch_new();
	struct err e = ERR_INIT;
	scoped(service_free_p) struct service *s = load(dir, text, NULL, &e);

	(void)state;
	if (!s)
		fail_msg("%s", e.msg);
	assert_int_equal(s->needs.n, 2);
	assert_int_equal(s->memory_mb, 700);
	assert_int_equal(s->download_mb, 10);
	assert_int_equal(s->disk_mb, 20);
	assert_int_equal(s->java[0], 25);
	assert_int_equal(s->java[1], 21);
	assert_int_equal(s->java[2], 0);
	assert_true(s->python);
	assert_int_equal(service_port(s, "client"), 9092);
	assert_int_equal(service_port(s, "http"), 80);
	assert_int_equal(s->n_packages, 3);
	assert_int_equal(s->packages[0].kind, PACKAGE_MAVEN);
	assert_true(s->packages[0].unpack);
	assert_int_equal(s->packages[0].strip, 1);
	assert_int_equal(s->packages[0].prune.n, 2);
	assert_int_equal(s->packages[1].kind, PACKAGE_APT);
	assert_int_equal(s->packages[2].kind, PACKAGE_FROM);
	assert_string_equal(s->packages[2].path, "lib");
	assert_string_equal(s->stop_signal, "INT");
	assert_int_equal(s->stop_timeout_s, 5);
	assert_int_equal(s->start_timeout_s, 60);
	assert_string_equal(s->train->text, "t");
	assert_string_equal(s->setup->text, "u");
	assert_int_equal(s->provision->n, 1);
	assert_int_equal(s->n_endpoints, 1);
	assert_string_equal(s->endpoints[0].secret, "x_y");
}

static void an_engine_overrides_the_entry(void **state)
{
	static const char text[] = MINIMAL "memory_mb: 100\ndisk_mb: 7\nengine: small\nengines:\n"
					   "  small: {memory_mb: 10}\n  large: {memory_mb: 1000, run: exec large}\n";
	scoped(scratch_free) char *dir = scratch_new();
	struct err e = ERR_INIT;
	scoped(service_free_p) struct service *by_default = load(dir, text, NULL, &e),
					      *chosen = load(dir, text, "large", &e);

	(void)state;
	assert_non_null(by_default);
	assert_non_null(chosen);
	assert_string_equal(by_default->engine, "small");
	assert_int_equal(by_default->memory_mb, 10);
	assert_int_equal(by_default->disk_mb, 7);
	assert_string_equal(by_default->run->text, "exec true");
	assert_int_equal(chosen->memory_mb, 1000);
	assert_string_equal(chosen->run->text, "exec large");
	assert_int_equal(chosen->engines.n, 2);
	assert_null(load(dir, text, "huge", &e));
	assert_string_equal(e.msg, "the service s has no engine `huge`");
	assert_string_equal(e.remedy, "choose one of: small, large");
}

/* What is added to the least, and what the error then says. */
static void refusals(void **state)
{
	static const struct {
		const char *more, *msg;
	} cases[] = {
	    {"memroy_mb: 1", "/service.yaml:6:1: unknown key `memroy_mb`"},
	    {"memory_mb: -1", "/service.yaml:6:12: `memory_mb` must be between 0 and"},
	    {"memory_mb: 1.5", "/service.yaml:6:12: `memory_mb` must be an integer"},
	    {"needs: a", "/service.yaml:6:8: `needs` must be a list"},
	    {"needs: [[a]]", "/service.yaml:6:9: this must be a single value"},
	    {"runtime: {java: 25}", "/service.yaml:6:17: `java` must be a list"},
	    {"runtime: {java: [7]}", "/service.yaml:6:18: "},
	    {"runtime: {java: [8, 9, 10, 11, 12, 13, 14, 15, 16]}", "/service.yaml:6:17: more majors than 7"},
	    {"runtime: {jvm: 25}", "/service.yaml:6:11: unknown key `jvm`"},
	    {"ports: {a: 0}", "/service.yaml:6:12: "},
	    {"ports: {a: 65536}", "/service.yaml:6:12: "},
	    {"settings: {n: 5}", "/service.yaml:6:15: `n` must be a map"},
	    {"packages: [{into: x}]", "a package names exactly one of maven, pip, go, apt, from"},
	    {"packages: [{maven: pom.xml, apt: apt.txt, into: x}]", "a package names exactly one of"},
	    {"packages: [{maven: gone.xml, into: x}]", "/gone.xml is not there"},
	    {"packages: [{maven: pom.xml, into: ../x}]", "may not hold .."},
	    {"packages: [{from: other, into: x}]", "a package from another service needs `path`"},
	    {"packages: [{go: pom.xml, into: x}]", "a go package needs `build`"},
	    {"files: {a: conf/gone.conf}", "conf/gone.conf is not there"},
	    {"files: {../a: conf/a.conf}", "a target may not hold .."},
	    {"files: [a]", "`files` must be a map"},
	    {"env: {A: [b]}", "`A` must be a single value"},
	    {"stop: {signal: KILL}", "/service.yaml:6:16: `signal` must be TERM, INT, QUIT or HUP, not KILL"},
	    {"stop: {signal: [TERM]}", "`signal` must be a single value"},
	    {"stop: {timeout_s: 0}", "/service.yaml:6:19: "},
	    {"start_timeout_s: 4000", "/service.yaml:6:18: "},
	    {"provision: [{}]", "step has exactly one kind"},
	    {"provision: [{bukcet: {}}]", "unknown key `bukcet`"},
	    {"provision: [{bucket: {}}]", "the bucket step needs `endpoint`"},
	    {"endpoints: [{name: a}]", "an endpoint needs `name` and `url`"},
	    {"endpoints: [{name: a, url: b, port: 1}]", "unknown key `port`"},
	    {"engine: fast", "`engine` without `engines`"},
	    {"engines: {fast: {}}", "`engines` needs `engine`"},
	    {"engine: fast\nengines: {fast: {ports: {a: 1}}}", "unknown key `ports`"},
	    {"engine: [fast]\nengines: {fast: {}}", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(scratch_free) char *dir = scratch_new();
		scoped_free char *text = xstrf("%s%s\n", MINIMAL, cases[i].more);
		struct err e = ERR_INIT;
		struct service *s = load(dir, text, NULL, &e);

		if (s)
			fail_msg("%s: was accepted", cases[i].more);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_true(e.remedy[0] != '\0');
		if (!strstr(e.msg, cases[i].msg))
			fail_msg("%s: \"%s\" does not hold \"%s\"", cases[i].more, e.msg, cases[i].msg);
	}
}

static void what_must_be_there(void **state)
{
	static const struct {
		const char *text, *msg;
	} cases[] = {
	    {"", "`name` must be the folder's name, s"},
	    {"name: other\n", "`name` must be the folder's name, s"},
	    {"name: s\n", "s needs `summary` and `profile`"},
	    {"name: s\nsummary: x\nprofile: p\n", "s has no `run`"},
	    {"name: s\nsummary: x\nprofile: p\nrun: a\n", "s has no `ready`: nothing could tell whether it works"},
	    {"name: s\nsummary: x\nprofile: p\nrun: a\nready: {}\n", "probe has exactly one kind"},
	    {"name: s\nsummary: x\nprofile: p\nrun: a\nready: {tcp: {host: h}}\n", "the tcp probe needs `port`"},
	    {"name: s\nsummary: x\nprofile: p\nrun: a\nready: {tcp: {host: h, port: 1, x: 2}}\n", "unknown key `x`"},
	    {"name: s\nsummary: x\nprofile: p\nrun: a\nready: {tcp: here}\n", ""},
	    {"- a list\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(scratch_free) char *dir = scratch_new();
		struct err e = ERR_INIT;

		if (load(dir, cases[i].text, NULL, &e))
			fail_msg("case %zu was accepted", i);
		assert_int_equal(e.kind, ERR_CONFIG);
		if (!strstr(e.msg, cases[i].msg))
			fail_msg("case %zu: \"%s\" does not hold \"%s\"", i, e.msg, cases[i].msg);
	}
}

static void names(void **state)
{
	static const char *const good[] = {"a", "kafka-ui", "a_1", "9x"}, *const bad[] = {"",    "-a", "A", "a b",
											  "a/b", "..", "ä"};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(service_name_valid(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(service_name_valid(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_least_and_its_defaults),
	    cmocka_unit_test(every_key),
	    cmocka_unit_test(an_engine_overrides_the_entry),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(what_must_be_there),
	    cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
