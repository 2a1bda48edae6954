/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Why can't we connect? ZeroMQ does not tell. "Connection refused" says that the host lives and the
 * broker does not, which an unreachable or silent host does not say. */

#ifndef FLUX_OVERLAY_PROBE_H
#define FLUX_OVERLAY_PROBE_H

#include <ev.h>

/* errnum is 0 when the connection was made (it is closed at once). */
typedef void (*probe_f) (int errnum, void *arg);

struct probe {
    struct ev_loop *loop;
    ev_io w;
    ev_timer timer;
    int fd;     // -1: none
    int errnum; // what the timer reports
    probe_f cb;
    void *arg;
};

void probe_init (struct probe *p, struct ev_loop *loop, probe_f cb, void *arg);

/* uri as of an endpoint: "tcp://1.2.3.4:5", "tcp://[::1]:5", "ipc:///path". The callback comes from
 * the loop, with ETIMEDOUT after `timeout` seconds, EINVAL for another uri. */
void probe_start (struct probe *p, const char *uri, double timeout);
void probe_stop (struct probe *p);

#endif /* !FLUX_OVERLAY_PROBE_H */
