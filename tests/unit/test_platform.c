/* platform: loading, the site file, selections, and what the whole is checked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tiny_platform.h"

#include "banned.h"

static char *selected(const struct platform *p, const char *services, const char *profiles)
{
	scoped(strlist_release) struct strlist names = {0}, wanted = {0}, order = {0};
	scoped(selection_release) struct selection sel = {0};
	struct err e = ERR_INIT;

	strlist_split(&names, services, " ");
	strlist_split(&wanted, profiles, " ");
	if (platform_select(p, &names, &wanted, &sel, &e))
		return xstrdup(e.msg);
	for (size_t i = 0; i < sel.n; i++)
		strlist_add(&order, sel.items[i]->name);
	return strlist_join(&order, " ");
}

static void selections_bring_what_they_need(void **state)
{
	static const struct {
		const char *services, *profiles, *expected;
	} cases[] = {
	    {"", "", "alpha beta"},
	    {"beta", "", "alpha beta"},
	    {"alpha", "", "alpha"},
	    {"gamma", "", "alpha beta gamma"},
	    {"gamma alpha beta", "", "alpha beta gamma"},
	    {"", "extra", "alpha beta gamma"},
	    {"alpha", "extra", "alpha beta gamma"},
	    {"", "base extra", "alpha beta gamma"},
	    {"delta", "", "unknown service `delta`"},
	    {"", "nightly", "unknown profile `nightly`"},
	};
	scoped(scratch_free) char *dir = scratch_new();
	scoped(platform_free_p) struct platform *p = NULL;
	struct err e = ERR_INIT;

	(void)state;
	tiny_write(dir);
	p = tiny_load(dir, "{}", -1, &e);
	assert_non_null(p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *order = selected(p, cases[i].services, cases[i].profiles);

		assert_string_equal(order, cases[i].expected);
	}
}

static void an_external_service_needs_nothing_here(void **state)
{
	scoped(scratch_free) char *dir = scratch_new();
	scoped(platform_free_p) struct platform *p = NULL;
	scoped_free char *order = NULL;
	struct err e = ERR_INIT;

	(void)state;
	tiny_write(dir);
	p = tiny_load(dir, "services: {beta: {external: true, host: b.example.com}}\nport_offset: 100\n", -1, &e);
	assert_non_null(p);
	order = selected(p, "gamma", "");
	assert_string_equal(order, "beta gamma");
	assert_int_equal(service_port(platform_service(p, "beta", &e), "http"), 4003);
	assert_int_equal(service_port(platform_service(p, "alpha", &e), "client"), 4101);
	assert_string_equal(platform_service(p, "beta", &e)->host, "b.example.com");
}

static void the_site_file_overrides(void **state)
{
	scoped(scratch_free) char *dir = scratch_new();
	scoped(platform_free_p) struct platform *p = NULL;
	struct err e = ERR_INIT;
	struct service *alpha;

	(void)state;
	tiny_write(dir);
	p = tiny_load(dir,
		      "profiles: [extra]\nport_offset: 7\nplatform: {greeting: bye}\n"
		      "services: {alpha: {settings: {size: 9}, ports: {client: 5000}}, beta: {engine: two}}\n"
		      "secrets: {alpha_admin: {file: /run/secrets/a}}\n",
		      1000, &e);
	assert_non_null(p);
	alpha = platform_service(p, "alpha", &e);
	assert_string_equal(p->default_profiles.items[0], "extra");
	assert_int_equal(p->default_profiles.n, 1);
	assert_string_equal(settings_find(&p->settings, "greeting")->value, "bye");
	assert_string_equal(settings_find(&alpha->settings, "size")->value, "9");
	assert_true(settings_find(&alpha->settings, "size")->from_site);
	/* The option beats the file's offset, and both move what the file chose. */
	assert_int_equal(service_port(alpha, "client"), 6000);
	assert_int_equal(service_port(alpha, "other"), 5002);
	assert_int_equal(platform_service(p, "beta", &e)->memory_mb, 200);
	assert_string_equal(p->secret_sources[0].file, "/run/secrets/a");
}

