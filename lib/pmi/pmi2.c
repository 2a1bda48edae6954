/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* libpmi2.so: the PMI-2 API, over the PMI-1 wire protocol as flux-core's does it, so that both
 * libraries need but one kind of server. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/pmi/api.h"
#include "lib/pmi/pmi2.h"

#define NODE_ATTR_WAIT_US 2000
#define NODE_ATTR_WAIT_MAX 30000 // times; a minute

/* The API has no handle: there is one connection in a process. */
static struct pmi_api pmi;

int PMI2_Init (int *spawned, int *size, int *rank, int *appnum)
{
    if (!spawned || !size || !rank || !appnum)
        return PMI2_ERR_INVALID_ARG;
    if (pmi_api_init (&pmi) != PMI2_SUCCESS)
        return PMI2_FAIL;
    *spawned = pmi.task.spawned;
    *size = pmi.task.size;
    *rank = pmi.task.rank;
    *appnum = pmi.task.appnum;
    return PMI2_SUCCESS;
}

int PMI2_Finalize (void)
{
    return pmi_api_finalize (&pmi);
}

int PMI2_Initialized (void)
{
    return pmi.initialized;
}

int PMI2_Abort (int flag, const char *msg)
{
    pmi_api_abort (&pmi, 1, msg);
}

int PMI2_Job_GetId (char *jobid, int jobid_size)
{
    return pmi_api_name (&pmi, jobid, jobid_size);
}

int PMI2_Job_GetRank (int *rank)
{
    return pmi_api_int (&pmi, rank, pmi.task.rank);
}

int PMI2_KVS_Put (const char *key, const char *value)
{
    return pmi_api_put (&pmi, key, value);
}

/* A value that is longer than the room for it is given in part, and vallen is its negative. */
int PMI2_KVS_Get (const char *jobid, int src_pmi_id, const char *key, char *value, int maxvalue,
                  int *vallen)
{
    char full[PMI_VALUE_MAX];

    PMI_API_CHECK (&pmi);
    if (!key || !pmi_task_valid_key (key))
        return PMI2_ERR_INVALID_KEY;
    if (!value || maxvalue <= 0 || !vallen ||
        (jobid && *jobid && strcmp (jobid, pmi.task.kvsname) != 0))
        return PMI2_ERR_INVALID_ARG;
    if (pmi_task_get (&pmi.task, key, full, sizeof (full)) < 0)
        return PMI2_FAIL;
    int len = snprintf (value, maxvalue, "%s", full);
    *vallen = len < maxvalue ? len : -len;
    return PMI2_SUCCESS;
}

int PMI2_KVS_Fence (void)
{
    return pmi_api_barrier (&pmi);
}

int PMI2_Info_GetSize (int *size)
{
    return pmi_api_int (&pmi, size, pmi.task.size);
}

/* Keys that begin with "local::" stay on their node. */
static int local_key (const char *name, char key[PMI_KEY_MAX])
{
    int n = name ? snprintf (key, PMI_KEY_MAX, "local::%s", name) : -1;
    return n > 0 && n < PMI_KEY_MAX && pmi_task_valid_key (key) ? 0 : -1;
}

int PMI2_Info_PutNodeAttr (const char *name, const char *value)
{
    char key[PMI_KEY_MAX];

    PMI_API_CHECK (&pmi);
    if (local_key (name, key) < 0)
        return PMI2_ERR_INVALID_KEY;
    return PMI2_KVS_Put (key, value);
}

int PMI2_Info_GetNodeAttr (const char *name, char *value, int valuelen, int *found, int waitfor)
{
    char key[PMI_KEY_MAX];

    PMI_API_CHECK (&pmi);
    if (local_key (name, key) < 0)
        return PMI2_ERR_INVALID_KEY;
    if (!value || valuelen <= 0)
        return PMI2_ERR_INVALID_ARG;
    for (int i = 0;; i++) {
        bool there = pmi_task_get (&pmi.task, key, value, valuelen) == 0;
        if (found)
            *found = there;
        if (there || !waitfor)
            return PMI2_SUCCESS;
        if (i == NODE_ATTR_WAIT_MAX)
            return PMI2_FAIL;
        usleep (NODE_ATTR_WAIT_US);
    }
}

int PMI2_Info_GetJobAttr (const char *name, char *value, int valuelen, int *found)
{
    bool there;

    PMI_API_CHECK (&pmi);
    if (!name || !pmi_task_valid_key (name))
        return PMI2_ERR_INVALID_KEY;
    if (!value || valuelen <= 0)
        return PMI2_ERR_INVALID_ARG;
    if (!strcmp (name, "universeSize"))
        there = snprintf (value, valuelen, "%d", pmi.task.universe_size) < valuelen;
    else
        there = pmi_task_get (&pmi.task, name, value, valuelen) == 0;
    if (found)
        *found = there;
    return PMI2_SUCCESS;
}

int PMI2_Job_Spawn (int count, const char *cmds[], int argcs[], const char **argvs[],
                    const int maxprocs[], const int info_keyval_sizes[],
                    const struct MPID_Info *info_keyval_vectors[], int preput_keyval_size,
                    const struct MPID_Info *preput_keyval_vector[], char *jobid, int jobidsize,
                    int errors[])
{
    return PMI2_FAIL;
}

int PMI2_Job_Connect (const char *jobid, PMI2_Connect_comm_t *conn)
{
    return PMI2_FAIL;
}

int PMI2_Job_Disconnect (const char *jobid)
{
    return PMI2_FAIL;
}

int PMI2_Info_GetNodeAttrIntArray (const char *name, int array[], int arraylen, int *outlen,
                                   int *found)
{
    return PMI2_FAIL;
}

int PMI2_Info_GetJobAttrIntArray (const char *name, int array[], int arraylen, int *outlen,
                                  int *found)
{
    return PMI2_FAIL;
}

int PMI2_Nameserv_publish (const char *service_name, const struct MPID_Info *info_ptr,
                           const char *port)
{
    return PMI2_FAIL;
}

int PMI2_Nameserv_lookup (const char *service_name, const struct MPID_Info *info_ptr, char *port,
                          int portLen)
{
    return PMI2_FAIL;
}

int PMI2_Nameserv_unpublish (const char *service_name, const struct MPID_Info *info_ptr)
{
    return PMI2_FAIL;
}
