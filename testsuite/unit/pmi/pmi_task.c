/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A task that uses the API of libpmi.so, or with argument "2" of libpmi2.so: puts its rank, gets
 * those of all others, and says "ok" and how many there are. Exits with 1 if anything is not so. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/pmi.h"
#include "lib/pmi/pmi2.h"

#define REQUIRE(x)                                                                                 \
    do {                                                                                           \
        if (!(x)) {                                                                                \
            fprintf (stderr, "pmi_task: line %d: %s\n", __LINE__, #x);                             \
            exit (1);                                                                              \
        }                                                                                          \
    } while (0)

static int use_pmi1 (void)
{
    int spawned, rank, size, clique, ranks[64];
    char name[64], key[32], value[64], expect[64];

    REQUIRE (PMI_Get_rank (&rank) == PMI_ERR_INIT);
    REQUIRE (PMI_Init (&spawned) == PMI_SUCCESS && spawned == 0);
    REQUIRE (PMI_Get_rank (&rank) == PMI_SUCCESS && PMI_Get_size (&size) == PMI_SUCCESS);
    REQUIRE (PMI_KVS_Get_my_name (name, sizeof (name)) == PMI_SUCCESS);
    snprintf (key, sizeof (key), "k%d", rank);
    snprintf (value, sizeof (value), "value of %d", rank);
    REQUIRE (PMI_KVS_Put (name, key, value) == PMI_SUCCESS);
    REQUIRE (PMI_KVS_Put (name, "a b", value) == PMI_ERR_INVALID_KEY);
    REQUIRE (PMI_KVS_Commit (name) == PMI_SUCCESS && PMI_Barrier () == PMI_SUCCESS);
    for (int i = 0; i < size; i++) {
        snprintf (key, sizeof (key), "k%d", i);
        snprintf (expect, sizeof (expect), "value of %d", i);
        REQUIRE (PMI_KVS_Get (name, key, value, sizeof (value)) == PMI_SUCCESS);
        REQUIRE (strcmp (value, expect) == 0);
    }
    REQUIRE (PMI_KVS_Get (name, "none", value, sizeof (value)) == PMI_FAIL);
    REQUIRE (PMI_Get_clique_size (&clique) == PMI_SUCCESS && clique >= 1);
    REQUIRE (PMI_Get_clique_ranks (ranks, 64) == PMI_SUCCESS);
    REQUIRE (PMI_Barrier () == PMI_SUCCESS && PMI_Finalize () == PMI_SUCCESS);
    if (rank == 0)
        printf ("ok %d %d\n", size, clique);
    return 0;
}

static int use_pmi2 (void)
{
    int spawned, rank, size, appnum, len, found;
    char id[64], key[32], value[64], expect[64];

    REQUIRE (PMI2_Init (&spawned, &size, &rank, &appnum) == PMI2_SUCCESS);
    REQUIRE (PMI2_Job_GetId (id, sizeof (id)) == PMI2_SUCCESS);
    snprintf (key, sizeof (key), "k%d", rank);
    snprintf (value, sizeof (value), "value of %d", rank);
    REQUIRE (PMI2_KVS_Put (key, value) == PMI2_SUCCESS);
    REQUIRE (PMI2_Info_PutNodeAttr ("attr", "x") == PMI2_SUCCESS);
    REQUIRE (PMI2_KVS_Fence () == PMI2_SUCCESS);
    for (int i = 0; i < size; i++) {
        snprintf (key, sizeof (key), "k%d", i);
        snprintf (expect, sizeof (expect), "value of %d", i);
        REQUIRE (PMI2_KVS_Get (id, i, key, value, sizeof (value), &len) == PMI2_SUCCESS);
        REQUIRE (strcmp (value, expect) == 0 && len == (int)strlen (expect));
    }
    REQUIRE (PMI2_KVS_Get (NULL, 0, "k0", value, 4, &len) == PMI2_SUCCESS && len == -10);
    REQUIRE (PMI2_Info_GetNodeAttr ("attr", value, sizeof (value), &found, 1) == PMI2_SUCCESS);
    REQUIRE (found && strcmp (value, "x") == 0);
    REQUIRE (PMI2_Info_GetJobAttr ("universeSize", value, sizeof (value), &found) == PMI2_SUCCESS);
    REQUIRE (found && atoi (value) == size);
    REQUIRE (PMI2_Finalize () == PMI2_SUCCESS);
    if (rank == 0)
        printf ("ok %d\n", size);
    return 0;
}

int main (int argc, char *argv[])
{
    return argc > 1 && !strcmp (argv[1], "2") ? use_pmi2 () : use_pmi1 ();
}
