/*
 * The supervisor: s6 (skarnet.org/software/s6). One s6-svscan watches state/supervise, one s6-supervise keeps each service's
 * process, one s6-log writes and rotates its log. We write the service folders, send commands and read states; restarting,
 * stopping by signal and deadline, and logging are s6's.
 *
 * A service folder's `run` is `platformctl exec <service>`, its `finish` `platformctl finished <service> …`, which ends what is
 * left of the process and makes a service that died too often `failed` (s6's permanent failure, exit 125).
 */
#ifndef S6_H
#define S6_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "platform.h"

struct s6_state {
	bool supervised;  /* an s6-supervise is there */
	bool up;
	bool wanted;      /* the supervisor is to keep it up */
	int pid;          /* of the service's process, or of its finish script; -1: none */
	int exit_code;    /* of the last end; -1: none, or a signal */
	char signal[16];  /* of the last end: "SIGKILL"; "" */
	int64_t seconds;  /* in this state */
	char failed[256]; /* why it will not be started again; "" */
};

/* Starts s6-svscan on the state folder, detached, unless it runs. ERR_MISSING when s6 is not installed. Blocks for a moment. */
int s6_start(const struct platform *p, struct err *e);
bool s6_running(const struct platform *p);
/* Writes the service's folder and waits until it is supervised (down). Idempotent. */
int s6_install(const struct platform *p, const struct service *s, struct err *e);
/* Asks for up, forgetting earlier failures; down; or an end and a new start. They do not wait. */
int s6_up(const struct platform *p, const struct service *s, struct err *e);
int s6_down(const struct platform *p, const struct service *s, struct err *e);
/* Blocks for some milliseconds; never fails: what is unknown is false. */
void s6_state(const struct platform *p, const struct service *s, struct s6_state *ret);
/* True when the service has a folder: some `up` has started it. */
bool s6_installed(const struct platform *p, const struct service *s);
/*
 * Ends every supervisor (which ends what it still keeps), waits, kills what is left of ours. The service folders stay.
 * ERR_TIMEOUT when something would not go by the deadline.
 */
int s6_stop_all(const struct platform *p, int timeout_ms, struct err *e);

#endif
