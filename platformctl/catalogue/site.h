/* The site file: what this installation wants otherwise than the catalogue. */
#ifndef SITE_H
#define SITE_H

#include "platform.h"

/* Reads the file into p->site_tree (an empty map when it may be absent and is) and checks its form. */
int site_load(struct platform *p, struct err *e);
/* The engine that it chooses for a service, or NULL. Borrowed. */
const char *site_engine(const struct platform *p, const char *service);
/* Overrides settings and ports of the loaded services and of the platform, marks external ones, adds the port offset. */
int site_apply(struct platform *p, int port_offset, struct err *e);

#endif
