/* template: every name, escapes, places of mistakes, and where secrets are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "template.h"
#include "tiny_platform.h"

#include "banned.h"

struct fixture {
	char *dir;
	struct platform *p;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct err e = ERR_INIT;

	f.dir = scratch_new();
	tiny_write(f.dir);
	scratch_put(f.dir, "state/secrets/alpha_admin", "s3cret\n");
	f.p = tiny_load(f.dir, "{}", -1, &e);
	*state = &f;
	return f.p ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	platform_free(f->p);
	scratch_free(&f->dir);
	return 0;
}

static int expand(const struct fixture *f, enum template_use use, const char *text, struct strbuf *out, struct err *e)
{
	struct template_scope scope = {
	    .platform = f->p, .service = platform_service(f->p, "alpha", e), .use = use, .scratch = "/scratch"};

	return template_expand(&scope, "t", 3, 5, text, out, e);
}

/* %s stands for the scratch folder. */
static void names(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
	    {"", ""},
	    {"plain", "plain"},
	    {"${client}", "4001"},
	    {"a ${client} b ${size}", "a 4001 b 5"},
	    {"${host}", "127.0.0.1"},
	    {"${beta.host}:${beta.http}", "127.0.0.1:4003"},
	    {"${alpha.size}", "5"},
	    {"${platform.greeting}", "hello"},
	    {"${data}", "%s/state/data/alpha"},
	    {"${conf}", "%s/state/conf/alpha"},
	    {"${log}", "%s/state/log/alpha"},
	    {"${run}", "%s/state/run/alpha"},
	    {"${root}", "%s"},
	    {"${service_dir}", "%s/services/alpha"},
	    {"${secret.alpha_admin}", "s3cret"},
	    {"$X $(date) $1 $$ $", "$X $(date) $1 $$ $"},
	    {"$${not.ours}", "${not.ours}"},
	    {"$${${client}}", "${4001}"},
	    {"${client}${client}", "40014001"},
	    {"}{", "}{"},
	    {"line\n${client}\n", "line\n4001\n"},
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT, expected = STRBUF_INIT;
		const char *mark = strstr(cases[i].expected, "%s");
		struct err e = ERR_INIT;

		strbuf_addstr(&out, "kept ");
		strbuf_addf(&expected, "kept %s%s", mark ? f->dir : "", mark ? mark + 2 : cases[i].expected);
		if (expand(f, TEMPLATE_FILE, cases[i].text, &out, &e))
			fail_msg("%s: %s", cases[i].text, e.msg);
		assert_string_equal(out.buf, expected.buf);
	}
}

static void mistakes(void **state)
{
	static const struct {
		const char *text, *msg, *remedy;
	} cases[] = {
	    {"${clinet}", "t:3:5: unknown name ${clinet}", "did you mean ${client}?"},
	    {"x${}", "t:3:6: unknown name ${}", ""},
	    {"a\nb ${nothing}", "t:4:3: unknown name ${nothing}", ""},
	    {"\n\n${client", "t:5:1: ${ without }", "close it"},
	    {"${client\n}", "t:3:5: unknown name ${client }", ""},
	    {"${alhpa.host}", "t:3:5: unknown name ${alhpa.host}", "did you mean ${alpha.host}?"},
	    {"${alpha.cleint}", "t:3:5: unknown name ${alpha.cleint}", "did you mean ${alpha.client}?"},
	    {"${platform.greting}", "t:3:5: unknown name ${platform.greting}", "did you mean ${platform.greeting}?"},
	    {"${secret.alpha_amdin}", "t:3:5: no service has the secret `alpha_amdin`",
	     "did you mean ${secret.alpha_admin}?"},
	    {"${java.hoem}", "t:3:5: unknown name ${java.hoem}", "there are ${java.home}"},
	    {"${java.home}", "t:3:5: alpha needs Java 99", "run: platformctl fetch alpha"},
	    {"${scratch}", "t:3:5: unknown name ${scratch}", ""},
	};
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(expand(f, TEMPLATE_FILE, cases[i].text, &out, &e), -1);
		assert_int_equal(out.len, 0);
		assert_true(e.remedy[0] != '\0');
		if (!str_starts(e.msg, cases[i].msg))
			fail_msg("\"%s\" does not begin with \"%s\"", e.msg, cases[i].msg);
		if (!str_starts(e.remedy, cases[i].remedy))
			fail_msg("\"%s\" does not begin with \"%s\"", e.remedy, cases[i].remedy);
	}
}

