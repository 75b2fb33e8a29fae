/*
 * An SQL script cut into statements, with psql's quoted variables put in: :'name' becomes a string literal, :"name" an
 * identifier. Nothing else is touched: variables inside string literals, quoted identifiers, comments and dollar quotes stay as
 * they are, and so do casts (::), array slices and :name without quotes. The cut is made as psql makes it: at a
 * semicolon outside of parentheses and of the BEGIN ATOMIC … END body of an SQL function.
 */
#ifndef SQLSCRIPT_H
#define SQLSCRIPT_H

#include <stddef.h>

#include "err.h"

struct sqlscript_var {
	const char *name;
	const char *value;
};

struct sqlscript_statement {
	char *text; /* from its first word on, without the semicolon */
	int line;   /* where that word stands in the file, from 1 */
};

struct sqlscript {
	struct sqlscript_statement *items;
	size_t n;
	size_t alloc;
};

/*
 * Cuts `text` up; `file` is for messages, vars end with a NULL name. ERR_CONFIG with file:line for an unknown variable, for
 * a quote, comment or parenthesis that is not closed, and for commands of psql. Starts from {0}; the caller releases.
 */
int sqlscript_parse(const char *file, const char *text, const struct sqlscript_var *vars, struct sqlscript *ret,
                    struct err *e);
void sqlscript_release(struct sqlscript *s);
/* The line of the file where character `position` (from 1, as PostgreSQL counts; 0: unknown) of a statement stands. */
int sqlscript_line(const struct sqlscript_statement *s, int position);

#endif
