/*
 * Any bytes as services/fuzz/service.yaml of a small catalogue in FUZZ_DIR: it is loaded and checked as a whole, or
 * refused with an error of configuration.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fsx.h"
#include "platform.h"
#include "scoped.h"

#include "banned.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *root;
static char *entry;

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void put(const char *name, const char *text)
{
	scoped_free char *path = fsx_join(root, name);
	scoped_free char *folder = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	struct err e = ERR_INIT;

	if (fsx_mkdirs(folder, 0755, &e) < 0 || fsx_write_str(path, text, 0644, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	root = getenv("FUZZ_DIR");
	if (!root) {
		fputs("FUZZ_DIR is not set\n", stderr);
		exit(1);
	}
	put("services/catalogue.yaml", "profiles: {core: the core}\n"
	                               "default_profiles: [core]\n"
	                               "settings: {prefix: {default: p, help: h}}\n");
	put("services/other/service.yaml", "{name: other, summary: s, profile: core, ports: {sql: 5433}, run: x, "
	                                   "packages: [{from: fuzz, path: lib, into: lib}], ready: {http: {url: x}}}\n");
	/* What the entries of the corpus refer to. */
	put("services/fuzz/pom.xml", "");
	put("services/fuzz/apt.txt", "");
	put("services/fuzz/conf/a.properties", "port=${client}\n");
	entry = fsx_join(root, "services/fuzz/service.yaml");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_close int fd = open(entry, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct paths paths = {
		.state = fsx_join(root, "state"),
		.cache = fsx_join(root, "cache"),
		.site = fsx_join(root, "site.yaml"),
		.root = xstrdup(root),
		.bin = xstrdup("/"),
		.libexec = xstrdup("/"),
	};
	struct err e = ERR_INIT;
	struct platform *p;

	must(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	p = platform_load(&paths, 0, &e);
	if (p) {
		struct selection all = {0};

		must(platform_select(p, NULL, NULL, &all, &e) == 0 && all.n >= 1);
		for (size_t i = 0; i < all.n; i++) {
			scoped_free char *folder = platform_packages_dir(p, all.items[i]);

			must(str_starts(folder, root));
		}
		selection_release(&all);
	} else {
		must(e.kind == ERR_CONFIG || e.kind == ERR_MISSING);
		/* What printf makes of a NULL; the fuzzer knows the word, too. */
		must(e.msg[0] && (!strstr(e.msg, "(null)") || memmem(data, size, "(null)", 6)));
	}
	platform_free(p);
	paths_release(&paths);
	return 0;
}
