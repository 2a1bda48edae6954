/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The proof in a hello, by munge or by token. */

#include <errno.h>
#include <munge.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/hello.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/sha256.h"

#define CRED_TTL 60 // seconds; the clocks of the nodes may differ by this much

static int hello_text (struct buf *b, const struct hello *h)
{
    return buf_printf (b, "slurm-flux-hello 1\n%s\n%u\n%s\n%s\n%u\n%s\n%s\n", h->instance, h->rank,
                       h->uuid, h->key, h->parent_rank, h->parent_key, h->challenge);
}

static munge_ctx_t munge_setup (const struct hello_auth *auth)
{
    munge_ctx_t ctx = munge_ctx_create ();

    if (ctx && auth->munge_socket)
        munge_ctx_set (ctx, MUNGE_OPT_SOCKET, auth->munge_socket);
    return ctx;
}

static char *munge_prove (const struct hello_auth *auth, const struct buf *text, flux_error_t *errp)
{
    munge_ctx_t ctx = munge_setup (auth);
    munge_err_t e = EMUNGE_NO_MEMORY;
    char *cred = NULL;

    if (ctx) {
        munge_ctx_set (ctx, MUNGE_OPT_UID_RESTRICTION, auth->owner);
        munge_ctx_set (ctx, MUNGE_OPT_TTL, CRED_TTL);
        e = munge_encode (&cred, ctx, text->data, (int)text->len);
    }
    if (e != EMUNGE_SUCCESS) {
        const char *detail = ctx ? munge_ctx_strerror (ctx) : NULL;
        errprintf (errp, "munge: %s", detail ? detail : munge_strerror (e));
        free (cred);
        cred = NULL;
    }
    munge_ctx_destroy (ctx);
    if (!cred)
        errno = e == EMUNGE_NO_MEMORY ? ENOMEM : EPERM;
    return cred;
}

/* Decode; the payload is the caller's also when this fails, as munge has it. */
static munge_err_t munge_open (const struct hello_auth *auth, const char *cred, void **payload,
                               int *len, uid_t *uid, flux_error_t *errp)
{
    munge_ctx_t ctx = munge_setup (auth);
    munge_err_t e = EMUNGE_NO_MEMORY;
    gid_t gid;

    if (ctx)
        e = munge_decode (cred, ctx, payload, len, uid, &gid);
    if (e != EMUNGE_SUCCESS) {
        const char *detail = ctx ? munge_ctx_strerror (ctx) : NULL;
        errprintf (errp, "munge: %s", detail ? detail : munge_strerror (e));
    }
    munge_ctx_destroy (ctx);
    return e;
}

static int munge_verify (const struct hello_auth *auth, const struct buf *text, const char *cred,
                         flux_error_t *errp)
{
    void *payload = NULL;
    int len = 0, rc = -1;
    uid_t uid = (uid_t)-1;

    if (munge_open (auth, cred, &payload, &len, &uid, errp) != EMUNGE_SUCCESS)
        ;
    else if (uid != auth->owner)
        errprintf (errp, "the credential is of uid %u, the instance of uid %u", (unsigned)uid,
                   (unsigned)auth->owner);
    else if (len < 0 || (size_t)len != text->len || !const_time_equal (payload, text->data, len))
        errprintf (errp, "the credential was made for another connection");
    else
        rc = 0;
    free (payload);
    return rc;
}

static void token_mac (const struct hello_auth *auth, const struct buf *text,
                       char hex[2 * SHA256_SIZE + 1])
{
    unsigned char mac[SHA256_SIZE];

    hmac_sha256 (auth->token, sizeof (auth->token), text->data, text->len, mac);
    hex_encode (mac, sizeof (mac), hex);
}

static int token_verify (const struct hello_auth *auth, const struct buf *text, const char *cred,
                         flux_error_t *errp)
{
    char hex[2 * SHA256_SIZE + 1];

    token_mac (auth, text, hex);
    if (strlen (cred) != strlen (hex) || !const_time_equal (hex, cred, strlen (hex)))
        return errprintf (errp, "the credential does not fit the instance's token");
    return 0;
}

char *hello_prove (const struct hello_auth *auth, const struct hello *h, flux_error_t *errp)
{
    struct buf text = {0};
    char *cred = NULL;

    if (hello_text (&text, h) < 0) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (auth->method == OVERLAY_AUTH_MUNGE)
        cred = munge_prove (auth, &text, errp);
    else if ((cred = malloc (2 * SHA256_SIZE + 1)))
        token_mac (auth, &text, cred);
    else
        errprintf (errp, "out of memory");
    buf_clear (&text);
    return cred;
}

int hello_verify (const struct hello_auth *auth, const struct hello *h, const char *cred,
                  flux_error_t *errp)
{
    struct buf text = {0};
    int rc;

    if (hello_text (&text, h) < 0)
        return errprintf (errp, "out of memory");
    if (auth->method == OVERLAY_AUTH_MUNGE)
        rc = munge_verify (auth, &text, cred, errp);
    else
        rc = token_verify (auth, &text, cred, errp);
    buf_clear (&text);
    if (rc < 0)
        errno = EPERM;
    return rc;
}
