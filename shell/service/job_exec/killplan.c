/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_exec/killplan.h"

#define SOFT_STEPS 5 // kill time-outs until the pauses begin to double
#define PAUSE_MIN 1e-3

void killplan_init (struct killplan *kp)
{
    *kp = (struct killplan){.timeout = 5.,
                            .term_signal = SIGTERM,
                            .kill_signal = SIGKILL,
                            .max_count = 8,
                            .max_timeout = -1.};
}

static int parse_duration (const json_t *exec, const char *key, double *value, flux_error_t *errp)
{
    const json_t *o = json_object_get (exec, key);

    if (o && fsd_from_json (o, value) < 0)
        return errprintf (errp, "exec.%s: invalid FSD value", key);
    return 0;
}

static int parse_signal (const json_t *exec, const char *key, int *value, flux_error_t *errp)
{
    const json_t *o = json_object_get (exec, key);
    const char *name = json_string_value (o);

    if (!o)
        return 0;
    if (name && strncasecmp (name, "SIG", 3) == 0)
        name += 3;
    for (int signum = 1; signum < NSIG; signum++) {
        const char *abbrev = sigabbrev_np (signum);
        if (name ? abbrev && strcasecmp (abbrev, name) == 0 : json_integer_value (o) == signum) {
            *value = signum;
            return 0;
        }
    }
    errno = EINVAL;
    return errprintf (errp, "exec.%s: not a signal", key);
}

int killplan_parse (struct killplan *kp, const json_t *exec, flux_error_t *errp)
{
    const json_t *count = json_object_get (exec, "max-kill-count");

    killplan_init (kp);
    errno = EINVAL;
    if (exec && !json_is_object (exec))
        return errprintf (errp, "exec: must be a table");
    if (parse_duration (exec, "kill-timeout", &kp->timeout, errp) < 0 ||
        parse_duration (exec, "max-kill-timeout", &kp->max_timeout, errp) < 0 ||
        parse_signal (exec, "term-signal", &kp->term_signal, errp) < 0 ||
        parse_signal (exec, "kill-signal", &kp->kill_signal, errp) < 0)
        return -1;
    errno = EINVAL;
    if (count && (!json_is_integer (count) || json_integer_value (count) < 1 ||
                  json_integer_value (count) > 1000))
        return errprintf (errp, "exec.max-kill-count: must be a number from 1 to 1000");
    if (count)
        kp->max_count = (int)json_integer_value (count);
    return 0;
}

static double next_pause (const struct killplan *kp, const struct killplan_state *st)
{
    double pause = st->count <= 1 ? kp->timeout : 2. * st->pause;

    if (st->count > 0 && pause > KILLPLAN_BACKOFF_MAX)
        pause = KILLPLAN_BACKOFF_MAX;
    if (kp->max_timeout >= 0 && pause > kp->max_timeout - st->elapsed)
        pause = kp->max_timeout - st->elapsed;
    return pause > PAUSE_MIN ? pause : PAUSE_MIN;
}

int killplan_step (const struct killplan *kp, struct killplan_state *st, double *pause)
{
    int signum = SIGKILL;
    bool last;

    // the first step comes one time-out after the termination signal
    st->elapsed += st->pause > 0 ? st->pause : kp->timeout > PAUSE_MIN ? kp->timeout : PAUSE_MIN;
    if (st->elapsed < SOFT_STEPS * kp->timeout - PAUSE_MIN)
        signum = kp->kill_signal;
    else
        st->count++;
    last = kp->max_timeout >= 0 ? st->elapsed >= kp->max_timeout - PAUSE_MIN
                                : st->count >= kp->max_count;
    *pause = last ? -1. : next_pause (kp, st);
    st->pause = *pause;
    return signum;
}

double killplan_length (const struct killplan *kp)
{
    struct killplan_state st = {0};
    double pause;

    do
        killplan_step (kp, &st, &pause);
    while (pause >= 0);
    return st.elapsed;
}
