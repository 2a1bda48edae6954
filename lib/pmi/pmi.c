/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* libpmi.so: PMI-1 for programs that link or dlopen it. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/client.h"
#include "lib/pmi/clique.h"
#include "lib/pmi/pmi.h"

/* The API has no handle: there is one connection in a process. */
static struct {
    bool initialized;
    struct pmi_task task;
} pmi;

#define CHECK_INIT()                                                                               \
    do {                                                                                           \
        if (!pmi.initialized)                                                                      \
            return PMI_ERR_INIT;                                                                   \
    } while (0)

int PMI_Init (int *spawned)
{
    if (!spawned)
        return PMI_ERR_INVALID_ARG;
    if (!pmi.initialized && pmi_task_init (&pmi.task) < 0)
        return PMI_FAIL;
    pmi.initialized = true;
    *spawned = pmi.task.spawned;
    return PMI_SUCCESS;
}

int PMI_Initialized (int *initialized)
{
    if (!initialized)
        return PMI_ERR_INVALID_ARG;
    *initialized = pmi.initialized;
    return PMI_SUCCESS;
}

int PMI_Finalize (void)
{
    CHECK_INIT ();
    pmi.initialized = false;
    return pmi_task_finalize (&pmi.task) < 0 ? PMI_FAIL : PMI_SUCCESS;
}

static int get_int (int *out, int value)
{
    CHECK_INIT ();
    if (!out)
        return PMI_ERR_INVALID_ARG;
    *out = value;
    return PMI_SUCCESS;
}

int PMI_Get_size (int *size)
{
    return get_int (size, pmi.task.size);
}

int PMI_Get_rank (int *rank)
{
    return get_int (rank, pmi.task.rank);
}

int PMI_Get_universe_size (int *size)
{
    return get_int (size, pmi.task.universe_size);
}

int PMI_Get_appnum (int *appnum)
{
    return get_int (appnum, pmi.task.appnum);
}

int PMI_Barrier (void)
{
    CHECK_INIT ();
    return pmi_task_barrier (&pmi.task) < 0 ? PMI_FAIL : PMI_SUCCESS;
}

int PMI_Abort (int exit_code, const char *error_msg)
{
    if (pmi.initialized)
        pmi_task_abort (&pmi.task, exit_code, error_msg);
    exit (exit_code);
}

int PMI_KVS_Get_my_name (char *kvsname, int length)
{
    CHECK_INIT ();
    if (!kvsname)
        return PMI_ERR_INVALID_ARG;
    if (length < 0 || (size_t)length <= strlen (pmi.task.kvsname))
        return PMI_ERR_INVALID_LENGTH;
    strcpy (kvsname, pmi.task.kvsname);
    return PMI_SUCCESS;
}

int PMI_Get_id (char *id, int length)
{
    return PMI_KVS_Get_my_name (id, length);
}

int PMI_Get_kvs_domain_id (char *id, int length)
{
    return PMI_KVS_Get_my_name (id, length);
}

int PMI_KVS_Get_name_length_max (int *length)
{
    return get_int (length, PMI_KVSNAME_MAX);
}

int PMI_Get_id_length_max (int *length)
{
    return get_int (length, PMI_KVSNAME_MAX);
}

int PMI_KVS_Get_key_length_max (int *length)
{
    return get_int (length, PMI_KEY_MAX);
}

int PMI_KVS_Get_value_length_max (int *length)
{
    return get_int (length, PMI_VALUE_MAX);
}

int PMI_KVS_Put (const char *kvsname, const char *key, const char *value)
{
    CHECK_INIT ();
    if (!kvsname || strcmp (kvsname, pmi.task.kvsname) != 0)
        return PMI_ERR_INVALID_ARG;
    if (!key || !pmi_task_valid_key (key))
        return PMI_ERR_INVALID_KEY;
    if (!value || !pmi_task_valid_value (value))
        return PMI_ERR_INVALID_VAL;
    return pmi_task_put (&pmi.task, key, value) < 0 ? PMI_FAIL : PMI_SUCCESS;
}

int PMI_KVS_Get (const char *kvsname, const char *key, char *value, int length)
{
    CHECK_INIT ();
    if (!kvsname || strcmp (kvsname, pmi.task.kvsname) != 0 || !value)
        return PMI_ERR_INVALID_ARG;
    if (!key || !pmi_task_valid_key (key))
        return PMI_ERR_INVALID_KEY;
    if (length <= 0)
        return PMI_ERR_INVALID_LENGTH;
    return pmi_task_get (&pmi.task, key, value, length) < 0 ? PMI_FAIL : PMI_SUCCESS;
}

/* What was put is exchanged in the barrier. */
int PMI_KVS_Commit (const char *kvsname)
{
    CHECK_INIT ();
    return kvsname ? PMI_SUCCESS : PMI_ERR_INVALID_ARG;
}

static int clique (int *ranks, int length)
{
    char mapping[PMI_VALUE_MAX];

    if (pmi_task_get (&pmi.task, "PMI_process_mapping", mapping, sizeof (mapping)) < 0)
        mapping[0] = '\0';
    int n = pmi_clique (mapping, pmi.task.size, pmi.task.rank, ranks, length);
    if (n >= 0)
        return n;
    if (ranks && length > 0)
        ranks[0] = pmi.task.rank; // unknown: as if alone on the node
    return 1;
}

int PMI_Get_clique_size (int *size)
{
    CHECK_INIT ();
    if (!size)
        return PMI_ERR_INVALID_ARG;
    *size = clique (NULL, 0);
    return PMI_SUCCESS;
}

int PMI_Get_clique_ranks (int *ranks, int length)
{
    CHECK_INIT ();
    if (!ranks)
        return PMI_ERR_INVALID_ARG;
    return clique (ranks, length) > length ? PMI_ERR_INVALID_LENGTH : PMI_SUCCESS;
}

int PMI_Publish_name (const char *service_name, const char *port)
{
    return PMI_FAIL;
}

int PMI_Unpublish_name (const char *service_name)
{
    return PMI_FAIL;
}

int PMI_Lookup_name (const char *service_name, char *port)
{
    return PMI_FAIL;
}

int PMI_Spawn_multiple (int count, const char *cmds[], const char **argvs[], const int maxprocs[],
                        const int info_keyval_sizesp[], const PMI_keyval_t *info_keyval_vectors[],
                        int preput_keyval_size, const PMI_keyval_t preput_keyval_vector[],
                        int errors[])
{
    return PMI_FAIL;
}

int PMI_KVS_Create (char *kvsname, int length)
{
    return PMI_FAIL;
}

int PMI_KVS_Destroy (const char *kvsname)
{
    return PMI_FAIL;
}

int PMI_KVS_Iter_first (const char *kvsname, char *key, int key_len, char *val, int val_len)
{
    return PMI_FAIL;
}

int PMI_KVS_Iter_next (const char *kvsname, char *key, int key_len, char *val, int val_len)
{
    return PMI_FAIL;
}

int PMI_Parse_option (int num_args, char *args[], int *num_parsed, PMI_keyval_t **keyvalp,
                      int *size)
{
    return PMI_FAIL;
}

int PMI_Args_to_keyval (int *argcp, char *((*argvp)[]), PMI_keyval_t **keyvalp, int *size)
{
    return PMI_FAIL;
}

int PMI_Free_keyvals (PMI_keyval_t *keyvalp, int size)
{
    return PMI_FAIL;
}

int PMI_Get_options (char *str, int *length)
{
    return PMI_FAIL;
}
