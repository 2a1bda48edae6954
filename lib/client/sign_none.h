/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Text "signed" with mechanism none (RFC 15): who signed is only claimed. It is for owners of an
 * instance, whom the broker knows by their connection.
 *
 *   base64 (header) . base64 (payload) . none
 *   header: version NUL i1 NUL userid NUL iUID NUL mechanism NUL snone NUL */

#ifndef FLUX_CLIENT_SIGN_NONE_H
#define FLUX_CLIENT_SIGN_NONE_H

#include <stddef.h>
#include <stdint.h>

/* The caller frees the text. */
char *sign_none_wrap (const void *payload, size_t len, uint32_t userid);

/* The payload, with a NUL behind it that does not count; the caller frees it. EINVAL. */
char *sign_none_unwrap (const char *text, size_t *lenp, uint32_t *useridp);

#endif /* !FLUX_CLIENT_SIGN_NONE_H */
