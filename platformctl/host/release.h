/*
 * The staged copy: `up` copies the catalogue, the programs and the site file to state/release, and what runs is that copy.
 * So a checkout may lie where the service user cannot read, or change under running services, and nothing breaks.
 */
#ifndef RELEASE_H
#define RELEASE_H

#include "err.h"
#include "platform.h"

/*
 * Copies what p was loaded from, unless the staged copy is the same, and remembers the port offset. *ret_changed tells.
 * ERR_FATAL with the cause (full disk, read-only folder). Leaves the old copy whole on failure.
 */
int release_stage(const struct platform *p, bool *ret_changed, struct err *e);
/* state/release when a copy is there, else NULL; caller frees. */
char *release_root(const char *state);
/* The port offset of the last `up`, or -1. */
int release_port_offset(const char *state);
/*
 * Loads the platform anew, as staged, in the place of the one that was loaded from the sources: *p stays where it is, but what was
 * borrowed from it (services, selections) is gone.
 */
int release_reload(struct platform *p, struct err *e);

#endif
