/* The end of a service's log. */
#ifndef LOGTAIL_H
#define LOGTAIL_H

#include "platform.h"
#include "strbuf.h"

/* Adds the last `lines` lines of the service's current log file; nothing when there is none. */
void logtail_add(const struct platform *p, const struct service *s, int lines, struct strbuf *out);

#endif
