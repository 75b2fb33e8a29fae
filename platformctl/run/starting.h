/* What `up` and `restart` have in common: start, show, and on failure say why. */
#ifndef STARTING_H
#define STARTING_H

#include "platform.h"

struct starting_opts {
	int timeout_ms;
	bool json;
	bool timings; /* print start time, CPU seconds and memory of each service in the end */
	bool fresh;   /* restart what runs */
};

/*
 * Starts the selection and shows it (start.h, view.h). On failure the probe's last word and the last log lines of the service at
 * fault go to standard error. JSON: one document in the end.
 */
int starting_run(const struct platform *p, const struct selection *sel, const struct starting_opts *opts, struct err *e);

#endif
