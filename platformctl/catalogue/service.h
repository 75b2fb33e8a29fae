/*
 * A service as its catalogue entry says, after its engine and the site file have had their word. docs/catalogue.md is the
 * reference of the file. Texts are templates until template_expand() has seen them.
 */
#ifndef SERVICE_H
#define SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"
#include "settings.h"
#include "strlist.h"
#include "yamltree.h"

struct port {
	char *name;
	int number; /* with the site's override and offset */
};

enum package_kind { PACKAGE_MAVEN, PACKAGE_PIP, PACKAGE_GO, PACKAGE_APT, PACKAGE_FROM };

struct package {
	enum package_kind kind;
	char *manifest; /* file in the service's folder; PACKAGE_FROM: the other service's name */
	char *into;     /* folder below ${packages}, "." for itself; NULL for apt */
	bool unpack;    /* maven: the one tar.gz is unpacked */
	int strip;      /* leading folders dropped on unpacking */
	struct strlist prune; /* globs below `into` that are removed after unpacking */
	char *build;    /* go: the command's import path */
	char *path;     /* from: folder below the other's ${packages} */
	const struct ynode *where;
};

struct endpoint {
	char *name;
	const struct ynode *url;
	const struct ynode *user; /* may be NULL */
	char *secret;             /* name of the secret that is its password, or NULL */
};

struct service {
	char *name;
	char *summary;
	char *profile;
	char *dir; /* its catalogue folder, absolute */
	struct strlist needs;
	int memory_mb, download_mb, disk_mb;
	int java[8]; /* accepted majors, best first, 0-ended */
	bool python;
	struct port *ports;
	size_t n_ports;
	struct settings settings;
	struct strlist secrets;
	struct package *packages;
	size_t n_packages;
	const struct ynode *files;     /* map target: template file, or NULL */
	const struct ynode *env;       /* map, or NULL */
	const struct ynode *train, *setup, *run; /* scalars, or NULL */
	char *stop_signal;             /* "TERM" */
	int stop_timeout_s;
	int start_timeout_s;
	const struct ynode *ready;     /* map with the one probe: its key is the kind, its value the arguments */
	const struct ynode *provision; /* list of one-entry maps, or NULL */
	struct endpoint *endpoints;
	size_t n_endpoints;
	char *engine;                  /* chosen engine, or NULL where there are none */
	struct strlist engines;        /* their names */
	bool external;                 /* the site runs it: only probed and provisioned */
	char *host;                    /* 127.0.0.1, or what the site file says */
	struct ynode *tree, *engine_tree; /* the second points into the first */
};

/*
 * Reads dir/service.yaml. `engine` picks a variant (NULL: the entry's own choice). ERR_CONFIG with file:line:column and a
 * hint on anything that docs/catalogue.md does not allow. The caller frees.
 */
struct service *service_load(const char *dir, const char *engine, struct err *e);
void service_free(struct service *s);
/* For scoped(service_free_p). */
void service_free_p(struct service **s);
/* A name that is fit for a folder, a host name and a word of a shell. */
bool service_name_valid(const char *name);

/* The port's number, or -1. */
int service_port(const struct service *s, const char *name);

#endif
