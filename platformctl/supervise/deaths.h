/* How often a service has died lately: the basis of the back-off before a start and of giving up. One small file a service. */
#ifndef DEATHS_H
#define DEATHS_H

#include "platform.h"

/* As many deaths within this time and the service is `failed`. */
#define DEATHS_WINDOW_S 60
#define DEATHS_MAX 5

/* Notes one now; returns how many there were within the window, this one included. */
int deaths_add(const struct platform *p, const struct service *s);
/* How many there were within the window. */
int deaths_count(const struct platform *p, const struct service *s);
/* Milliseconds to wait before the next start: 0 at first, then 0.5 s doubling up to 8 s. */
int deaths_backoff_ms(int count);

#endif
