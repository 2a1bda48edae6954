/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Seal records with munge. A replayed credential needs no refusal of munge's here: the record
 * carries the wire-up's nonce and its rank, and a rank is taken once. (munge itself would also
 * refuse the honest second look at a credential on a machine that plays several nodes.) */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <munge.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/seal.h"
#include "lib/util/errprintf.h"

static munge_ctx_t context (const struct sealer *s)
{
    munge_ctx_t ctx = munge_ctx_create ();

    if (ctx && s->munge_socket &&
        munge_ctx_set (ctx, MUNGE_OPT_SOCKET, s->munge_socket) != EMUNGE_SUCCESS) {
        munge_ctx_destroy (ctx);
        ctx = NULL;
    }
    if (!ctx)
        errno = ENOMEM;
    return ctx;
}

/* The credential as a NUL-terminated string that the caller frees. */
static char *munge_seal (const struct sealer *s, const void *data, size_t len, flux_error_t *errp)
{
    munge_ctx_t ctx = context (s);
    char *cred = NULL;
    munge_err_t e;

    if (!ctx) {
        errprintf (errp, "munge: out of memory");
        return NULL;
    }
    e = munge_ctx_set (ctx, MUNGE_OPT_UID_RESTRICTION, geteuid ());
    if (e == EMUNGE_SUCCESS)
        e = munge_encode (&cred, ctx, data, len);
    if (e != EMUNGE_SUCCESS) {
        const char *detail = munge_ctx_strerror (ctx);
        errprintf (errp, "munge: %s", detail ? detail : munge_strerror (e));
        errno = e == EMUNGE_SOCKET ? ECONNREFUSED : EPERM;
    }
    munge_ctx_destroy (ctx);
    return cred;
}

static int append_frame (struct buf *b, const void *data, size_t len, flux_error_t *errp)
{
    char head[4];

    if (len > WIREUP_MAX_FRAME) {
        errno = E2BIG;
        return errprintf (errp, "a record of %zu bytes is too large for the wire-up", len);
    }
    wire_put_u32 (head, len);
    if (buf_append (b, head, sizeof (head)) < 0 || buf_append (b, data, len) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

int seal_record (const struct sealer *s, struct buf *b, const struct wire_record *rec,
                 flux_error_t *errp)
{
    struct buf plain = {0};
    char *cred = NULL;
    int rc = -1;

    if (wire_record_encode (&plain, rec) < 0 || plain.err) {
        errprintf (errp, "wire-up record: %s", strerror (errno));
        goto out;
    }
    if (!s->munge)
        rc = append_frame (b, plain.data, plain.len, errp);
    else if ((cred = munge_seal (s, plain.data, plain.len, errp)))
        rc = append_frame (b, cred, strlen (cred), errp);
out:
    if (plain.data)
        explicit_bzero (plain.data, plain.len);
    buf_clear (&plain);
    free (cred);
    return rc;
}

static int munge_unseal (const struct sealer *s, const char *cred, void **datap, int *lenp,
                         flux_error_t *errp)
{
    munge_ctx_t ctx = context (s);
    uid_t uid = (uid_t)-1;
    munge_err_t e;
    int rc = 0;

    if (!ctx)
        return errprintf (errp, "munge: out of memory");
    e = munge_decode (cred, ctx, datap, lenp, &uid, NULL);
    if (e != EMUNGE_SUCCESS && e != EMUNGE_CRED_REPLAYED) {
        const char *detail = munge_ctx_strerror (ctx);
        errno = EPERM;
        rc = errprintf (errp, "munge: %s", detail ? detail : munge_strerror (e));
    } else if (uid != geteuid ()) {
        errno = EPERM;
        rc = errprintf (errp, "credential of uid %d, not %d", (int)uid, (int)geteuid ());
    }
    munge_ctx_destroy (ctx);
    return rc;
}

static int decode (struct wire_record *rec, const void *data, size_t len, flux_error_t *errp)
{
    if (wire_record_decode (rec, data, len) < 0)
        return errprintf (errp, "not a record of this wire-up's version");
    return 0;
}

int unseal_record (const struct sealer *s, const char *body, size_t len, struct wire_record *rec,
                   flux_error_t *errp)
{
    void *data = NULL;
    int n = 0;
    int rc = -1;
    char *cred;

    memset (rec, 0, sizeof (*rec));
    if (!s->munge)
        return decode (rec, body, len, errp);
    if (!(cred = strndup (body, len)))
        return errprintf (errp, "out of memory");
    if (munge_unseal (s, cred, &data, &n, errp) == 0)
        rc = decode (rec, data, n, errp);
    if (data && n > 0)
        explicit_bzero (data, n);
    int saved = errno;
    free (data);
    free (cred);
    errno = saved;
    return rc;
}
