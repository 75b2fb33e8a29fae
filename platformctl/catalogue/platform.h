/*
 * The whole platform as one value: catalogue, site file, places. Loaded once at start, unchanged afterwards.
 */
#ifndef PLATFORM_H
#define PLATFORM_H

#include "err.h"
#include "paths.h"
#include "service.h"
#include "strlist.h"

struct profile {
	char *name;
	char *summary;
};

struct secret_source { /* the site file's `secrets` */
	char *name;
	char *file;
};

struct platform {
	struct paths paths;
	struct service **services; /* sorted by name */
	size_t n_services;
	struct profile *profiles;
	size_t n_profiles;
	struct strlist default_profiles; /* the site's, else the catalogue's */
	struct settings settings;        /* ${platform.…} */
	struct secret_source *secret_sources;
	size_t n_secret_sources;
	int port_offset;
	struct ynode *tree, *site_tree;
};

/*
 * Reads catalogue.yaml, every service and the site file (which may be absent), and checks that the whole holds together:
 * needs exist and have no cycle, profiles exist, every template names what there is, every port is there once.
 * port_offset < 0 means the site's. ERR_CONFIG at the first thing that is wrong. Takes ownership of *paths on success.
 */
struct platform *platform_load(struct paths *paths, int port_offset, struct err *e);
void platform_free(struct platform *p);
/* ERR_USAGE with the nearest name as hint when there is no such service. */
struct service *platform_service(const struct platform *p, const char *name, struct err *e);

/* A selection of services, in an order in which each stands behind what it needs. */
struct selection {
	struct service **items; /* borrowed from the platform */
	size_t n;
};

/*
 * What `names` (services) and `profiles` ask for, with everything they need; both empty: the default profiles.
 * ERR_USAGE with a hint for unknown names.
 */
int platform_select(const struct platform *p, const struct strlist *names, const struct strlist *profiles,
                    struct selection *ret, struct err *e);
void selection_release(struct selection *sel);
bool selection_has(const struct selection *sel, const struct service *s);

/* The folder of a service's fetched packages: cache/packages/<name>-<digest of manifests, locks and engine>; caller frees. */
char *platform_packages_dir(const struct platform *p, const struct service *s);

#endif
