/* Single files: whole reads, atomic writes, checksums, and paths. */
#include "fsx.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scoped.h"
#include "strlist.h"

#include "banned.h"

/* Everything before the last slash: "." when there is none, "/" for a file of the root folder; caller frees. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* An error of writing, from errno, with the remedy that a person can act on. */
static int write_err(struct err *e, const char *verb, const char *path)
{
	int saved = errno;
	scoped_free char *folder = folder_of(path);

	errno = saved;
	err_sys(e, ERR_FATAL, "cannot %s %s", verb, path);
	if (saved == ENOSPC || saved == EDQUOT)
		return err_remedy(e, "free space on the file system that holds %s, then try again", folder);
	if (saved == EACCES || saved == EPERM || saved == EROFS)
		return err_remedy(e, "make the folder %s writable for this user, or choose another place", folder);
	return -1;
}

static int open_err(struct err *e, const char *path)
{
	return err_sys(e, errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_FATAL, "cannot read %s", path);
}

int fsx_read(const char *path, struct strbuf *out, struct err *e)
{
	scoped_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped(strbuf_release) struct strbuf content = STRBUF_INIT;
	ssize_t n;

	if (fd < 0)
		return open_err(e, path);
	do {
		strbuf_grow(&content, 16384);
		n = read(fd, content.buf + content.len, content.alloc - content.len - 1);
		if (n < 0 && errno != EINTR)
			return err_sys(e, ERR_FATAL, "cannot read %s", path);
		if (n > 0) {
			content.len += (size_t)n;
			content.buf[content.len] = '\0';
		}
	} while (n != 0);
	strbuf_add(out, content.buf, content.len);
	return 0;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The new name itself is durable only once its folder is. Some file systems cannot, and then nothing better is to be had. */
static void sync_folder_of(const char *path)
{
	scoped_free char *folder = folder_of(path);
	scoped_close int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0)
		(void)fsync(fd);
}

int fsx_write(const char *path, const void *data, size_t len, mode_t mode, struct err *e)
{
	scoped_free char *temporary = xstrf("%s.XXXXXX", path);
	scoped_close int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0)
		return write_err(e, "write", path);
	if (fchmod(fd, mode) < 0 || write_all(fd, data, len) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		write_err(e, "write", path);
		unlink(temporary);
		return -1;
	}
	sync_folder_of(path);
	return 0;
}

int fsx_write_str(const char *path, const char *text, mode_t mode, struct err *e)
{
	return fsx_write(path, text, strlen(text), mode, e);
}

static int make_folder(const char *path, mode_t mode, struct err *e)
{
	/* chmod, since the umask has its say in mkdir. */
	if (mkdir(path, mode) == 0)
		return chmod(path, mode) == 0 ? 0 : write_err(e, "set the mode of", path);
	if (errno != EEXIST)
		return write_err(e, "make the folder", path);
	if (!fsx_is_dir(path))
		return err_set(e, ERR_FATAL, "%s is in the way: it is no folder", path);
	return 0;
}

int fsx_mkdirs(const char *path, mode_t mode, struct err *e)
{
	scoped_free char *upto = xstrdup(path);

	/* Mostly it is there, and its parents need not be writable or even readable. */
	if (fsx_is_dir(path))
		return 0;
	for (char *slash = strchr(upto + 1, '/'); *upto && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (!fsx_is_dir(upto) && make_folder(upto, mode, e) < 0)
			return -1;
		*slash = '/';
	}
	return make_folder(upto, mode, e);
}

bool fsx_exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0;
}

bool fsx_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void evp_md_ctx_free_p(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

int fsx_sha256(const char *path, char ret_hex[65], struct err *e)
{
	enum { CHUNK = 1 << 16 };
	scoped_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	scoped(evp_md_ctx_free_p) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	scoped_free unsigned char *chunk = xmalloc(CHUNK);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int digest_len = 0;
	ssize_t n;

	if (fd < 0)
		return open_err(e, path);
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		return err_set(e, ERR_FATAL, "OpenSSL offers no SHA-256");
	while ((n = read(fd, chunk, CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, ERR_FATAL, "cannot read %s", path);
		EVP_DigestUpdate(ctx, chunk, (size_t)n);
	}
	EVP_DigestFinal_ex(ctx, digest, &digest_len);
	for (unsigned int i = 0; i < digest_len; i++) {
		ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	ret_hex[2 * digest_len] = '\0';
	return 0;
}

static bool is_executable_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

char *fsx_which(const char *name)
{
	const char *path = getenv("PATH");
	scoped(strlist_release) struct strlist folders = {0};

	if (strchr(name, '/'))
		return is_executable_file(name) ? xstrdup(name) : NULL;
	if (!*name || !path)
		return NULL;
	strlist_split(&folders, path, ":");
	for (size_t i = 0; i < folders.n; i++) {
		scoped_free char *candidate = fsx_join(folders.items[i], name);

		if (is_executable_file(candidate))
			return take_ptr(&candidate);
	}
	return NULL;
}

char *fsx_join(const char *a, const char *b)
{
	size_t len = strlen(a);

	while (len > 1 && a[len - 1] == '/')
		len--;
	while (*b == '/')
		b++;
	if (!*b)
		return xstrndup(a, len);
	if (len == 0)
		return xstrdup(b);
	return xstrf("%.*s%s%s", (int)len, a, a[len - 1] == '/' ? "" : "/", b);
}
