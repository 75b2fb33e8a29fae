/*
 * Where one SQL statement ends and the next begins: at a semicolon that stands in no string, quoted name, comment or, for
 * PostgreSQL, dollar quote. The text is not understood beyond that; a routine body with semicolons of its own (BEGIN ATOMIC)
 * has to be sent alone.
 */
#ifndef SQL_SPLIT_H
#define SQL_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

enum sql_dialect { SQL_TRINO, SQL_POSTGRES };

struct sql_piece {
	const char *text; /* borrowed: the first byte that is neither blank nor comment */
	size_t len;       /* without the semicolon and the blanks before it; 0: nothing was left but blanks and comments */
	size_t next;      /* where to go on, from the beginning of the input */
	bool ended;       /* a semicolon ended it; else the input did, perhaps within a string */
};

/* The first statement of the input. */
struct sql_piece sql_split(enum sql_dialect dialect, const char *input, size_t len);
/* Line and column, both from 1, of the character that `at` (from 0) others stand before. UTF-8. */
void sql_place(const char *text, size_t at, int *ret_line, int *ret_column);

#endif
