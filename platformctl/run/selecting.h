/* From a command line to services. */
#ifndef SELECTING_H
#define SELECTING_H

#include "command.h"

/* The arguments are services, --profile is a list of profiles: both with what they need; nothing: the default profiles. */
int selecting_wanted(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e);
/*
 * The services that some `up` has started, in their order of start; with arguments only those. When nothing was ever
 * started: the default profiles. ERR_USAGE for unknown names.
 */
int selecting_installed(const struct platform *p, const struct invocation *inv, struct selection *ret, struct err *e);
/* Every service that was started, whatever the arguments say, in the order of start. */
void selecting_all_installed(const struct platform *p, struct selection *ret);
/* Those of `all` that need one of `some`, and `some` themselves, in the order of `all`. */
void selecting_dependents(const struct selection *all, const struct selection *some, struct selection *ret);

#endif
