/* A small platform in a scratch folder, for tests of what works on a whole platform. */
#ifndef TINY_PLATFORM_H
#define TINY_PLATFORM_H

#include "platform.h"
#include "scratch.h"

static inline void platform_free_p(struct platform **p)
{
	platform_free(*p);
}

/* Three services: beta needs alpha, gamma (of the profile extra) needs beta. */
static inline void tiny_write(const char *dir)
{
	scratch_put(dir, "services/catalogue.yaml",
		    "profiles: {base: B, extra: E}\ndefault_profiles: [base]\n"
		    "settings: {greeting: {default: hello, one_of: [hello, bye], help: h}}\n");
	scratch_put(dir, "services/alpha/service.yaml",
		    "name: alpha\nsummary: A\nprofile: base\nmemory_mb: 100\nports: {client: 4001, other: 4002}\n"
		    "settings: {size: {default: 5, help: h}}\nsecrets: [alpha_admin]\nruntime: {java: [99]}\n"
		    "files: {a.conf: a.conf}\nrun: exec a\nready: {tcp: {host: \"${host}\", port: \"${client}\"}}\n");
	scratch_put(dir, "services/alpha/a.conf", "port=${client}\npassword=${secret.alpha_admin}\n");
	scratch_put(
	    dir, "services/beta/service.yaml",
	    "name: beta\nsummary: B\nprofile: base\nmemory_mb: 100\nneeds: [alpha]\nports: {http: 4003}\nrun: exec b\n"
	    "engine: one\nengines: {one: {}, two: {memory_mb: 200}}\n"
	    "ready: {tcp: {host: \"${alpha.host}\", port: \"${alpha.client}\"}}\n");
	scratch_put(dir, "services/gamma/service.yaml",
		    "name: gamma\nsummary: C\nprofile: extra\nneeds: [beta]\nrun: exec c\nready: {tcp: {host: h, port: "
		    "\"1\"}}\n");
}

/* Loads it with this text as site file; NULL with *e filled when it is refused. */
static inline struct platform *tiny_load(const char *dir, const char *site, int port_offset, struct err *e)
{
	scoped_free char *state = fsx_join(dir, "state"), *cache = fsx_join(dir, "cache"),
			 *file = fsx_join(dir, "platform.yaml");
	struct platform *p;
	struct paths paths;

	scratch_put(dir, "platform.yaml", site);
	assert_int_equal(paths_init(&paths, state, cache, file, dir, e), 0);
	p = platform_load(&paths, port_offset, e);
	paths_release(&paths);
	return p;
}

#endif
