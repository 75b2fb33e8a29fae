/*
 * Where things live: the XDG base directories for a user, the file-system hierarchy's places for root, or what
 * --state, --cache and --config (DATAFLOW_STATE, DATAFLOW_CACHE, DATAFLOW_CONFIG) say.
 *
 *     state/  data/<service>  conf/<service>  log/<service>  run/<service>  secrets/  supervise/<service>
 *             events.jsonl  lock  release/ (the catalogue and programs that `up` staged; what runs is this copy)
 *     cache/  m2/ (Maven's repository)  packages/<service>-<digest>/  runtimes/  pip/  go/
 */
#ifndef PATHS_H
#define PATHS_H

#include "err.h"

struct paths {
	char *state;
	char *cache;
	char *site;      /* the site file; it need not exist unless site_given */
	int site_given;  /* --config or DATAFLOW_CONFIG named it */
	char *root;      /* the folder that holds services/ and init-scripts/: build tree, installed place or state/release */
	char *bin;       /* the folder of platformctl's own executable */
	char *libexec;   /* the folder of platform-agent */
};

/* Fills in everything; NULL options mean unset. ERR_CONFIG when no catalogue is found. Makes nothing. */
int paths_init(struct paths *p, const char *state, const char *cache, const char *site, const char *root, struct err *e);
void paths_release(struct paths *p);
/* state/<kind>/<service>, e.g. kind "data"; caller frees. */
char *paths_of(const struct paths *p, const char *kind, const char *service);

#endif
