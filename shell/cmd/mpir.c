/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/mpir.h"

#define EXPORTED __attribute__ ((visibility ("default"), used))

/* Names and meanings are those of the interface. The debugger reads and writes them. */
typedef struct {
    char *host_name;
    char *executable_name;
    int pid;
} MPIR_PROCDESC;

enum { MPIR_DEBUG_SPAWNED = 1 };

extern volatile int MPIR_being_debugged, MPIR_debug_state, MPIR_i_am_starter;
extern volatile int MPIR_force_to_main, MPIR_partial_attach_ok, MPIR_proctable_size;
extern MPIR_PROCDESC *MPIR_proctable;
extern char *totalview_jobid;
void MPIR_Breakpoint (void);

EXPORTED volatile int MPIR_being_debugged;
EXPORTED volatile int MPIR_debug_state;
EXPORTED volatile int MPIR_i_am_starter;
EXPORTED volatile int MPIR_force_to_main;
EXPORTED volatile int MPIR_partial_attach_ok;
EXPORTED volatile int MPIR_proctable_size;
EXPORTED MPIR_PROCDESC *MPIR_proctable;
EXPORTED char *totalview_jobid;

EXPORTED __attribute__ ((noinline)) void MPIR_Breakpoint (void)
{
    __asm__ volatile("");
}

bool mpir_wanted (void)
{
    return MPIR_being_debugged != 0;
}

/* What the table points to stays until the program ends. */
void mpir_spawned (const json_t *tasks, const char *jobid)
{
    size_t n = json_array_size (tasks), i;
    MPIR_PROCDESC *table = calloc (n + 1, sizeof (*table));
    json_t *task;

    json_array_foreach (tasks, i, task)
    {
        if (!table)
            break;
        table[i].host_name = strdup (json_string_value (json_object_get (task, "host")));
        table[i].executable_name =
            strdup (json_string_value (json_object_get (task, "executable")));
        table[i].pid = (int)json_integer_value (json_object_get (task, "pid"));
    }
    MPIR_proctable = table;
    MPIR_proctable_size = table ? (int)n : 0;
    totalview_jobid = strdup (jobid);
    MPIR_debug_state = MPIR_DEBUG_SPAWNED;
    MPIR_Breakpoint ();
}
