/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Memory is looked at from time to time and so may miss a peak between; the largest size that a
 * single process ever had is known for certain, and is the least that is told. */

#include <errno.h>
#include <stdlib.h>
#include <syslog.h>

#include "lib/shell/proctree.h"
#include "lib/shell/sysmon.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

#define PERIOD 2. // seconds

struct sysmon {
    struct ev_loop *loop;
    struct output *output;
    ev_timer timer;
    bool trace; // each sample is told
    double begin;
    double last, last_cpu;   // of the sample before
    unsigned long long peak; // bytes
    double ended_cpu;        // seconds, of processes that were waited for
};

static void log_memory (struct sysmon *sm, int level, const char *what, unsigned long long bytes)
{
    static const char units[] = "KMGT";
    double size = bytes / 1024.;
    int i = 0;

    while (size >= 1024. && units[i + 1]) {
        size /= 1024.;
        i++;
    }
    output_log (sm->output, level, "sysmon: memory.%s=%.1f%c", what, size, units[i]);
}

/* Not RUSAGE_CHILDREN, which has what earlier jobs of this process have taken, too. */
void sysmon_reaped (struct sysmon *sm, const struct rusage *ru)
{
    unsigned long long size = (unsigned long long)ru->ru_maxrss * 1024;

    if (!sm)
        return;
    sm->ended_cpu += ru->ru_utime.tv_sec + ru->ru_stime.tv_sec +
                     (ru->ru_utime.tv_usec + ru->ru_stime.tv_usec) * 1e-6;
    if (size > sm->peak)
        sm->peak = size;
}

static void sample_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct sysmon *sm = w->data;
    struct proctree_usage usage;
    double now = monotime_now (), cpu = sm->ended_cpu;

    proctree_measure (&usage);
    cpu += usage.cpu;
    if (usage.memory > sm->peak)
        sm->peak = usage.memory;
    if (sm->trace) {
        log_memory (sm, LOG_DEBUG, "current", usage.memory);
        if (now > sm->last)
            output_log (sm->output, LOG_DEBUG, "sysmon: loadavg=%.2f",
                        (cpu - sm->last_cpu) / (now - sm->last));
    }
    sm->last = now;
    sm->last_cpu = cpu;
}

int sysmon_create (struct sysmon **smp, struct ev_loop *loop, const struct shell_info *info,
                   struct output *output, flux_error_t *errp)
{
    double period = PERIOD;
    json_t *verbose = shell_info_option (info, "verbose");
    struct sysmon *sm;

    *smp = NULL;
    if (!shell_info_flag (info, "sysmon"))
        return 0;
    if (shell_info_duration (info, "sysmon.period", &period) < 0 || !(period > 0.)) {
        errno = EINVAL;
        return errprintf (errp, "sysmon.period is not a valid duration");
    }
    if (!(sm = calloc (1, sizeof (*sm))))
        return errprintf (errp, "out of memory");
    sm->loop = loop;
    sm->output = output;
    sm->trace = json_is_integer (verbose) && json_integer_value (verbose) >= 2;
    sm->begin = sm->last = monotime_now ();
    ev_timer_init (&sm->timer, sample_cb, period < .05 ? period : .05, period); // soon once
    sm->timer.data = sm;
    ev_timer_start (loop, &sm->timer);
    *smp = sm;
    return 0;
}

void sysmon_report (struct sysmon *sm)
{
    if (!sm)
        return;
    ev_timer_stop (sm->loop, &sm->timer);
    double wall = monotime_now () - sm->begin;
    log_memory (sm, LOG_NOTICE, "peak", sm->peak);
    output_log (sm->output, LOG_NOTICE, "sysmon: loadavg-overall=%.2f",
                wall > 0 ? sm->ended_cpu / wall : 0.);
}

void sysmon_destroy (struct sysmon *sm)
{
    if (sm) {
        ev_timer_stop (sm->loop, &sm->timer);
        free (sm);
    }
}
