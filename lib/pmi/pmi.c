/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* libpmi.so: PMI-1 for programs that link or dlopen it. */

#include <string.h>

#include "lib/pmi/api.h"
#include "lib/pmi/clique.h"
#include "lib/pmi/pmi.h"

/* The API has no handle: there is one connection in a process. */
static struct pmi_api pmi;

int PMI_Init (int *spawned)
{
    int rc = spawned ? pmi_api_init (&pmi) : PMI_ERR_INVALID_ARG;

    if (rc == PMI_SUCCESS)
        *spawned = pmi.task.spawned;
    return rc;
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
    return pmi_api_finalize (&pmi);
}

int PMI_Get_size (int *size)
{
    return pmi_api_int (&pmi, size, pmi.task.size);
}

int PMI_Get_rank (int *rank)
{
    return pmi_api_int (&pmi, rank, pmi.task.rank);
}

int PMI_Get_universe_size (int *size)
{
    return pmi_api_int (&pmi, size, pmi.task.universe_size);
}

int PMI_Get_appnum (int *appnum)
{
    return pmi_api_int (&pmi, appnum, pmi.task.appnum);
}

int PMI_Barrier (void)
{
    return pmi_api_barrier (&pmi);
}

int PMI_Abort (int exit_code, const char *error_msg)
{
    pmi_api_abort (&pmi, exit_code, error_msg);
}

int PMI_KVS_Get_my_name (char *kvsname, int length)
{
    return pmi_api_name (&pmi, kvsname, length);
}

int PMI_Get_id (char *id, int length)
{
    return pmi_api_name (&pmi, id, length);
}

int PMI_Get_kvs_domain_id (char *id, int length)
{
    return pmi_api_name (&pmi, id, length);
}

int PMI_KVS_Get_name_length_max (int *length)
{
    return pmi_api_int (&pmi, length, PMI_KVSNAME_MAX);
}

int PMI_Get_id_length_max (int *length)
{
    return pmi_api_int (&pmi, length, PMI_KVSNAME_MAX);
}

int PMI_KVS_Get_key_length_max (int *length)
{
    return pmi_api_int (&pmi, length, PMI_KEY_MAX);
}

int PMI_KVS_Get_value_length_max (int *length)
{
    return pmi_api_int (&pmi, length, PMI_VALUE_MAX);
}

int PMI_KVS_Put (const char *kvsname, const char *key, const char *value)
{
    PMI_API_CHECK (&pmi);
    if (!kvsname || strcmp (kvsname, pmi.task.kvsname) != 0)
        return PMI_ERR_INVALID_ARG;
    return pmi_api_put (&pmi, key, value);
}

int PMI_KVS_Get (const char *kvsname, const char *key, char *value, int length)
{
    PMI_API_CHECK (&pmi);
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
    PMI_API_CHECK (&pmi);
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
    PMI_API_CHECK (&pmi);
    if (!size)
        return PMI_ERR_INVALID_ARG;
    *size = clique (NULL, 0);
    return PMI_SUCCESS;
}

int PMI_Get_clique_ranks (int *ranks, int length)
{
    PMI_API_CHECK (&pmi);
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
