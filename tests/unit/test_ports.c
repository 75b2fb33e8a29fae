/* ports: listeners and their processes, from a /proc made by hand and from the real one. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ports.h"
#include "scratch.h"

#include "banned.h"

#define HEAD "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define TAIL " 00000000:00000000 00:00000000 00000000   100        0 "

/* Ports: 0x1389 = 5001, 0x138A = 5002 … */
static const char tcp[] =
    HEAD "   0: 0100007F:1389 00000000:0000 0A" TAIL "111 1 0000000000000000 100 0 0 10 0\n" /* 127.0.0.1, listens */
	 "   1: 0100007F:138A 0100007F:9999 01" TAIL "222 1 0000000000000000\n"              /* established */
	 "   2: 00000000:138B 00000000:0000 0A" TAIL "333 1 0000000000000000\n"              /* any address */
	 "   3: 0A00000A:138C 00000000:0000 0A" TAIL "444 1 0000000000000000\n"              /* 10.0.0.10 only */
	 "broken line\n";
static const char tcp6[] = HEAD
    "   0: 00000000000000000000000000000000:138D 00000000000000000000000000000000:0000 0A" TAIL "555 1 0\n" /* any */
    "   1: 0000000000000000FFFF00000100007F:138E 00000000000000000000000000000000:0000 0A" TAIL
    "666 1 0\n" /* ::ffff:127.0.0.1 */
    "   2: 00000000000000000000000001000000:138F 00000000000000000000000000000000:0000 0A" TAIL "777 1 0\n" /* ::1 */
    "   3: B80D0120000000000000000001000000:1390 00000000000000000000000000000000:0000 0A" TAIL
    "888 1 0\n"; /* 2001:db8::1 */

static char *fake_proc(void)
{
	char *dir = scratch_new();
	scoped_free char *fd = fsx_join(dir, "42/fd/7"), *cmdline = fsx_join(dir, "42/cmdline"),
			 *env = fsx_join(dir, "42/environ");
	struct err e = ERR_INIT;

	scratch_put(dir, "net/tcp", tcp);
	scratch_put(dir, "net/tcp6", tcp6);
	scratch_put(dir, "42/fd/0", "");
	assert_int_equal(symlink("socket:[111]", fd), 0);
	assert_int_equal(fsx_write(cmdline, "/usr/bin/java\0-Xmx1g\0a\033b", 25, 0644, &e), 0);
	assert_int_equal(fsx_write(env, "HOME=/\0MARK=/state/kafka\0XMARK=no", 33, 0644, &e), 0);
	return dir;
}

static void who_is_in_the_way(void **state)
{
	static const struct {
		int port;
		bool held;
		uint64_t inode;
	} cases[] = {
	    {5001, true, 111}, {5002, false, 0},  {5003, true, 333}, {5004, false, 0}, {5005, true, 555},
	    {5006, true, 666}, {5007, true, 777}, {5008, false, 0},  {5009, false, 0}, {39321, false, 0},
	};
	scoped(scratch_free) char *proc = fake_proc();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct port_holder holder = {0};

		if (ports_holder(proc, cases[i].port, &holder) != cases[i].held)
			fail_msg("port %d", cases[i].port);
		assert_int_equal(holder.inode, cases[i].inode);
		assert_int_equal(holder.pid, cases[i].inode == 111 ? 42 : 0);
	}
}

static void the_process_and_its_environment(void **state)
{
	scoped(scratch_free) char *proc = fake_proc();
	scoped(strbuf_release) struct strbuf mark = STRBUF_INIT;
	struct port_holder holder;

	(void)state;
	assert_true(ports_holder(proc, 5001, &holder));
	assert_string_equal(holder.command, "java -Xmx1g a b");
	assert_true(ports_environment(proc, 42, "MARK", &mark));
	assert_string_equal(mark.buf, "/state/kafka");
	assert_false(ports_environment(proc, 42, "MAR", &mark));
	assert_false(ports_environment(proc, 43, "MARK", &mark));
}

static void no_proc_no_answer(void **state)
{
	struct port_holder holder;

	(void)state;
	assert_false(ports_holder("/nonexistent", 5001, &holder));
}

static void a_listener_of_our_own(void **state)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(any);
	scoped_close int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct port_holder holder;

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	assert_true(ports_holder("/proc", ntohs(any.sin_port), &holder));
	assert_int_equal(holder.pid, getpid());
	assert_non_null(strstr(holder.command, "test_ports"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(who_is_in_the_way),
	    cmocka_unit_test(the_process_and_its_environment),
	    cmocka_unit_test(no_proc_no_answer),
	    cmocka_unit_test(a_listener_of_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
