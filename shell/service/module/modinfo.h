/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What can be said of a module without running it. */

#ifndef FLUX_SERVICE_MODULE_MODINFO_H
#define FLUX_SERVICE_MODULE_MODINFO_H

#include <stdbool.h>
#include <stddef.h>

#define MODULE_NAME_MAX 64

/* The name in "/a/b/NAME.so" or "NAME.so.1". EINVAL when nothing is left that can be a name. */
int modinfo_name (const char *path, char name[MODULE_NAME_MAX]);

/* Whether it can be the name of a service: not empty, not too long, no blank, slash or dot. */
bool modinfo_name_ok (const char *name);

/* What is meant by the target of a load request: with a slash a file, else NAME.so in one of the
 * folders of the colon list. The caller frees it. NULL with ENOENT. */
char *modinfo_find (const char *target, const char *searchpath);

/* The states of RFC 5 are passed in their order; each may be left out, none comes twice. */
bool modinfo_may_follow (int from, int to);

#endif /* !FLUX_SERVICE_MODULE_MODINFO_H */
