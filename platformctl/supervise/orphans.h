/*
 * Processes that a service left behind. Every process of a service inherits DATAFLOW_SERVICE=<state>/<service> in its
 * environment, so what is ours is found whatever session, group or parent it has.
 */
#ifndef ORPHANS_H
#define ORPHANS_H

#define ORPHANS_VARIABLE "DATAFLOW_SERVICE"

/*
 * Kills (SIGKILL) every process but the caller that carries the mark of the service, or of any service of this state folder
 * when service is NULL. Returns how many there were. Reads /proc; blocks for some milliseconds.
 */
int orphans_kill(const char *state, const char *service);

#endif
