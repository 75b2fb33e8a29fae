/*
 * Progress of fetching for people: on a terminal a table that is redrawn in place, elsewhere (and with NO_COLOR or CI) one
 * plain line whenever a task does something else, and now and then how far a long download is.
 */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>

#include "fetch.h"

struct fetch_show;

/* Draws on `out` (borrowed). Never NULL. */
struct fetch_show *fetch_show_new(FILE *out);
/* Ends the drawing, leaving the last state on the screen, and frees. Accepts NULL. */
void fetch_show_free(struct fetch_show *show);
/* As fetch_opts.progress, with the show as argument. */
void fetch_show_event(const struct fetch_event *ev, void *show);

/* What a plan means, in a few lines: what is fetched, how much, which Debian packages, what is made afterwards. */
void fetch_show_plan(FILE *out, const struct fetch_plan *plan);

#endif
