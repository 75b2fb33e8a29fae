/* Stops services in the reverse order of their start. */
#ifndef STOP_H
#define STOP_H

#include "platform.h"
#include "view.h"

/*
 * Stops every service of the selection: each when all in it that need it are down. One that does not end by its own deadline
 * is killed by the supervisor. ERR_TIMEOUT when not all are down by timeout_ms. `view` has a row a service, or is NULL.
 */
int stop_services(const struct platform *p, const struct selection *sel, int timeout_ms, struct view *view, struct err *e);

#endif
