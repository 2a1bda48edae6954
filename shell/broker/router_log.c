/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <flux/rpc.h>

#include "shell/broker/router.h"

#define TEXT_MAX_SIZE 4096

void router_log (struct router *rt, int severity, const char *appname, const char *fmt, ...)
{
    char text[TEXT_MAX_SIZE], line[TEXT_MAX_SIZE + 256], stamp[64];
    struct timespec now;
    struct tm tm;
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    clock_gettime (CLOCK_REALTIME, &now);
    gmtime_r (&now.tv_sec, &tm);
    strftime (stamp, sizeof (stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    int n = snprintf (line, sizeof (line), "<%d>1 %s.%06ldZ %u %s - - - %s", severity << 3, stamp,
                      now.tv_nsec / 1000, (unsigned)router_rank (rt), appname, text);
    if (n >= (int)sizeof (line))
        n = (int)sizeof (line) - 1;
    router_rpc_raw (rt, "log.append", FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, line, (size_t)n, NULL,
                    NULL);
}
