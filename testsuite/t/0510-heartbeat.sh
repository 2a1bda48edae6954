#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The heartbeat: it beats while somebody listens.

. "$(dirname "$0")/lib.sh"


cat >sync.c <<'END'
#include <stdio.h>
#include <flux/core.h>

static void on_pulse (flux_future_t *f, void *arg)
{
    int *count = arg;

    if (flux_future_get (f, NULL) < 0 || ++*count == 3)
        flux_reactor_stop (flux_future_get_reactor (f));
    flux_future_reset (f);
}

int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f = flux_sync_create (h, 0.);
    int count = 0;

    if (!f || flux_future_wait_for (f, 10.) < 0)
        return 1;
    flux_future_reset (f);
    if (flux_future_then (f, 10., on_pulse, &count) < 0 ||
        flux_reactor_run (flux_get_reactor (h), 0) < 0)
        return 2;
    printf ("%d\n", count);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
END
compile_client sync

test_case 'nobody listens: no beat' <<'END'
timeout 20 flux start -Sheartbeat.period=0.05s bash -c 'sleep 0.5; flux module stats heartbeat' >out
expect_in_file '"count": 0' out
expect_in_file '"beating": false' out
END

test_case 'flux_sync_create() on rank 0 and on another' <<'END'
expect_output 3 timeout 20 flux start -Sheartbeat.period=0.05s ./sync
expect_output 3 timeout 20 flux start -s3 -Sheartbeat.period=0.05s flux exec -r 2 ./sync
END

test_case 'it stops when the last of rank 0 is gone' <<'END'
cat >run.sh <<'EOF'
./sync >/dev/null && sleep 0.3 && flux module stats heartbeat
EOF
timeout 20 flux start -Sheartbeat.period=0.05s bash run.sh >out
expect_in_file '"beating": false' out
expect_no_match '"count": 0' "$(cat out)"
END

test_case 'a bad period' <<'END'
expect_exit 1 timeout 20 flux start -Sheartbeat.period=0s true 2>err
expect_in_file 'heartbeat.period' err
END

test_done
