/*
 * What went wrong, in a form that tells the caller what to do about it.
 *
 * A function that can fail returns 0 or -1 (or a pointer or NULL), takes a `struct err *` as its last parameter, and on
 * failure fills it and leaves its other outputs untouched. The kind names the reaction, the message the cause, and the
 * remedy what a person can do. Running out of memory aborts; it is never reported.
 */
#ifndef ERR_H
#define ERR_H

enum err_kind {
	ERR_NONE = 0,
	ERR_RETRY,    /* the other side is away or busy: the same call may succeed later */
	ERR_CONFLICT, /* somebody else was first: refresh and redo */
	ERR_DATA,     /* one bad record or answer: skip, report or dead-letter it */
	ERR_CONFIG,   /* the user's input is wrong: file, option, name (exit 3; on the command line exit 2) */
	ERR_USAGE,    /* the command line is wrong (exit 2) */
	ERR_MISSING,  /* a prerequisite is missing: tool, memory, disk, port, package (exit 4) */
	ERR_SERVICE,  /* a service failed (exit 5) */
	ERR_TIMEOUT,  /* a deadline passed (exit 6) */
	ERR_NO,       /* the answer is no: unhealthy, differs (exit 1) */
	ERR_FATAL,    /* an internal error (exit 7) */
};

struct err {
	enum err_kind kind;
	char msg[1024];   /* one line, no trailing full stop or newline, never a secret */
	char remedy[512]; /* one line: what to do; may be empty */
};

/* An err ready for use: `struct err e = ERR_INIT;` */
#define ERR_INIT {.kind = ERR_NONE}

/* Fills *e; returns -1, so that `return err_set(e, ERR_DATA, "…")` is the whole failure path. Keeps no remedy. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the text of errno appended; preserves errno. */
int err_sys(struct err *e, enum err_kind kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Says what to do about an error that was just set; returns -1. */
int err_remedy(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " before the message; returns -1. */
int err_prefix(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The exit code of DESIGN's one list for a kind: 0 done, 1 no, 2 usage, 3 configuration, 4 prerequisite, 5 service, 6 timeout, 7 internal. */
int err_exit_code(const struct err *e);

/* The kind as a stable lower-case word for logs and JSON. */
const char *err_kind_name(enum err_kind kind);

#endif
