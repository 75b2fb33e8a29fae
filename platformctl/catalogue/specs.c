/* The arguments of probes and provisioning steps, as docs/catalogue.md lists them. */
#include "specs.h"

#include <stddef.h>
#include <string.h>

#include "banned.h"

#define ARGS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(,) NULL})

const struct probe_spec probe_specs[] = {
	{"postgres", ARGS("host", "port", "database", "user", "password"), ARGS()},
	{"kafka", ARGS("bootstrap"), ARGS()},
	{"registry", ARGS("url"), ARGS()},
	{"connect", ARGS("url"), ARGS("connectors")},
	{"s3", ARGS("endpoint", "region", "access_key", "secret_key"), ARGS()},
	{"metastore", ARGS("host", "port"), ARGS()},
	{"trino", ARGS("url", "user"), ARGS("catalogs")},
	{"http", ARGS("url"), ARGS()},
	{"tcp", ARGS("host", "port"), ARGS()},
	{NULL, NULL, NULL},
};

const struct probe_spec step_specs[] = {
	{"database", ARGS("host", "port", "user", "password", "name", "owner"), ARGS("owner_password")},
	{"sql", ARGS("host", "port", "user", "password", "database", "path"), ARGS("vars")},
	{"bucket", ARGS("endpoint", "region", "access_key", "secret_key", "name"), ARGS()},
	{"namespace", ARGS("host", "port", "name", "location"), ARGS()},
	{"topics", ARGS("bootstrap", "topics"), ARGS()},
	{"connector", ARGS("url", "name", "config"), ARGS()},
	{NULL, NULL, NULL},
};

const struct probe_spec *spec_find(const struct probe_spec *specs, const char *kind)
{
	for (; specs->kind; specs++)
		if (!strcmp(specs->kind, kind))
			return specs;
	return NULL;
}
