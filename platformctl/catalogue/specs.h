/*
 * Which arguments each kind of probe and of provisioning step takes. The catalogue is checked against these tables when it
 * is loaded, by programs that link no client of any service; the code behind them is platform-agent's.
 */
#ifndef SPECS_H
#define SPECS_H

/* The arguments of one kind; both lists are ended by NULL and never NULL themselves. */
struct probe_spec {
	const char *kind;
	const char *const *required;
	const char *const *optional;
};

/* The kinds of `ready`; ended by a NULL kind. */
extern const struct probe_spec probe_specs[];
/* The kinds of `provision`; ended by a NULL kind. */
extern const struct probe_spec step_specs[];

/* The entry of `kind`, or NULL. */
const struct probe_spec *spec_find(const struct probe_spec *specs, const char *kind);

#endif
