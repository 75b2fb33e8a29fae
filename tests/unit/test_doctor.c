/* doctor: each check on a machine made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "doctor_checks.h"
#include "tiny_platform.h"

#include "banned.h"

struct fixture {
	char *dir; /* also stands for /proc and the control group */
	struct platform *p;
	struct selection sel; /* alpha and beta: 100 MB each */
	bool running[3];
	struct patient patient;
};

static void load(struct fixture *f, const char *site)
{
	struct err e = ERR_INIT;

	f->p = tiny_load(f->dir, site, -1, &e);
	assert_non_null(f->p);
	assert_int_equal(platform_select(f->p, NULL, NULL, &f->sel, &e), 0);
	f->patient =
	    (struct patient){.platform = f->p, .sel = &f->sel, .running = f->running, .proc = f->dir, .cgroup = f->dir};
}

static int set_up(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->dir = scratch_new();
	tiny_write(f->dir);
	load(f, "{}");
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	selection_release(&f->sel);
	platform_free(f->p);
	scratch_free(&f->dir);
	free(f);
	return 0;
}

/* The only finding of a check. */
static const struct finding *only(void (*check)(const struct patient *, struct findings *), const struct fixture *f,
				  struct findings *l)
{
	findings_release(l);
	check(&f->patient, l);
	assert_int_equal(l->n, 1);
	return &l->items[0];
}

static void memory(void **state)
{
	static const struct {
		const char *available, *max, *current, *stat;
		bool alpha_runs;
		enum finding_level level;
		const char *text;
	} cases[] = {
	    {"1000000 kB", "max\n", "0", "", false, FINDING_OK, "200 MB needed, 1.0 GB available"},
	    {"200000 kB", "max\n", "0", "", false, FINDING_WARN, "200 MB needed, 205 MB available: that is tight"},
	    {"100000 kB", "max\n", "0", "", false, FINDING_FAIL, "200 MB needed, 102 MB available"},
	    {"200000 kB", "max\n", "0", "", true, FINDING_OK, "100 MB needed, 205 MB available"},
	    /* A container's limit counts when it leaves less, and cached files can be given up. */
	    {"1000000 kB", "300000000", "150000000", "", false, FINDING_FAIL, "200 MB needed, 150 MB available"},
	    {"1000000 kB", "300000000", "150000000", "active_file 7\ninactive_file 140000000\n", false, FINDING_OK,
	     "200 MB needed, 290 MB available"},
	    {"100000 kB", "900000000", "0", "", false, FINDING_FAIL, "200 MB needed, 102 MB available"},
	};
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *meminfo =
		    xstrf("MemTotal: 99999999 kB\nMemFree: 1 kB\nMemAvailable:    %s\n", cases[i].available);
		const struct finding *found;

		scratch_put(f->dir, "meminfo", meminfo);
		scratch_put(f->dir, "memory.max", cases[i].max);
		scratch_put(f->dir, "memory.current", cases[i].current);
		scratch_put(f->dir, "memory.stat", cases[i].stat);
		f->running[0] = cases[i].alpha_runs;
		found = only(doctor_memory, f, &l);
		assert_string_equal(found->text, cases[i].text);
		assert_int_equal(found->level, cases[i].level);
		assert_int_equal(*found->remedy == '\0', cases[i].level == FINDING_OK);
	}
}

static void memory_that_nobody_tells(void **state)
{
	scoped(findings_release) struct findings l = {0};

	assert_int_equal(only(doctor_memory, *state, &l)->level, FINDING_WARN);
}

static void external_services_take_no_memory(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	selection_release(&f->sel);
	platform_free(f->p);
	load(f, "services: {alpha: {external: true}}");
	scratch_put(f->dir, "meminfo", "MemAvailable: 1000000 kB\n");
	assert_non_null(strstr(only(doctor_memory, f, &l)->text, "100 MB needed"));
}

static void processes(void **state)
{
	static const struct {
		const char *max, *current;
		enum finding_level level;
	} cases[] = {{"max\n", "10", FINDING_OK},
		     {"9000", "100", FINDING_OK},
		     {"4500", "1000", FINDING_WARN},
		     {"1100", "100", FINDING_FAIL}};
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scratch_put(f->dir, "pids.max", cases[i].max);
		scratch_put(f->dir, "pids.current", cases[i].current);
		assert_int_equal(only(doctor_limits, f, &l)->level, cases[i].level);
	}
}

static void ports(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};
	const struct finding *found;

	/* Somebody whom we cannot see listens on 4001 = 0x0FA1, alpha's client port. */
	scratch_put(f->dir, "net/tcp", "   0: 0100007F:0FA1 00000000:0000 0A 0:0 0:0 0 0 0 77 1\n");
	found = only(doctor_ports, f, &l);
	assert_int_equal(found->level, FINDING_FAIL);
	assert_string_equal(found->text, "port 4001 (alpha client) is held by a process of another user or container");
	assert_non_null(strstr(found->remedy, "--port-offset"));
	f->running[0] = true;
	found = only(doctor_ports, f, &l);
	assert_int_equal(found->level, FINDING_OK);
	assert_string_equal(found->text, "1 free; 1 services run already");
}

