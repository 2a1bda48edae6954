/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Private to lib/bootstrap: the object, and the ways to bootstrap as a table of functions. */

#ifndef FLUX_BOOTSTRAP_METHOD_H
#define FLUX_BOOTSTRAP_METHOD_H

#include <stddef.h>

#include "lib/bootstrap/bootstrap.h"

struct method_ops {
    int (*begin) (struct bootstrap *b, flux_error_t *errp);
    int (*finish) (struct bootstrap *b, const char *uri, const char *pubkey, uint32_t parent_rank,
                   flux_error_t *errp);
    void (*abort) (struct bootstrap *b, const char *why);
    void (*destroy) (struct bootstrap *b);
};

extern const struct method_ops single_ops;
extern const struct method_ops wireup_ops;
extern const struct method_ops pmi1_ops;
extern const struct method_ops rejoin_ops;

struct bootstrap {
    const struct method_ops *ops;
    void *method; // the method's own
    struct bootstrap_info info;
    double timeout;
    int ready_fd; // or -1
    bool refused;
    /* What info points to */
    char *jobid;
    char *hostname;
    char *address;
    char *attrtext;
    struct bootstrap_attr *attrs;
    char *munge_socket;
    char *instance;
    char *hostlist;
    char *parent_uri;
    char *parent_pubkey;
};

/* Take a variable out of the environment. The caller frees; NULL when it is not set, with errno 0,
 * or ENOMEM. */
char *env_take (const char *name);

/* The same for a number no larger than max. -1 with a sentence when it is missing or bad. */
int env_take_u32 (const char *name, uint32_t max, uint32_t *valuep, flux_error_t *errp);

/* Lines of name=value in b->attrtext become b->attrs. */
int attrs_parse (struct bootstrap *b, flux_error_t *errp);

/* 2n hex digits and a NUL of n random bytes. */
int random_hex (char *buf, size_t n);

/* n bytes from 2n hex digits; -1 with EPROTO. */
int bytes_from_hex (uint8_t *bytes, size_t n, const char *hex);

/* Exactly BOOTSTRAP_TOKEN_SIZE bytes from hex; -1 with EPROTO. */
int token_from_hex (uint8_t *token, const char *hex);

#endif /* !FLUX_BOOTSTRAP_METHOD_H */
