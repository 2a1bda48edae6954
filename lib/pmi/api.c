/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdlib.h>
#include <string.h>

#include "lib/pmi/api.h"

static int code (int rc)
{
    return rc < 0 ? PMI_API_FAIL : PMI_API_SUCCESS;
}

int pmi_api_init (struct pmi_api *a)
{
    if (!a->initialized && pmi_task_init (&a->task) < 0)
        return PMI_API_FAIL;
    a->initialized = true;
    return PMI_API_SUCCESS;
}

int pmi_api_finalize (struct pmi_api *a)
{
    PMI_API_CHECK (a);
    a->initialized = false;
    return code (pmi_task_finalize (&a->task));
}

void pmi_api_abort (struct pmi_api *a, int exit_code, const char *msg)
{
    if (a->initialized)
        pmi_task_abort (&a->task, exit_code, msg);
    exit (exit_code);
}

int pmi_api_int (const struct pmi_api *a, int *out, int value)
{
    PMI_API_CHECK (a);
    if (!out)
        return PMI_API_ERR_ARG;
    *out = value;
    return PMI_API_SUCCESS;
}

int pmi_api_name (const struct pmi_api *a, char *buf, int length)
{
    PMI_API_CHECK (a);
    if (!buf)
        return PMI_API_ERR_ARG;
    if (length < 0 || (size_t)length <= strlen (a->task.kvsname))
        return PMI_API_ERR_LENGTH;
    strcpy (buf, a->task.kvsname);
    return PMI_API_SUCCESS;
}

int pmi_api_barrier (struct pmi_api *a)
{
    PMI_API_CHECK (a);
    return code (pmi_task_barrier (&a->task));
}

int pmi_api_put (struct pmi_api *a, const char *key, const char *value)
{
    PMI_API_CHECK (a);
    if (!key || !pmi_task_valid_key (key))
        return PMI_API_ERR_KEY;
    if (!value || !pmi_task_valid_value (value))
        return PMI_API_ERR_VAL;
    return code (pmi_task_put (&a->task, key, value));
}
