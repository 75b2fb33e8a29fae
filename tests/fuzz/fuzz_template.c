/*
 * Any text as a template of the real catalogue (FUZZ_ROOT). The first byte picks the service and the use, the rest is the
 * text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "platform.h"
#include "scoped.h"
#include "template.h"

#include "banned.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct platform *platform;

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct paths paths = {0};
	struct err e = ERR_INIT;

	(void)argc;
	(void)argv;
	/* Folders that are not there: a template never makes one. */
	if (paths_init(&paths, "/nonexistent/state", "/nonexistent/cache", NULL, getenv("FUZZ_ROOT"), &e) == 0)
		platform = platform_load(&paths, 0, &e);
	if (!platform) {
		fprintf(stderr, "%s; %s\n", e.msg, e.remedy);
		exit(1);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum template_use uses[] = {TEMPLATE_CHECK, TEMPLATE_CHECK_SCRIPT, TEMPLATE_SCRIPT, TEMPLATE_FILE};
	scoped_free char *text = size ? xstrndup((const char *)data + 1, size - 1) : xstrdup("");
	scoped(strbuf_release) struct strbuf out = STRBUF_INIT;
	const size_t pick = size ? data[0] : 0;
	const size_t service = pick / 4 % (platform->n_services + 1);
	const struct template_scope scope = {
		.platform = platform,
		.service = service < platform->n_services ? platform->services[service] : NULL,
		.use = uses[pick % 4],
	};
	struct err e = ERR_INIT;

	strbuf_addstr(&out, ">");
	if (template_expand(&scope, "fuzz", 1, 1, text, &out, &e) == 0) {
		if (!strchr(text, '$'))
			must(strcmp(out.buf + 1, text) == 0);
	} else {
		must(strncmp(e.msg, "fuzz:", 5) == 0 && e.remedy[0]);
		must(strcmp(out.buf, ">") == 0);
		/* Missing JVMs and secrets apart, a bad template is the author's. */
		must(e.kind == ERR_CONFIG || uses[pick % 4] == TEMPLATE_SCRIPT || uses[pick % 4] == TEMPLATE_FILE);
	}
	return 0;
}
