/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The PMI-1 API (RFC 13, Application Programming Interface) as libpmi.so has it. */

#ifndef FLUX_PMI_PMI_H
#define FLUX_PMI_PMI_H

#include <flux/types.h>

enum {
    PMI_SUCCESS = 0,
    PMI_FAIL = -1,
    PMI_ERR_INIT = 1,
    PMI_ERR_NOMEM = 2,
    PMI_ERR_INVALID_ARG = 3,
    PMI_ERR_INVALID_KEY = 4,
    PMI_ERR_INVALID_KEY_LENGTH = 5,
    PMI_ERR_INVALID_VAL = 6,
    PMI_ERR_INVALID_VAL_LENGTH = 7,
    PMI_ERR_INVALID_LENGTH = 8,
};

typedef struct {
    const char *key;
    char *val;
} PMI_keyval_t;

FLUX_EXPORT int PMI_Init (int *spawned);
FLUX_EXPORT int PMI_Initialized (int *initialized);
FLUX_EXPORT int PMI_Finalize (void);
FLUX_EXPORT int PMI_Get_size (int *size);
FLUX_EXPORT int PMI_Get_rank (int *rank);
FLUX_EXPORT int PMI_Get_universe_size (int *size);
FLUX_EXPORT int PMI_Get_appnum (int *appnum);
FLUX_EXPORT int PMI_Barrier (void);
FLUX_EXPORT int PMI_Abort (int exit_code, const char *error_msg);
FLUX_EXPORT int PMI_KVS_Get_my_name (char *kvsname, int length);
FLUX_EXPORT int PMI_KVS_Get_name_length_max (int *length);
FLUX_EXPORT int PMI_KVS_Get_key_length_max (int *length);
FLUX_EXPORT int PMI_KVS_Get_value_length_max (int *length);
FLUX_EXPORT int PMI_KVS_Put (const char *kvsname, const char *key, const char *value);
FLUX_EXPORT int PMI_KVS_Get (const char *kvsname, const char *key, char *value, int length);
FLUX_EXPORT int PMI_KVS_Commit (const char *kvsname);

/* On one node. */
FLUX_EXPORT int PMI_Get_clique_size (int *size);
FLUX_EXPORT int PMI_Get_clique_ranks (int *ranks, int length);

/* Aliases of the above that were dropped from the standard. */
FLUX_EXPORT int PMI_Get_id (char *id, int length);
FLUX_EXPORT int PMI_Get_kvs_domain_id (char *id, int length);
FLUX_EXPORT int PMI_Get_id_length_max (int *length);

/* Not supported: PMI_FAIL. */
FLUX_EXPORT int PMI_Publish_name (const char *service_name, const char *port);
FLUX_EXPORT int PMI_Unpublish_name (const char *service_name);
FLUX_EXPORT int PMI_Lookup_name (const char *service_name, char *port);
FLUX_EXPORT int PMI_Spawn_multiple (int count, const char *cmds[], const char **argvs[],
                                    const int maxprocs[], const int info_keyval_sizesp[],
                                    const PMI_keyval_t *info_keyval_vectors[],
                                    int preput_keyval_size,
                                    const PMI_keyval_t preput_keyval_vector[], int errors[]);
FLUX_EXPORT int PMI_KVS_Create (char *kvsname, int length);
FLUX_EXPORT int PMI_KVS_Destroy (const char *kvsname);
FLUX_EXPORT int PMI_KVS_Iter_first (const char *kvsname, char *key, int key_len, char *val,
                                    int val_len);
FLUX_EXPORT int PMI_KVS_Iter_next (const char *kvsname, char *key, int key_len, char *val,
                                   int val_len);
FLUX_EXPORT int PMI_Parse_option (int num_args, char *args[], int *num_parsed,
                                  PMI_keyval_t **keyvalp, int *size);
FLUX_EXPORT int PMI_Args_to_keyval (int *argcp, char *((*argvp)[]), PMI_keyval_t **keyvalp,
                                    int *size);
FLUX_EXPORT int PMI_Free_keyvals (PMI_keyval_t *keyvalp, int size);
FLUX_EXPORT int PMI_Get_options (char *str, int *length);

#endif /* !FLUX_PMI_PMI_H */
