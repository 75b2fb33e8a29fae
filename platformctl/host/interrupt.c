/* Signal handling of the commands that take long. */
#include "interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "banned.h"

static volatile sig_atomic_t seen;

static void on_signal(int sig)
{
	if (seen)
		_exit(128 + sig);
	seen = 1;
}

void interrupt_install(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
}

bool interrupt_seen(void)
{
	return seen != 0;
}

int interrupt_err(struct err *e)
{
	return err_set(e, ERR_TIMEOUT, "interrupted");
}
