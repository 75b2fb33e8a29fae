/* The single checks of the doctor; each adds the findings of its area. */
#ifndef DOCTOR_CHECKS_H
#define DOCTOR_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

#include "doctor.h"
#include "fetch.h"

/* What all of them look at. */
struct patient {
	const struct platform *platform;
	const struct selection *sel;
	const bool *running;           /* by the position in sel: the supervisor says that it is up */
	const char *proc;              /* "/proc" */
	const char *cgroup;            /* "/sys/fs/cgroup" */
	const struct fetch_plan *plan; /* what is to be fetched for them; NULL: not known */
	const char *user;              /* who will run the services, when that is not the caller; else NULL */
};

void doctor_tools(const struct patient *pt, struct findings *l);
void doctor_java(const struct patient *pt, struct findings *l);
void doctor_memory(const struct patient *pt, struct findings *l);
void doctor_folders(const struct patient *pt, struct findings *l);
void doctor_disk(const struct patient *pt, struct findings *l);
void doctor_ports(const struct patient *pt, struct findings *l);
void doctor_limits(const struct patient *pt, struct findings *l);
void doctor_clock(const struct patient *pt, struct findings *l);
void doctor_external(const struct patient *pt, struct findings *l);

/* An OK finding unless the area has one of its own since `before`. */
void doctor_fine(struct findings *l, size_t before, const char *area, char *text);
/* The path itself, or the nearest folder above it that exists; caller frees. */
char *doctor_existing(const char *path);
/* The first number in a file; fallback when it has none ("max") or is not there. */
int64_t doctor_number(const char *dir, const char *name, int64_t fallback);

#endif
