/* Finds the way to the services that the commands use. */
#include "shop.h"

#include <string.h>

#include "scoped.h"
#include "secret.h"

#include "banned.h"

const char *platform_setting(const struct platform *p, const char *name, struct err *e)
{
	const struct setting *s = settings_find(&p->settings, name);

	if (!s)
		err_set(e, ERR_CONFIG, "services/catalogue.yaml has no platform setting '%s'", name);
	return s ? s->value : NULL;
}

static const struct service *service_with_port(const struct platform *p, const char *service, const char *port,
                                               int *ret_port, struct err *e)
{
	const struct service *s = platform_service(p, service, e);

	if (!s)
		return NULL;
	*ret_port = service_port(s, port);
	if (*ret_port >= 0)
		return s;
	err_set(e, ERR_CONFIG, "service %s has no port named '%s'", service, port);
	return NULL;
}

char *service_url(const struct platform *p, const char *service, const char *port, const char *path, struct err *e)
{
	int number;
	const struct service *s = service_with_port(p, service, port, &number, e);

	return s ? xstrf("http://%s:%d%s", s->host, number, path) : NULL;
}

int shop_init(struct shop *s, const struct platform *p, const char *application, struct err *e)
{
	const char *database = platform_setting(p, "source_database", e);
	const char *schema = database ? platform_setting(p, "source_schema", e) : NULL;
	int port;
	const struct service *postgres = schema ? service_with_port(p, "postgres", "sql", &port, e) : NULL;

	memset(s, 0, sizeof(*s));
	if (!postgres)
		return -1;
	s->password = secret_get(p, "postgres_admin", e);
	if (!s->password)
		return -1;
	s->host = xstrdup(postgres->host);
	s->port = xstrf("%d", port);
	s->database = xstrdup(database);
	s->schema = xstrdup(schema);
	s->target = (struct pgconn_target){.host = s->host, .port = s->port, .database = s->database, .user = "postgres",
	                                   .password = s->password, .application = application};
	return 0;
}

void shop_release(struct shop *s)
{
	free(s->host);
	free(s->port);
	free(s->database);
	free(s->password);
	free(s->schema);
	memset(s, 0, sizeof(*s));
}

int shop_open(const struct shop *s, struct pgconn *c, int timeout_ms, struct err *e)
{
	if (pgconn_open(c, &s->target, timeout_ms, e) == 0)
		return 0;
	if (e->kind == ERR_RETRY || e->kind == ERR_TIMEOUT) {
		e->kind = ERR_SERVICE;
		err_remedy(e, "see `platformctl status postgres`; start it with `platformctl up`");
	}
	return -1;
}
