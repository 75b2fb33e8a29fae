/*
 * Who runs the services: PostgreSQL refuses root, and nothing here needs it. As root, everything but installing packages is
 * done as the unprivileged user `dataflow`, made for it; otherwise as the caller.
 */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "err.h"
#include "paths.h"

#define ACCOUNT_NAME "dataflow"

/* As root: makes the user, and the state and cache folders as its own. Otherwise: makes the folders. Blocks for a moment. */
int account_prepare(const struct paths *paths, struct err *e);
/*
 * As root: becomes the service user for good, if there is one (otherwise nothing changes). Its HOME is the cache and the
 * working folder is /. A no-op for everybody else.
 */
int account_become(const struct paths *paths, struct err *e);

#endif