static void site_files_that_are_refused(void **state)
{
	static const struct {
		const char *site, *msg;
	} cases[] = {
	    {"profile: [base]", "platform.yaml:1:1: unknown key `profile`"},
	    {"profiles: base", "`profiles` must be a list"},
	    {"port_offset: -1", "`port_offset` must be between 0 and 50000"},
	    {"port_offset: 50000\nservices: {alpha: {ports: {client: 60000}}}", "port client of alpha would be 110000"},
	    {"platform: {greeting: hi}", "`greeting` cannot be \"hi\""},
	    {"platform: {gretting: bye}", "unknown key `gretting`"},
	    {"services: {delta: {}}", "platform.yaml:1:12: unknown service `delta`"},
	    {"services: {alpha: {setting: {}}}", "unknown key `setting`"},
	    {"services: {alpha: {ports: {cleint: 1}}}", "alpha has no port `cleint`"},
	    {"services: {alpha: {ports: {client: 0}}}", "must be between 1 and 65535"},
	    {"services: {alpha: {external: maybe}}", "`external` must be true or false"},
	    {"services: {alpha: {host: h}}", "goes with `external: true`"},
	    {"services: {beta: {settings: {x: 1}}}", "unknown setting `x`; there is none here"},
	    {"services: {beta: {engine: three}}", "no engine `three`"},
	    {"services: {alpha: {engine: one}}", "no engines to choose from"},
	    {"services: {beta: {ports: {http: 4001}}}", "port 4001 is both beta.http and alpha.client"},
	    {"secrets: {alpha_admin: {}}", "needs `file`"},
	    {"secrets: {alpha_admin: hunter2}", "must be a map"},
	    {"profiles: [nightly]", ""},
	    {"services: [alpha]", "`services` must be a map"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(scratch_free) char *dir = scratch_new();
		scoped(platform_free_p) struct platform *p = NULL;
		scoped_free char *order = NULL;
		struct err e = ERR_INIT;

		tiny_write(dir);
		p = tiny_load(dir, cases[i].site, -1, &e);
		if (p && !*cases[i].msg) {
			/* A profile that is not there is found when it is asked for. */
			order = selected(p, "", "");
			assert_non_null(strstr(order, "unknown profile"));
			continue;
		}
		if (p)
			fail_msg("%s: was accepted", cases[i].site);
		assert_int_equal(e.kind, ERR_CONFIG);
		assert_true(e.remedy[0] != '\0');
		if (!strstr(e.msg, cases[i].msg))
			fail_msg("%s: \"%s\" does not hold \"%s\"", cases[i].site, e.msg, cases[i].msg);
	}
}

/* One file of the small catalogue is replaced. */
static void catalogues_that_are_refused(void **state)
{
	static const struct {
		const char *file, *text, *msg;
	} cases[] = {
	    {"services/alpha/a.conf", "x=${clinet}\n", "a.conf:1:3: unknown name ${clinet}"},
	    {"services/alpha/a.conf", "x=${secret.nobody}\n", "no service has the secret `nobody`"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: extra\nneeds: [gamma]\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n",
	     "a circle of needs: gamma → gamma"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: extra\nneeds: [delta]\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n",
	     "`needs` of gamma: unknown service `delta`"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: none\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n",
	     "catalogue.yaml has no profile `none`"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: extra\nsecrets: [A]\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n",
	     "`A` is no name for a secret"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: extra\nports: {a: 7, b: 7}\nrun: c\nready: {tcp: {host: h, port: "
	     "\"1\"}}\n",
	     "port 7 is both gamma.b and gamma.a"},
	    {"services/Gamma/service.yaml",
	     "name: Gamma\nsummary: C\nprofile: extra\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n",
	     "`Gamma` is no name"},
	    {"services/gamma/service.yaml",
	     "name: gamma\nsummary: C\nprofile: extra\nrun: echo ${secret.alpha_admin}\nready: {tcp: {host: h, port: "
	     "\"1\"}}\n",
	     "service.yaml:4:11: ${secret.alpha_admin} in a script would stand in a process list"},
	    {"services/catalogue.yaml", "profiles: [base]\ndefault_profiles: [base]\n", "needs `profiles` (a map)"},
	    {"services/catalogue.yaml", "profiles: {base: B, extra: E}\n", "needs `profiles` (a map)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(scratch_free) char *dir = scratch_new();
		struct platform *p;
		struct err e = ERR_INIT;

		tiny_write(dir);
		scratch_put(dir, cases[i].file, cases[i].text);
		p = tiny_load(dir, "{}", -1, &e);
		if (p)
			fail_msg("case %zu was accepted", i);
		assert_int_equal(e.kind, ERR_CONFIG);
		if (!strstr(e.msg, cases[i].msg))
			fail_msg("case %zu: \"%s\" does not hold \"%s\"", i, e.msg, cases[i].msg);
	}
}

/* The folder's name is the content's: another lock is another folder. */
static void packages_have_a_folder_by_content(void **state)
{
	static const char entry[] =
	    "name: gamma\nsummary: C\nprofile: extra\nrun: c\nready: {tcp: {host: h, port: \"1\"}}\n"
	    "packages: [{maven: pom.xml, into: lib}]\n";
	scoped(scratch_free) char *dir = scratch_new();
	scoped_free char *first = NULL, *same = NULL, *other = NULL;
	struct err e = ERR_INIT;

	(void)state;
	tiny_write(dir);
	scratch_put(dir, "services/gamma/service.yaml", entry);
	scratch_put(dir, "services/gamma/pom.xml", "<project/>");
	scratch_put(dir, "services/gamma/pom.lock", "one\n");
	scoped(platform_free_p) struct platform *p = tiny_load(dir, "{}", -1, &e);

	if (!p)
		fail_msg("%s", e.msg);
	first = platform_packages_dir(p, platform_service(p, "gamma", &e));
	same = platform_packages_dir(p, platform_service(p, "gamma", &e));
	scratch_put(dir, "services/gamma/pom.lock", "two\n");
	other = platform_packages_dir(p, platform_service(p, "gamma", &e));
	assert_string_equal(first, same);
	assert_string_not_equal(first, other);
	assert_non_null(strstr(first, "/cache/packages/gamma-"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(selections_bring_what_they_need), cmocka_unit_test(an_external_service_needs_nothing_here),
	    cmocka_unit_test(the_site_file_overrides),         cmocka_unit_test(site_files_that_are_refused),
	    cmocka_unit_test(catalogues_that_are_refused),     cmocka_unit_test(packages_have_a_folder_by_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
