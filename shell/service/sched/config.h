/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the configuration says of the scheduler: the tables [sched-fluxion-resource] and
 * [sched-fluxion-qmanager] with Fluxion's keys (flux-config-sched(5)), and the attributes sched.*,
 * which go before them. */

#ifndef FLUX_SERVICE_SCHED_CONFIG_H
#define FLUX_SERVICE_SCHED_CONFIG_H

#include "shell/service/sched/qpolicy.h"

typedef enum {
    SCHED_FORMAT_AUTO,    // with the graph where the resources came with one
    SCHED_FORMAT_RV1,     // R with the graph of the job under "scheduling"
    SCHED_FORMAT_NOSCHED, // without
} sched_format_t;

struct sched_config {
    char *match_policy; // of the matcher
    char *prune;        // NULL: the matcher's default
    sched_format_t format;
    char *load_file; // NULL: none
    bool load_is_R;  // else it is JGF
    bool flexible;   // slots side by side are alternatives; for the next start
    struct qpolicies queues;
};

/* conf and attrs may be NULL. Unknown keys and bad values: EINVAL and a sentence with the key. */
int sched_config_parse (struct sched_config *c, const json_t *conf, const struct attrs *attrs,
                        flux_error_t *errp);
void sched_config_clear (struct sched_config *c);

#endif /* !FLUX_SERVICE_SCHED_CONFIG_H */
