/*
 * Debian packages. A service's apt.txt names one a line; `a | b` is a choice: either will do, and the first that this release
 * of Debian has is installed. `#` starts a comment. The same form as setup/run.txt, and setup/packages.sh installs both.
 */
#ifndef APT_H
#define APT_H

#include <stdbool.h>

#include "err.h"
#include "strlist.h"

/* Adds the choices that a list names: "a" or "a | b". ERR_CONFIG with file:line on a malformed package name. */
int apt_parse(const char *name, const char *text, struct strlist *choices, struct err *e);
/* Reads such a file. */
int apt_load(const char *path, struct strlist *choices, struct err *e);

/* The Debian packages that are installed, of those that the choices name. Asks dpkg once; empty where there is no dpkg. */
void apt_installed(const struct strlist *choices, struct strlist *installed);
/* True when one of the packages of a choice is in the list. */
bool apt_satisfied(const char *choice, const struct strlist *installed);
/* True when one of the packages of the choice would bring this Java major (openjdk-17-jre-headless). */
bool apt_brings_java(const char *choice, int major);

#endif
