/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The PMI-2 API as libpmi2.so has it. */

#ifndef FLUX_PMI_PMI2_H
#define FLUX_PMI_PMI2_H

#include <flux/types.h>

enum {
    PMI2_SUCCESS = 0,
    PMI2_FAIL = -1,
    PMI2_ERR_INIT = 1,
    PMI2_ERR_NOMEM = 2,
    PMI2_ERR_INVALID_ARG = 3,
    PMI2_ERR_INVALID_KEY = 4,
    PMI2_ERR_INVALID_VAL = 6,
    PMI2_ERR_INVALID_LENGTH = 8,
};

#define PMI2_ID_NULL (-1)

typedef struct PMI2_Connect_comm {
    int (*read) (void *buf, int maxlen, void *ctx);
    int (*write) (const void *buf, int len, void *ctx);
    void *ctx;
    int isMaster;
} PMI2_Connect_comm_t;

typedef struct MPID_Info {
    char *key;
    char *value;
    struct MPID_Info *next;
} MPID_Info;

FLUX_EXPORT int PMI2_Init (int *spawned, int *size, int *rank, int *appnum);
FLUX_EXPORT int PMI2_Finalize (void);
FLUX_EXPORT int PMI2_Initialized (void);
FLUX_EXPORT int PMI2_Abort (int flag, const char *msg);
FLUX_EXPORT int PMI2_Job_GetId (char *jobid, int jobid_size);
FLUX_EXPORT int PMI2_Job_GetRank (int *rank);
FLUX_EXPORT int PMI2_KVS_Put (const char *key, const char *value);
FLUX_EXPORT int PMI2_KVS_Get (const char *jobid, int src_pmi_id, const char *key, char *value,
                              int maxvalue, int *vallen);
FLUX_EXPORT int PMI2_KVS_Fence (void);
FLUX_EXPORT int PMI2_Info_GetSize (int *size);
FLUX_EXPORT int PMI2_Info_GetNodeAttr (const char *name, char *value, int valuelen, int *found,
                                       int waitfor);
FLUX_EXPORT int PMI2_Info_PutNodeAttr (const char *name, const char *value);
FLUX_EXPORT int PMI2_Info_GetJobAttr (const char *name, char *value, int valuelen, int *found);

/* Not supported: PMI2_FAIL. */
FLUX_EXPORT int PMI2_Job_Spawn (int count, const char *cmds[], int argcs[], const char **argvs[],
                                const int maxprocs[], const int info_keyval_sizes[],
                                const struct MPID_Info *info_keyval_vectors[],
                                int preput_keyval_size,
                                const struct MPID_Info *preput_keyval_vector[], char *jobid,
                                int jobidsize, int errors[]);
FLUX_EXPORT int PMI2_Job_Connect (const char *jobid, PMI2_Connect_comm_t *conn);
FLUX_EXPORT int PMI2_Job_Disconnect (const char *jobid);
FLUX_EXPORT int PMI2_Info_GetNodeAttrIntArray (const char *name, int array[], int arraylen,
                                               int *outlen, int *found);
FLUX_EXPORT int PMI2_Info_GetJobAttrIntArray (const char *name, int array[], int arraylen,
                                              int *outlen, int *found);
FLUX_EXPORT int PMI2_Nameserv_publish (const char *service_name, const struct MPID_Info *info_ptr,
                                       const char *port);
FLUX_EXPORT int PMI2_Nameserv_lookup (const char *service_name, const struct MPID_Info *info_ptr,
                                      char *port, int portLen);
FLUX_EXPORT int PMI2_Nameserv_unpublish (const char *service_name,
                                         const struct MPID_Info *info_ptr);

#endif /* !FLUX_PMI_PMI2_H */
