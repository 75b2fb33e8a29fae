/* The source database as the platform knows it: where it is and how the commands that use it get in. */
#ifndef SHOP_H
#define SHOP_H

#include "pgconn.h"
#include "platform.h"

/* The administrator's way into the shop's database. Everything in it is owned. */
struct shop {
	char *host;
	char *port;
	char *database;
	char *password;
	char *schema; /* of the tables: inventory */
	struct pgconn_target target; /* borrows from the above */
};

/* Fills it from catalogue, site file and secrets. ERR_CONFIG when a piece is missing. Does not connect. */
int shop_init(struct shop *s, const struct platform *p, const char *application, struct err *e);
/* For scoped() too. */
void shop_release(struct shop *s);
/* Connects; a server that is away is ERR_SERVICE with the remedy to start the platform. */
int shop_open(const struct shop *s, struct pgconn *c, int timeout_ms, struct err *e);

/* The value of a setting of the platform as a whole ("format"); ERR_CONFIG and NULL when the catalogue has none of that name. */
const char *platform_setting(const struct platform *p, const char *name, struct err *e);
/* "http://host:port<path>" of a service's port; caller frees; NULL and *e when the service or its port is not in the catalogue. */
char *service_url(const struct platform *p, const char *service, const char *port, const char *path, struct err *e);

#endif
