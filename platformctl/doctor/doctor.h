/*
 * Whether this machine can run the selected services: every hindrance is found before anything is fetched or started,
 * and each says what to do about it. Looks, changes nothing; asks external services for a TCP connection (2 s at most
 * each).
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include <stddef.h>

#include "platform.h"

enum finding_level {
	FINDING_OK,
	FINDING_WARN, /* it will work, less well */
	FINDING_FAIL, /* `up` would fail */
};

struct finding {
	enum finding_level level;
	const char
	    *area; /* "tools", "java", "memory", "disk", "ports", "limits", "clock", "folders", "external"; static */
	char *text;
	char *remedy; /* "" where there is nothing to do */
};

/* Starts as {0}. */
struct findings {
	struct finding *items;
	size_t n;
};

/* Checks for the selected services; every area has one finding at least. Blocks for some 10 ms. -1 only on internal
 * errors. */
int doctor_run(const struct platform *p, const struct selection *sel, struct findings *ret, struct err *e);
void findings_release(struct findings *l);
/* How many are FINDING_FAIL. */
size_t findings_failed(const struct findings *l);
/* "ok", "warn", "fail". */
const char *finding_level_name(enum finding_level level);
/* ERR_MISSING that names the first failure with its remedy, and how many more there are; returns -1. For `up`. */
int findings_err(const struct findings *l, struct err *e);

/* One more finding; text and remedy are taken over (NULL remedy: none). For the checks. */
void findings_add(struct findings *l, enum finding_level level, const char *area, char *text, char *remedy);

#endif
