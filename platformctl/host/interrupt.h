/* Ctrl-C and TERM: the first asks for a clean end, the second ends at once. */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stdbool.h>

#include "err.h"

void interrupt_install(void);
/* True after the first signal. */
bool interrupt_seen(void);
/* Fills e with ERR_TIMEOUT "interrupted"; returns -1. */
int interrupt_err(struct err *e);

#endif
