/*
 * events.jsonl in the state folder: one JSON line for every change of a service's state, appended with one write, so that
 * writers need no lock. {"ts":"2026-11-22T17:53:01.123Z","service":"kafka","state":"ready","reason":"…"}
 */
#ifndef EVENTS_H
#define EVENTS_H

#include "paths.h"

/* `service` may be NULL for the platform as a whole. A line that cannot be written is lost, and said so on stderr: events are a record, not a store. */
void events_add(const struct paths *paths, const char *service, const char *state, const char *reason);

#endif
