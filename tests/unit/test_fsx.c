/* fsx: atomic writes, trees, symbolic links, hard links, checksums, paths. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fsx.h"
#include "scoped.h"

#include "banned.h"

/* Each test has a fresh folder: its working directory, so that paths in it are short. */
static int enter_folder(void **state)
{
	char *folder = xstrdup("/tmp/test_fsx.XXXXXX");

	umask(022);
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return -1;
	*state = folder;
	return 0;
}

static int leave_folder(void **state)
{
	struct err e = ERR_INIT;
	int rc = chdir("/") < 0 ? -1 : fsx_remove_tree(*state, &e);

	free(*state);
	return rc;
}

static void put(const char *path, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(fsx_write_str(path, text, 0644, &e), 0);
}

static void assert_content(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	assert_int_equal(fsx_read(path, &sb, &e), 0);
	assert_string_equal(sb.buf, text);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static ino_t inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

static void reading_adds_the_whole_file(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;
	scoped_free char *large = xcalloc(1, 100000);

	(void)state;
	memset(large, 'x', 100000);
	assert_int_equal(fsx_write("large", large, 100000, 0644, &e), 0);
	strbuf_addstr(&sb, ">");
	assert_int_equal(fsx_read("large", &sb, &e), 0);
	assert_int_equal(sb.len, 100001);
	assert_memory_equal(sb.buf + 1, large, 100000);
	assert_int_equal(sb.buf[sb.len], 0);
}

static void unreadable_things_are_errors(void **state)
{
	struct err e = ERR_INIT;
	scoped(strbuf_release) struct strbuf sb = STRBUF_INIT;

	(void)state;
	strbuf_addstr(&sb, "kept");
	assert_int_equal(fsx_read("absent", &sb, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_non_null(strstr(e.msg, "absent"));
	assert_int_equal(fsx_read(".", &sb, &e), -1);
	assert_int_equal(e.kind, ERR_FATAL);
	assert_string_equal(sb.buf, "kept");
}

static void writing_replaces_and_leaves_nothing_beside(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	put("f", "old");
	assert_int_equal(link("f", "other-name"), 0);
	assert_int_equal(fsx_write_str("f", "new", 0640, &e), 0);
	assert_content("f", "new");
	assert_content("other-name", "old"); /* replaced, not overwritten */
	assert_int_equal(mode_of("f"), 0640);
	assert_int_equal(unlink("f"), 0);
	assert_int_equal(unlink("other-name"), 0);
	assert_true(fsx_is_empty_dir("."));
}

static void a_failed_write_keeps_the_old_file(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkdir("f", 0755), 0); /* rename(2) cannot put a file over a folder */
	assert_int_equal(fsx_write_str("f", "new", 0644, &e), -1);
	assert_int_equal(e.kind, ERR_FATAL);
	assert_true(fsx_is_dir("f"));
	assert_int_equal(rmdir("f"), 0);
	assert_true(fsx_is_empty_dir("."));
	assert_int_equal(fsx_write_str("absent/f", "new", 0644, &e), -1);
}

static void a_folder_that_refuses_has_a_remedy(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	/* /proc refuses root as well. */
	assert_int_equal(fsx_mkdirs("/proc/dataflow/x", 0755, &e), -1);
	assert_int_equal(e.kind, ERR_FATAL);
	if (geteuid() != 0) {
		assert_int_equal(fsx_write_str("/f", "x", 0644, &e), -1);
		assert_non_null(strstr(e.remedy, "writable"));
	}
}

/* A limit on file sizes fails in the middle of writing, as a full disk does, and any user may set it. */
static void a_write_that_breaks_off_changes_nothing(void **state)
{
	struct err e = ERR_INIT;
	struct rlimit before, small;
	char bytes[4096] = {0};
	int rc;

	(void)state;
	put("f", "old");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 1000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	rc = fsx_write("f", bytes, sizeof(bytes), 0644, &e);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(e.msg, "File too large"));
	assert_content("f", "old");
	assert_int_equal(unlink("f"), 0);
	assert_true(fsx_is_empty_dir("."));
}

static void folders_are_made_on_the_way(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	umask(077);
	assert_int_equal(fsx_mkdirs("a/b//c/", 0755, &e), 0);
	umask(022);
	assert_int_equal(mode_of("a"), 0755);
	assert_int_equal(mode_of("a/b/c"), 0755);
	assert_int_equal(fsx_mkdirs("a/b/c", 0700, &e), 0);
	assert_int_equal(mode_of("a/b/c"), 0755); /* what was there keeps its mode */
	put("a/file", "");
	assert_int_equal(fsx_mkdirs("a/file/d", 0755, &e), -1);
	assert_non_null(strstr(e.msg, "a/file"));
	assert_int_equal(fsx_mkdirs("a/file", 0755, &e), -1);
}

/* A tree with all that trees have: folders, files, links to within and without, a locked folder. */
static void make_tree(void)
{
	struct err e = ERR_INIT;

	assert_int_equal(fsx_mkdirs("outside", 0755, &e), 0);
	put("outside/precious", "12345");
	assert_int_equal(fsx_mkdirs("tree/sub/deep", 0755, &e), 0);
	put("tree/a", "abc");
	put("tree/sub/deep/b", "defg");
	assert_int_equal(chmod("tree/a", 0640), 0);
	assert_int_equal(symlink("../outside", "tree/link"), 0);
	assert_int_equal(symlink("nowhere", "tree/dangling"), 0);
	assert_int_equal(mkfifo("tree/fifo", 0600), 0);
	assert_int_equal(chmod("tree/sub/deep", 0555), 0);
}

static void removing_stops_at_symbolic_links(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	make_tree();
	assert_int_equal(fsx_remove_tree("tree", &e), 0);
	assert_false(fsx_exists("tree"));
	assert_content("outside/precious", "12345");
	assert_int_equal(fsx_remove_tree("tree", &e), 0); /* fine when it is gone */
	assert_int_equal(symlink("outside", "link"), 0);
	assert_int_equal(fsx_remove_tree("link/", &e), 0);
	assert_int_equal(access("link", F_OK), -1);
	assert_content("outside/precious", "12345");
	assert_int_equal(fsx_remove_tree("outside/precious", &e), 0);
	assert_true(fsx_is_empty_dir("outside"));
}

static void copying_a_tree(void **state)
{
	struct err e = ERR_INIT;
	char target[64] = "";

	(void)state;
	make_tree();
	assert_int_equal(fsx_copy_tree("tree", "copy", &e), 0);
	assert_content("copy/a", "abc");
	assert_content("copy/sub/deep/b", "defg");
	assert_int_equal(mode_of("copy/a"), 0640);
	assert_int_equal(mode_of("copy/sub/deep"), 0555);
	assert_int_equal(readlink("copy/link", target, sizeof(target) - 1), 10);
	assert_string_equal(target, "../outside");
	assert_int_equal(access("copy/fifo", F_OK), -1);
	assert_int_equal(fsx_copy_tree("absent", "copy2", &e), -1);
	assert_non_null(strstr(e.msg, "absent"));
}

static void copying_never_writes_through_other_names(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	put("new", "new");
	put("cached", "old");
	assert_int_equal(link("cached", "target"), 0);
	assert_int_equal(fsx_copy_tree("new", "target", &e), 0);
	assert_content("target", "new");
	assert_content("cached", "old");
}

static void linking_shares_the_file(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	put("from", "x");
	assert_int_equal(fsx_link_or_copy("from", "made/on/the/way", &e), 0);
	assert_int_equal(inode_of("from"), inode_of("made/on/the/way"));
	/* Again, and with itself: nothing is lost. */
	assert_int_equal(fsx_link_or_copy("from", "made/on/the/way", &e), 0);
	assert_int_equal(fsx_link_or_copy("from", "from", &e), 0);
	assert_content("from", "x");
	put("other", "y");
	assert_int_equal(fsx_link_or_copy("other", "made/on/the/way", &e), 0);
	assert_content("made/on/the/way", "y");
	assert_content("from", "x");
	assert_int_equal(symlink("other", "alias"), 0);
	assert_int_equal(fsx_link_or_copy("alias", "t", &e), 0);
	assert_int_equal(inode_of("other"), inode_of("t"));
	assert_int_equal(fsx_link_or_copy("absent", "t", &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
	assert_content("t", "y");
}

static void linking_copies_between_file_systems(void **state)
{
	struct err e = ERR_INIT;
	struct stat here, there;
	scoped_free char *far = xstrf("/dev/shm/test_fsx.%d", (int)getpid());

	(void)state;
	if (stat(".", &here) < 0 || stat("/dev/shm", &there) < 0 || here.st_dev == there.st_dev ||
	    access("/dev/shm", W_OK) < 0)
		skip();
	put("from", "far");
	assert_int_equal(fsx_link_or_copy("from", far, &e), 0);
	assert_content(far, "far");
	assert_int_equal(unlink(far), 0);
}

static void owners_of_a_tree(void **state)
{
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	make_tree();
	assert_int_equal(fsx_chown_tree("tree", 12345, 12346, &e), 0);
	assert_int_equal(lstat("tree/sub/deep/b", &st), 0);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
	assert_int_equal(lstat("tree/link", &st), 0);
	assert_int_equal(st.st_uid, geteuid() == 0 ? 12345 : geteuid());
	assert_int_equal(lstat("outside/precious", &st), 0);
	assert_int_equal(st.st_uid, geteuid());
}

static void sizes_and_emptiness(void **state)
{
	(void)state;
	make_tree();
	assert_int_equal(fsx_tree_bytes("tree"), 7);
	assert_int_equal(fsx_tree_bytes("tree/a"), 3);
	assert_int_equal(fsx_tree_bytes("absent"), -1);
	assert_true(fsx_is_empty_dir("absent"));
	assert_false(fsx_is_empty_dir("tree"));
	assert_false(fsx_is_empty_dir("tree/a"));
	assert_true(fsx_is_dir("tree"));
	assert_true(fsx_is_dir("tree/link"));
	assert_false(fsx_is_dir("tree/a"));
	assert_true(fsx_exists("tree/a"));
	assert_false(fsx_exists("tree/dangling"));
}

static void checksums(void **state)
{
	/* FIPS 180-2, appendix B, and the empty message. */
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	struct err e = ERR_INIT;
	char hex[65];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put("f", cases[i].text);
		assert_int_equal(fsx_sha256("f", hex, &e), 0);
		assert_string_equal(hex, cases[i].hex);
	}
	assert_int_equal(fsx_sha256("absent", hex, &e), -1);
	assert_int_equal(e.kind, ERR_MISSING);
}

static void finding_executables(void **state)
{
	scoped_free char *path = xstrdup(getenv("PATH"));
	scoped_free char *here = xstrf("%s/one::%s/two", (char *)*state, (char *)*state);
	scoped_free char *expected = xstrf("%s/two/tool", (char *)*state);
	scoped_free char *found = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(fsx_mkdirs("one/folder", 0755, &e) | fsx_mkdirs("two", 0755, &e), 0);
	put("one/tool", "not executable");
	put("two/tool", "#!/bin/sh\n");
	assert_int_equal(chmod("two/tool", 0755), 0);
	assert_int_equal(setenv("PATH", here, 1), 0);
	found = fsx_which("tool");
	assert_non_null(found);
	assert_string_equal(found, expected);
	assert_null(fsx_which("folder"));
	assert_null(fsx_which("absent"));
	assert_null(fsx_which(""));
	assert_null(fsx_which("one/tool"));
	free(found);
	found = fsx_which("two/tool");
	assert_string_equal(found, "two/tool");
	assert_int_equal(setenv("PATH", path, 1), 0);
}

static void joining_paths(void **state)
{
	static const struct {
		const char *a, *b, *joined;
	} cases[] = {
		{"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"a//", "/b", "a/b"}, {"/", "b", "/b"},
		{"a", "", "a"},    {"", "b", "b"},     {"/", "", "/"},       {"a/b", "c/d", "a/b/c/d"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		scoped_free char *joined = fsx_join(cases[i].a, cases[i].b);

		assert_string_equal(joined, cases[i].joined);
	}
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(reading_adds_the_whole_file),
		IN_FOLDER(unreadable_things_are_errors),
		IN_FOLDER(writing_replaces_and_leaves_nothing_beside),
		IN_FOLDER(a_failed_write_keeps_the_old_file),
		IN_FOLDER(a_folder_that_refuses_has_a_remedy),
		IN_FOLDER(a_write_that_breaks_off_changes_nothing),
		IN_FOLDER(folders_are_made_on_the_way),
		IN_FOLDER(removing_stops_at_symbolic_links),
		IN_FOLDER(copying_a_tree),
		IN_FOLDER(copying_never_writes_through_other_names),
		IN_FOLDER(linking_shares_the_file),
		IN_FOLDER(linking_copies_between_file_systems),
		IN_FOLDER(owners_of_a_tree),
		IN_FOLDER(sizes_and_emptiness),
		IN_FOLDER(checksums),
		IN_FOLDER(finding_executables),
		IN_FOLDER(joining_paths),
	};

	return cmocka_run_group_tests_name("fsx", tests, NULL, NULL);
}
