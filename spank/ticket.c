/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* "1 MODE JOBID STEPID SIZE PORT NONCE ADDRESSES" */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spank/ticket.h"

#define TICKET_FORMAT "1 %d %u %u %u %hu %s %s"
#define TICKET_SCAN "1 %d %u %u %u %hu %32[0-9a-f-] %511[0-9a-fA-F.:,%%a-z-]%c"

int ticket_encode (const struct ticket *t, char *buf, size_t size)
{
    int n = snprintf (buf, size, TICKET_FORMAT, (int)t->mode, t->jobid, t->stepid, t->size, t->port,
                      *t->nonce ? t->nonce : "-", *t->addresses ? t->addresses : "-");

    if (n < 0 || (size_t)n >= size) {
        errno = EOVERFLOW;
        return -1;
    }
    return 0;
}

int ticket_decode (struct ticket *t, const char *text)
{
    int mode;
    char end;

    memset (t, 0, sizeof (*t));
    if (sscanf (text, TICKET_SCAN, &mode, &t->jobid, &t->stepid, &t->size, &t->port, t->nonce,
                t->addresses, &end) != 7 ||
        (mode != MODE_ON && mode != MODE_TASKS) || t->size == 0) {
        errno = EINVAL;
        return -1;
    }
    t->mode = mode;
    if (strcmp (t->nonce, "-") == 0)
        t->nonce[0] = '\0';
    if (strcmp (t->addresses, "-") == 0)
        t->addresses[0] = '\0';
    return 0;
}
