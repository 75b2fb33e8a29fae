/* Ports that somebody else holds, and services that somebody else runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "clk.h"
#include "doctor_checks.h"
#include "orphans.h"
#include "ports.h"
#include "scoped.h"
#include "strbuf.h"
#include "tcp.h"

#include "banned.h"

#define CONNECT_MS 2000

static char *move_remedy(const struct patient *pt, const struct service *s, const struct port *port)
{
	return xstrf("move ours: --port-offset 10000, or services: {%s: {ports: {%s: …}}} in %s", s->name, port->name,
		     pt->platform->paths.site);
}

/* What is left of our own earlier services does not count: `up` ends it. */
static void check_held(const struct patient *pt, const struct service *s, const struct port *port, struct findings *l)
{
	scoped_free char *own = xstrf("%s/", pt->platform->paths.state), *move = NULL;
	scoped(strbuf_release) struct strbuf mark = STRBUF_INIT;
	struct port_holder holder;

	if (!ports_holder(pt->proc, port->number, &holder))
		return;
	move = move_remedy(pt, s, port);
	if (!holder.pid) {
		findings_add(l, FINDING_FAIL, "ports",
			     xstrf("port %d (%s %s) is held by a process of another user or container", port->number,
				   s->name, port->name),
			     xstrf("see who it is: sudo ss -ltnp sport = :%d; or %s", port->number, move));
		return;
	}
	if (ports_environment(pt->proc, holder.pid, ORPHANS_VARIABLE, &mark)) {
		if (str_starts(mark.buf, own))
			return;
		findings_add(l, FINDING_FAIL, "ports",
			     xstrf("port %d (%s %s) is held by pid %d of another platform, %s", port->number, s->name,
				   port->name, (int)holder.pid, mark.buf),
			     xstrf("take that one down: platformctl --state %.*s down; or %s",
				   (int)(strrchr(mark.buf, '/') ? strrchr(mark.buf, '/') - mark.buf : 0), mark.buf,
				   move));
		return;
	}
	findings_add(l, FINDING_FAIL, "ports",
		     xstrf("port %d (%s %s) is held by pid %d (%s)", port->number, s->name, port->name, (int)holder.pid,
			   holder.command),
		     xstrf("end it: kill %d; or %s", (int)holder.pid, move));
}

static void check_privileged(const struct patient *pt, const struct service *s, const struct port *port,
			     struct findings *l)
{
	int64_t first = doctor_number(pt->proc, "sys/net/ipv4/ip_unprivileged_port_start", 1024);

	if (port->number < first)
		findings_add(l, FINDING_FAIL, "ports",
			     xstrf("port %d (%s %s) is below %" PRId64
				   ": only root may listen there, and no service runs as root",
				   port->number, s->name, port->name, first),
			     move_remedy(pt, s, port));
}

void doctor_ports(const struct patient *pt, struct findings *l)
{
	size_t before = l->n, checked = 0, running = 0;

	for (size_t i = 0; i < pt->sel->n; i++) {
		const struct service *s = pt->sel->items[i];

		if (s->external)
			continue;
		running += pt->running[i];
		for (size_t k = 0; k < s->n_ports && !pt->running[i]; k++) {
			check_privileged(pt, s, &s->ports[k], l);
			check_held(pt, s, &s->ports[k], l);
			checked++;
		}
	}
	if (running)
		doctor_fine(l, before, "ports", xstrf("%zu free; %zu services run already", checked, running));
	else
		doctor_fine(l, before, "ports", xstrf("%zu free", checked));
}

void doctor_external(const struct patient *pt, struct findings *l)
{
	size_t before = l->n, asked = 0;

	for (size_t i = 0; i < pt->sel->n; i++) {
		const struct service *s = pt->sel->items[i];

		for (size_t k = 0; s->external && k < s->n_ports; k++) {
			scoped_free char *number = xstrf("%d", s->ports[k].number);
			struct err e = ERR_INIT;
			scoped_close int fd = tcp_connect(s->host, number, clk_mono_ms() + CONNECT_MS, &e);

			asked++;
			if (fd < 0)
				findings_add(
				    l, FINDING_FAIL, "external", xstrf("%s: %s", s->name, e.msg),
				    xstrf("start it, or correct its host and port in %s", pt->platform->paths.site));
		}
	}
	doctor_fine(l, before, "external",
		    asked ? xstrf("%zu external ports answer", asked) : xstrdup("no external service"));
}
