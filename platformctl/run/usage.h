/* What a service's processes have used: read from /proc, for `up --timings` and `status`. */
#ifndef USAGE_H
#define USAGE_H

#include <stdint.h>

struct usage {
	double cpu_s;      /* user and system time of the process and all below it, ended children included */
	int64_t rss_bytes; /* resident set, summed over the processes */
	int64_t pss_bytes; /* the same with shared pages divided among their users; -1 when it may not be read */
	int processes;
};

/* Sums over `pid` and its descendants. All zero when it is gone. */
void usage_of(int pid, struct usage *ret);

#endif
