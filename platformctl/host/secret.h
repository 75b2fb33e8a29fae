/* Secrets: random values, one file each, mode 0600, made once per installation, in state/secrets. */
#ifndef SECRET_H
#define SECRET_H

#include "platform.h"

/* Makes what the selected services name and does not exist yet: 32 letters and digits from the system's random source. */
int secret_ensure(const struct platform *p, const struct selection *sel, struct err *e);
/* The value; caller frees. ERR_CONFIG with the remedy when it was never made or the site's file cannot be read. */
char *secret_get(const struct platform *p, const char *name, struct err *e);
/* Where the value lies, for `endpoints`; caller frees. */
char *secret_path(const struct platform *p, const char *name);

#endif