static void secrets_by_use(void **state)
{
	static const struct {
		enum template_use use;
		int rc;
	} cases[] = {{TEMPLATE_CHECK, 0},
		     {TEMPLATE_FILE, 0},
		     {TEMPLATE_CHECK_SCRIPT, -1},
		     {TEMPLATE_SCRIPT, -1},
		     {TEMPLATE_TRAIN, -1}};
	const struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
		struct err e = ERR_INIT;

		assert_int_equal(expand(f, cases[i].use, "${secret.alpha_admin}", &out, &e), cases[i].rc);
		assert_null(strstr(e.msg, "s3cret"));
	}
}

static void scratch_is_for_training(void **state)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(expand(*state, TEMPLATE_TRAIN, "${scratch}/x", &out, &e), 0);
	assert_string_equal(out.buf, "/scratch/x");
	assert_int_equal(expand(*state, TEMPLATE_SCRIPT, "${scratch}", &out, &e), -1);
}

static void a_check_needs_no_jvm(void **state)
{
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(
	    expand(*state, TEMPLATE_CHECK_SCRIPT, "${java.home}/bin/java ${java.startup} ${java.major}", &out, &e), 0);
}

static void a_service_without_java_has_none(void **state)
{
	const struct fixture *f = *state;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct template_scope scope = {
	    .platform = f->p, .service = platform_service(f->p, "beta", &e), .use = TEMPLATE_CHECK};

	assert_int_equal(template_expand(&scope, "t", 1, 1, "${java.home}", &out, &e), -1);
	assert_non_null(strstr(e.msg, "has no `runtime: {java: […]}`"));
}

static void files_of_the_folder(void **state)
{
	const struct fixture *f = *state;
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct template_scope scope = {
	    .platform = f->p, .service = platform_service(f->p, "alpha", &e), .use = TEMPLATE_FILE};

	assert_int_equal(template_file(&scope, "a.conf", &out, &e), 0);
	assert_string_equal(out.buf, "port=4001\npassword=s3cret\n");
	assert_int_equal(template_file(&scope, "gone.conf", &out, &e), -1);
	assert_non_null(strstr(e.msg, "gone.conf"));
}

static void arguments(void **state)
{
	const struct fixture *f = *state;
	struct err e = ERR_INIT;
	static const char text[] = "a: x${client}\nb: [1]\nc: ${nothing}\n";
	scoped(ynode_free_p) struct ynode *args = ynode_parse("t", text, strlen(text), &e);
	struct template_scope scope = {
	    .platform = f->p, .service = platform_service(f->p, "alpha", &e), .use = TEMPLATE_FILE};
	scoped_free char *a = template_arg(&scope, args, "a", &e);

	assert_string_equal(a, "x4001");
	assert_null(template_arg(&scope, args, "z", &e));
	assert_int_equal(e.kind, ERR_NONE);
	assert_null(template_arg(&scope, args, "b", &e));
	assert_int_equal(e.kind, ERR_CONFIG);
	assert_null(template_arg(&scope, args, "c", &e));
	assert_true(str_starts(e.msg, "t:3:4: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(names),
	    cmocka_unit_test(mistakes),
	    cmocka_unit_test(secrets_by_use),
	    cmocka_unit_test(scratch_is_for_training),
	    cmocka_unit_test(a_check_needs_no_jvm),
	    cmocka_unit_test(a_service_without_java_has_none),
	    cmocka_unit_test(files_of_the_folder),
	    cmocka_unit_test(arguments),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
