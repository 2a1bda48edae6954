/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* {cc}, {}, {0}, {seq} and {0.basename} in the command and the options of submit and bulksubmit. */

#ifndef FLUX_CMD_SUBST_H
#define FLUX_CMD_SUBST_H

#include <stdbool.h>
#include <flux/types.h>

struct subst {
    char *const *inputs; // {0}, {1}...; {} takes them in turn
    int ninputs;
    bool has_seq;
    int seq;
    const char *cc; // NULL: none
    bool keep_cc;   // leave {cc} for a later pass
    bool *cc_used;  // set when cc was put somewhere; may be NULL
};

/* Methods: {.%} without extension, {./} basename, {.//} dirname, {./%} basename without extension,
 * and the same as .noext, .basename, .dirname, .stem. "{{...}}" stays for the job shell, "${...}"
 * for a shell. The caller frees the result. NULL with a sentence. */
char *subst_expand (const struct subst *s, const char *text, flux_error_t *errp);

#endif /* !FLUX_CMD_SUBST_H */
