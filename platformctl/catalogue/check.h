/* Whether the catalogue holds together. */
#ifndef CHECK_H
#define CHECK_H

#include "platform.h"

/* Needs, cycles, profiles, ports, names of secrets, and every template of every service. The first fault is the error. */
int platform_check(const struct platform *p, struct err *e);

#endif
