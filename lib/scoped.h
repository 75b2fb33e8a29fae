/*
 * Cleanup attributes: a local that owns something says so where it is declared, and ownership leaves by take_ptr().
 *
 *     scoped_free char *path = str_dup(name);
 *     ...
 *     return take_ptr(&path);
 *
 * Every destructor named here accepts NULL and half-built objects.
 */
#ifndef SCOPED_H
#define SCOPED_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scoped_free_p(void *p)
{
	free(*(void **)p);
}

static inline void scoped_close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void scoped_fclose_p(FILE **f)
{
	if (*f)
		fclose(*f);
}

#define scoped(destructor) __attribute__((cleanup(destructor)))
#define scoped_free scoped(scoped_free_p)
#define scoped_close scoped(scoped_close_p)
#define scoped_fclose scoped(scoped_fclose_p)

/* Returns *p and sets it to NULL: hands ownership out of a scope. */
#define take_ptr(p)                                                                                                    \
	({                                                                                                             \
		__typeof__(*(p)) taken_ = *(p);                                                                        \
		*(p) = NULL;                                                                                           \
		taken_;                                                                                                \
	})

#endif
