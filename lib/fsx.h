/* Files and folders: whole-file reads and writes that are atomic where it matters, trees that are made and removed. All block. */
#ifndef FSX_H
#define FSX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"
#include "strbuf.h"

/* Adds the whole file to out. Missing file: ERR_MISSING. */
int fsx_read(const char *path, struct strbuf *out, struct err *e);
/*
 * Replaces the file atomically: temporary file beside it, mode, fsync, rename. A crash leaves the old or the new content.
 * ERR_FATAL with the errno text; a full disk and a read-only folder carry a remedy.
 */
int fsx_write(const char *path, const void *data, size_t len, mode_t mode, struct err *e);
int fsx_write_str(const char *path, const char *text, mode_t mode, struct err *e);
/* mkdir -p; the folders that it makes get the mode. Fine when it exists. */
int fsx_mkdirs(const char *path, mode_t mode, struct err *e);
/* rm -rf, never across a symbolic link, also through folders that their owner made read-only; fine when it does not exist. */
int fsx_remove_tree(const char *path, struct err *e);
/* cp -R of regular files, folders and symbolic links, modes kept; merges into folders that exist, replaces files. */
int fsx_copy_tree(const char *from, const char *to, struct err *e);
/* Hard link, or a copy where the file system cannot link; replaces `to`; makes its folder. */
int fsx_link_or_copy(const char *from, const char *to, struct err *e);
/* chown -R; nothing to do (0) when not root. */
int fsx_chown_tree(const char *path, uid_t uid, gid_t gid, struct err *e);
bool fsx_exists(const char *path);
bool fsx_is_dir(const char *path);
/* True when the folder is missing or has no entry. */
bool fsx_is_empty_dir(const char *path);
/* Bytes of all regular files below path (their lengths, not the blocks they take), -1 when it does not exist. */
int64_t fsx_tree_bytes(const char *path);
/* Lower-case hexadecimal SHA-256 of a file's content, 64 characters and NUL. */
int fsx_sha256(const char *path, char ret_hex[65], struct err *e);
/* Path of an executable found along $PATH (or name itself when it holds a slash); caller frees; NULL when there is none. */
char *fsx_which(const char *name);
/* a/b from "a" and "b", with one slash between them; caller frees. */
char *fsx_join(const char *a, const char *b);

#endif
