/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The select plugin that keeps the books beneath ours: Slurm's own select/cons_tres, loaded from
 * PluginDir. Its calls, one pointer each. */

#ifndef FLUX_SELECT_GRAPH_BENEATH_H
#define FLUX_SELECT_GRAPH_BENEATH_H

#include SELECT_GRAPH_API

struct beneath {
#define BENEATH_CALL(type, name, params, args) type (*name) params;
    SELECT_API_FORWARDED (BENEATH_CALL)
    SELECT_API_OWN (BENEATH_CALL)
#undef BENEATH_CALL
#define BENEATH_CHANGING(name) void (*name) (job_record_t * job);
    SELECT_API_CHANGING (BENEATH_CHANGING)
#undef BENEATH_CHANGING
    int (*job_test) API_JOB_TEST_PARAMS;
    void *handle;
};

/* Load it into *b and run its init(). PLUGINDIR is slurm.conf's, a list with colons; the file that
 * this code is in is passed over (it can be installed under the other's name). -1 when there is
 * none, or a call is missing in it: *why says what, at most `size` bytes. */
int beneath_load (struct beneath *b, const char *plugindir, char *why, size_t size);
/* Is the file that this code is in installed under the name of the one beneath? */
bool beneath_is_shadowed (void);
void beneath_unload (struct beneath *b);

#endif // !FLUX_SELECT_GRAPH_BENEATH_H
