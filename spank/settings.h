/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the plugin was told: by the administrator in plugstack.conf, by the user on the command
 * line, or by the plugin in sbatch for the one in the batch step. */

#ifndef FLUX_SPANK_SETTINGS_H
#define FLUX_SPANK_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/util/buf.h"

enum flux_mode {
    MODE_UNSET,
    MODE_OFF,
    MODE_ON,   // a broker in place of the step's tasks
    MODE_TASKS // the step's tasks, and a broker beside them
};

struct settings {
    /* plugstack.conf */
    char *flux_dir; // where flux-broker is
    bool default_on;
    unsigned timeout; // seconds
    char *munge_socket;
    uint16_t port_low, port_high;

    /* the user */
    enum flux_mode mode;
    struct buf attrs; // lines of name=value; a name comes once
};

struct settings *settings_create (void);
void settings_destroy (struct settings *set);

/* One argument of the plugstack.conf line. -1 with a sentence that names it. */
int settings_argument (struct settings *set, const char *arg, flux_error_t *errp);

/* The value of --flux (NULL when none was given). */
int settings_mode (struct settings *set, const char *value, flux_error_t *errp);

/* Set a broker attribute, in place of an earlier one of that name. */
int settings_attr (struct settings *set, const char *name, const char *value, flux_error_t *errp);

/* The same for "name=value", and for lines of that. */
int settings_attr_pair (struct settings *set, const char *pair, flux_error_t *errp);
int settings_attr_lines (struct settings *set, const char *lines, flux_error_t *errp);

/* How many brokers are enough for an instance of `size` when the time to come up is over, by the
 * attribute broker.quorum; 0: all. */
uint32_t settings_quorum (const struct settings *set, uint32_t size);

/* The folder in which the instance keeps its state; an absolute path. */
int settings_statedir (struct settings *set, const char *dir, flux_error_t *errp);

#endif /* !FLUX_SPANK_SETTINGS_H */
