/*
 * The runtimes that fetching may need: where Python and Go are, whether they are good enough, and where fetched ones go.
 * A JVM is host/java.h's business.
 */
#ifndef RUNTIMES_H
#define RUNTIMES_H

#include <stdbool.h>

#include "err.h"
#include "platform.h"

/* Debian's own Python, which every user can reach, else the one along $PATH; caller frees; NULL: none. */
char *runtimes_python(void);
/* True when this Python can make virtual environments with pip in them (Debian: python3-venv). Runs it. */
bool runtimes_python_has_venv(const char *python);

/* The version that a go.mod asks for ("go 1.26.0") as major * 1000 + minor: 1026; 0 when it does not say. */
int runtimes_go_wanted(const char *go_mod);
/* The same of a version as `go env GOVERSION` prints it: "go1.26.8". */
int runtimes_go_version(const char *text);
/* A go command that is at least that version: along $PATH, else the fetched one; caller frees; NULL: none. Runs it. */
char *runtimes_go(const struct platform *p, int wanted);

/* cache/runtimes/<name>, its lock under the catalogue's runtimes/, and whether it is there. Callers free. */
char *runtimes_dir(const struct platform *p, const char *name);
char *runtimes_java_lock(const struct platform *p, int major);
char *runtimes_go_lock(const struct platform *p);
bool runtimes_complete(const char *dir);

#endif
