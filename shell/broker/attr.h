/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Broker attributes: named strings that describe one broker (flux-core's flux-broker-attributes(7)
 * gives the names). The table of known names says which may be set on the command line and which
 * may change at run time; `attr_set` itself, the broker's own way in, asks neither. */

#ifndef FLUX_BROKER_ATTR_H
#define FLUX_BROKER_ATTR_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct router;

struct attrs *attrs_create (void);
void attrs_destroy (struct attrs *a);

/* The value, or the default that the table of known names has for it; owned by the table and valid
 * until the next set; NULL with ENOENT. */
const char *attr_get (const struct attrs *a, const char *name);
bool attr_is_set (const struct attrs *a, const char *name); // other than by that default

/* A copy of value is kept; NULL removes the attribute. -1 with ENOMEM or EINVAL (no name). */
int attr_set (struct attrs *a, const char *name, const char *value);
int attr_set_uint (struct attrs *a, const char *name, uint64_t value);

/* `name=value` from the command line: refuses unknown and read-only names, and values that a name
 * can't have, in a sentence. */
int attr_set_cmdline (struct attrs *a, const char *assignment, flux_error_t *errp);

/* Typed reading. Where there is no value, *value stays what it is. A value that does not parse is
 * an error whose sentence names the attribute. Durations are seconds in RFC 23's form; "none" is
 * -1. */
int attr_get_uint32 (const struct attrs *a, const char *name, uint32_t *value, flux_error_t *errp);
int attr_get_duration (const struct attrs *a, const char *name, double *value, flux_error_t *errp);

/* The attr.get, attr.set, attr.list and attr.rm service. */
int attr_service_add (struct attrs *a, struct router *rt);

#endif /* !FLUX_BROKER_ATTR_H */