/* A process of 42 holds it that carries the mark of a service: ours is fine, another platform's is not. */
static void ports_of_a_platform(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};
	scoped_free char *fd = fsx_join(f->dir, "42/fd/3"),
			 *own = xstrf("DATAFLOW_SERVICE=%s/alpha", f->p->paths.state);

	scratch_put(f->dir, "net/tcp", "   0: 0100007F:0FA1 00000000:0000 0A 0:0 0:0 0 0 0 77 1\n");
	scratch_put(f->dir, "42/fd/0", "");
	assert_int_equal(symlink("socket:[77]", fd), 0);
	scratch_put(f->dir, "42/environ", own);
	assert_int_equal(only(doctor_ports, f, &l)->level, FINDING_OK);
	scratch_put(f->dir, "42/environ", "DATAFLOW_SERVICE=/other/kafka");
	assert_int_equal(only(doctor_ports, f, &l)->level, FINDING_FAIL);
	assert_non_null(strstr(l.items[0].text, "pid 42 of another platform, /other/kafka"));
	assert_non_null(strstr(l.items[0].remedy, "--state /other down"));
}

static void ports_for_root_only(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	scratch_put(f->dir, "sys/net/ipv4/ip_unprivileged_port_start", "4002\n");
	assert_int_equal(only(doctor_ports, f, &l)->level, FINDING_FAIL);
	assert_non_null(strstr(l.items[0].text, "port 4001 (alpha client) is below 4002"));
}

static void folders(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};
	scoped_free char *long_name = xcalloc(1, 120);

	assert_int_equal(only(doctor_folders, f, &l)->level, FINDING_OK);
	scratch_put(f->dir, "state", "a file");
	assert_non_null(strstr(only(doctor_folders, f, &l)->text, "/state is no folder"));
	memset(long_name, 'x', 110);
	free(f->p->paths.state);
	f->p->paths.state = fsx_join(f->dir, long_name);
	assert_non_null(strstr(only(doctor_folders, f, &l)->text, "too long for sockets"));
}

/* Root's services run as somebody else, who must be able to pass: mkdtemp's folder is closed to others. */
static void folders_of_another_user(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	f->patient.user = "nobody";
	findings_release(&l);
	doctor_folders(&f->patient, &l);
	assert_int_equal(l.n, 2);
	assert_non_null(strstr(l.items[0].text, "the user nobody, who runs the services, cannot pass"));
	chmod(f->dir, 0755);
	assert_int_equal(only(doctor_folders, f, &l)->level, FINDING_OK);
}

static void java(void **state)
{
	struct fixture *f = *state;
	scoped(findings_release) struct findings l = {0};

	assert_int_equal(only(doctor_java, f, &l)->level, FINDING_FAIL);
	assert_non_null(strstr(l.items[0].text, "alpha needs Java 99"));
	scratch_put(f->dir, "runtimes/java/99.lock", "");
	assert_int_equal(only(doctor_java, f, &l)->level, FINDING_OK);
	assert_string_equal(l.items[0].text, "Java 99 will be fetched for alpha");
}

static void the_clock(void **state)
{
	scoped(findings_release) struct findings l = {0};

	assert_int_equal(only(doctor_clock, *state, &l)->level, FINDING_OK);
}

static void nearest_existing(void **state)
{
	const struct fixture *f = *state;
	scoped_free char *deep = fsx_join(f->dir, "a/b/c"), *found = doctor_existing(deep),
			 *root = doctor_existing("/nonexistent");

	assert_string_equal(found, f->dir);
	assert_string_equal(root, "/");
}

static void the_first_failure_is_the_error(void **state)
{
	scoped(findings_release) struct findings l = {0};
	struct err e = ERR_INIT;

	(void)state;
	findings_add(&l, FINDING_OK, "tools", xstrdup("fine"), NULL);
	findings_add(&l, FINDING_FAIL, "ports", xstrdup("port 1 is held"), xstrdup("end it"));
	findings_add(&l, FINDING_WARN, "memory", xstrdup("tight"), xstrdup("x"));
	assert_int_equal(findings_failed(&l), 1);
	assert_int_equal(findings_err(&l, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_string_equal(e.msg, "ports: port 1 is held");
	assert_string_equal(e.remedy, "end it");
	findings_add(&l, FINDING_FAIL, "disk", xstrdup("full"), xstrdup("make room"));
	findings_err(&l, &e);
	assert_string_equal(e.remedy, "end it; then 1 more: platformctl doctor");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(memory),
	    TEST(memory_that_nobody_tells),
	    TEST(external_services_take_no_memory),
	    TEST(processes),
	    TEST(ports),
	    TEST(ports_of_a_platform),
	    TEST(ports_for_root_only),
	    TEST(folders),
	    TEST(folders_of_another_user),
	    TEST(java),
	    TEST(the_clock),
	    TEST(nearest_existing),
	    TEST(the_first_failure_is_the_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
