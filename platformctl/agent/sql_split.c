/* Skips over what may hold a semicolon, and stops at one that does not belong to it. */
#include "sql_split.h"

#include <ctype.h>
#include <string.h>

#include "banned.h"

/* Length of a name or number character run; bytes above 127 belong to names. */
static bool is_word(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

/* From behind an opening quote to behind the closing one; a doubled quote goes on. */
static size_t skip_quoted(const char *s, size_t at, size_t len, char quote, bool backslash)
{
	for (; at < len; at++) {
		if (backslash && s[at] == '\\')
			at++;
		else if (s[at] == quote && at + 1 < len && s[at + 1] == quote)
			at++;
		else if (s[at] == quote)
			return at + 1;
	}
	return len;
}

/* From behind the opening to behind the end of a block comment; PostgreSQL's nest. */
static size_t skip_comment(const char *s, size_t at, size_t len, bool nested)
{
	for (int depth = 1; at + 1 < len; at++) {
		if (s[at] == '*' && s[at + 1] == '/') {
			at++;
			if (--depth == 0)
				return at + 1;
		} else if (nested && s[at] == '/' && s[at + 1] == '*') {
			at++;
			depth++;
		}
	}
	return len;
}

/* $tag$ … $tag$ at the dollar: where it ends, or 0 when no dollar quote begins here ($1 is a parameter). */
static size_t skip_dollar_quoted(const char *s, size_t at, size_t len)
{
	size_t tag = at + 1, tag_len;

	while (tag < len && is_word((unsigned char)s[tag]))
		tag++;
	if (tag == len || s[tag] != '$' || isdigit((unsigned char)s[at + 1]))
		return 0;
	tag_len = tag + 1 - at;
	for (size_t i = tag + 1; i + tag_len <= len; i++)
		if (memcmp(s + i, s + at, tag_len) == 0)
			return i + tag_len;
	return len;
}

/* Where the blank or comment at `at` ends; `at` itself when there is none. */
static size_t skip_blank(enum sql_dialect dialect, const char *s, size_t at, size_t len)
{
	if (isspace((unsigned char)s[at]))
		return at + 1;
	if (at + 1 < len && s[at] == '-' && s[at + 1] == '-') {
		while (at < len && s[at] != '\n')
			at++;
		return at;
	}
	if (at + 1 < len && s[at] == '/' && s[at + 1] == '*')
		return skip_comment(s, at + 2, len, dialect == SQL_POSTGRES);
	return at;
}

/* Where the token at `at` ends: a string, a quoted name, a word, or one byte. */
static size_t skip_token(enum sql_dialect dialect, const char *s, size_t at, size_t len)
{
	bool postgres = dialect == SQL_POSTGRES;
	size_t end;

	if (s[at] == '\'' || s[at] == '"')
		return skip_quoted(s, at + 1, len, s[at], false);
	if (postgres && (s[at] == 'E' || s[at] == 'e') && at + 1 < len && s[at + 1] == '\'')
		return skip_quoted(s, at + 2, len, '\'', true);
	if (postgres && s[at] == '$' && (end = skip_dollar_quoted(s, at, len)) > 0)
		return end;
	for (end = at; end < len && is_word((unsigned char)s[end]); end++)
		;
	return end > at ? end : at + 1;
}

struct sql_piece sql_split(enum sql_dialect dialect, const char *input, size_t len)
{
	struct sql_piece piece = {.text = input};
	size_t at = 0, start, end, next;

	while (at < len && (next = skip_blank(dialect, input, at, len)) > at)
		at = next;
	start = end = at;
	while (at < len && input[at] != ';') {
		next = skip_blank(dialect, input, at, len);
		if (next == at)
			end = next = skip_token(dialect, input, at, len);
		at = next;
	}
	piece.text = input + start;
	piece.len = end - start;
	piece.ended = at < len;
	piece.next = piece.ended ? at + 1 : len;
	return piece;
}

void sql_place(const char *text, size_t at, int *ret_line, int *ret_column)
{
	*ret_line = *ret_column = 1;
	for (; at > 0 && *text; at--) {
		if (*text == '\n') {
			++*ret_line;
			*ret_column = 0;
		}
		++*ret_column;
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	}
}
