/* What a service's process is made of: its files, environment and scripts with every ${…} expanded. */
#ifndef RENDER_H
#define RENDER_H

#include "platform.h"
#include "strlist.h"

struct rendered {
	struct strlist names;    /* of files, relative to ${conf} */
	struct strlist contents; /* by the same position */
	struct strlist env;      /* NAME=value */
	char *setup;             /* script, or NULL */
	char *run;               /* script */
	char digest[65];         /* SHA-256 of all of it: equal digests mean an equal process */
};

/* Expands everything in memory. ERR_CONFIG at the place of what is wrong; ERR_MISSING when no JVM suits. */
int render_service(const struct platform *p, const struct service *s, struct rendered *ret, struct err *e);
void rendered_release(struct rendered *r);
/* Writes the files (mode 0600) and the scripts into ${conf}, the digest last. */
int rendered_write(const struct platform *p, const struct service *s, const struct rendered *r, struct err *e);
/* The digest that rendered_write() left, or "" */
void rendered_digest_on_disk(const struct platform *p, const struct service *s, char ret[65]);

#endif
