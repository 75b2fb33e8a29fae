/* One platformctl at a time changes an installation: an flock on state/lock, which the kernel drops with its holder. */
#ifndef LOCK_H
#define LOCK_H

#include "err.h"
#include "paths.h"

/*
 * Takes the lock for the life of the process (and of children that it forks). ERR_MISSING at once when another has it, naming
 * its process and command. The state folder must exist.
 */
int lock_take(const struct paths *paths, const char *command, struct err *e);

#endif
