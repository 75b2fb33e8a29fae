/* Only one platformctl at a time writes into a cache folder; tasks inherit the lock, so it outlives a killed caller until they have ended. */
#ifndef CACHELOCK_H
#define CACHELOCK_H

#include <stdbool.h>

#include "err.h"
#include "fetch.h"

/*
 * Takes the cache's lock, waiting for whoever holds it (says so by progress). *ret_waited tells that what was planned before
 * may be stale. The caller closes *ret_fd to give it up. ERR_MISSING when the cache is not writable, ERR_TIMEOUT when stopped.
 */
int cachelock_take(const struct platform *p, const struct fetch_opts *opts, int *ret_fd, bool *ret_waited, struct err *e);

#endif
