/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/rpc.h>

#include "lib/client/kvs_private.h"
#include "lib/client/treeobj.h"
#include "lib/util/base64.h"
#include "lib/util/fail.h"

#define LARGE_MIN (256u << 10)

#define WATCH_ONLY                                                                                 \
    (FLUX_KVS_WATCH_FULL | FLUX_KVS_WATCH_UNIQ | FLUX_KVS_WATCH_APPEND |                           \
     FLUX_KVS_WATCH_INITIAL_SENTINEL)
#define WATCHER_FLAGS (FLUX_KVS_WATCH | FLUX_KVS_WAITCREATE | FLUX_KVS_STREAM)

/* What was asked, and what was made of the present response. */
struct lookup {
    flux_t *h;
    char *key;
    char *root; // lookupat
    int flags;
    json_t *o;         // the response's object; NULL for none yet and for the sentinel
    const char *large; // the response's text, of which val was made without o
    void *val;
    size_t len;
    bool val_valid;
    json_t *json;
    char *text;
    flux_kvsdir_t *dir;
};

static void forget (struct lookup *l)
{
    json_decref (l->o);
    free (l->val);
    json_decref (l->json);
    free (l->text);
    flux_kvsdir_destroy (l->dir);
    l->o = l->json = NULL;
    l->large = NULL;
    l->val = l->text = NULL;
    l->len = 0;
    l->val_valid = false;
    l->dir = NULL;
}

static void lookup_destroy (void *arg)
{
    struct lookup *l = arg;

    forget (l);
    free (l->key);
    free (l->root);
    free (l);
}

static bool flags_ok (int flags, bool watch_ok)
{
    if (!watch_ok && (flags & WATCHER_FLAGS))
        return false;
    if ((flags & WATCH_ONLY) && !(flags & FLUX_KVS_WATCH))
        return false;
    switch (flags & ~(WATCHER_FLAGS | WATCH_ONLY)) {
    case 0:
    case FLUX_KVS_TREEOBJ:
    case FLUX_KVS_READDIR:
    case FLUX_KVS_READDIR | FLUX_KVS_TREEOBJ:
    case FLUX_KVS_READLINK:
        return true;
    default:
        return false;
    }
}

/* Hang what was asked on the future; f NULL is the failure of the caller. */
static flux_future_t *attach (flux_future_t *f, flux_t *h, int flags, const char *key,
                              const char *root)
{
    struct lookup *l = f ? calloc (1, sizeof (*l)) : NULL;

    if (!l)
        goto error;
    l->h = h;
    l->flags = flags;
    l->key = strdup (key);
    l->root = root ? strdup (root) : NULL;
    if (l->key && (!root || l->root) &&
        flux_future_aux_set (f, "flux::kvs_lookup", l, lookup_destroy) == 0)
        return f;
    lookup_destroy (l);
error:
    flux_future_destroy (f);
    return NULL;
}

flux_future_t *flux_kvs_lookup (flux_t *h, const char *ns, int flags, const char *key)
{
    if (!h || !key || !*key || !flags_ok (flags, true)) {
        errno = EINVAL;
        return NULL;
    }
    bool streaming = flags & (FLUX_KVS_WATCH | FLUX_KVS_STREAM);
    flux_future_t *f =
        flux_rpc_pack (h, flags & WATCHER_FLAGS ? "kvs-watch.lookup" : "kvs.lookup",
                       FLUX_NODEID_ANY, streaming ? FLUX_RPC_STREAMING : 0, "{s:s s:s s:i}", "key",
                       key, "namespace", kvs_namespace (ns), "flags", flags);
    return attach (f, h, flags, key, NULL);
}

flux_future_t *flux_kvs_lookupat (flux_t *h, int flags, const char *key, const char *treeobj)
{
    json_t *root = treeobj ? json_loads (treeobj, 0, NULL) : NULL;

    if (!h || !key || !*key || !root || !flags_ok (flags, false)) {
        json_decref (root);
        errno = EINVAL;
        return NULL;
    }
    flux_future_t *f = flux_rpc_pack (h, "kvs.lookup", FLUX_NODEID_ANY, 0, "{s:s s:i s:o}", "key",
                                      key, "flags", flags, "rootdir", root);
    return attach (f, h, flags, key, treeobj);
}

static struct lookup *lookup_of (flux_future_t *f)
{
    struct lookup *l = f ? flux_future_aux_get (f, "flux::kvs_lookup") : NULL;

    if (!l)
        errno = EINVAL;
    return l;
}

/* A response without payload marks the end of what was there at first. */
static bool is_sentinel (flux_future_t *f, const struct lookup *l)
{
    const char *s;

    return (l->flags & FLUX_KVS_WATCH_INITIAL_SENTINEL) && flux_rpc_get (f, &s) == 0 && !s;
}

/* Take up the present response. The objects of one message are the same as long as it lives, so
 * this is cheap when called again. */
static struct lookup *update (flux_future_t *f)
{
    struct lookup *l = lookup_of (f);
    json_t *o;

    if (!l)
        return NULL;
    if (flux_rpc_get_unpack (f, "{s:o}", "val", &o) < 0) {
        int saved_errno = errno;
        if (errno == EPROTO && is_sentinel (f, l)) {
            forget (l);
            return l;
        }
        errno = saved_errno;
        return NULL;
    }
    if (o != l->o) {
        forget (l);
        if (treeobj_check (o) < 0) {
            errno = EPROTO;
            return NULL;
        }
        l->o = json_incref (o);
    }
    return l;
}

static int decode_val (struct lookup *l)
{
    if (!l->val_valid && l->o && treeobj_decode_val (l->o, &l->val, &l->len) < 0)
        return -1;
    l->val_valid = true;
    return 0;
}

/* A large value in the text that our brokers send goes by the JSON parser, which takes many times
 * as long as the rest. False for any other text: then the parser decides. */
static bool take_large (struct lookup *l, const char *text)
{
    static const char head[] = "{\"val\":{\"data\":\"";
    static const char tail[] = "\",\"type\":\"val\",\"ver\":1}}";
    size_t size, len, n = sizeof (head) - 1, t = sizeof (tail) - 1;
    void *val;

    if (l->large == text)
        return true;
    if (strncmp (text, head, n) != 0 || (size = strlen (text)) < LARGE_MIN ||
        strcmp (text + size - t, tail) != 0 ||
        !(val = base64_decode_alloc (text + n, size - n - t, &len)))
        return false;
    forget (l);
    l->val = val;
    l->len = len;
    l->val_valid = true;
    l->large = text;
    return true;
}

static struct lookup *update_val (flux_future_t *f)
{
    struct lookup *l = lookup_of (f);
    const char *text;

    if (l && !(l->flags & FLUX_KVS_TREEOBJ) && flux_rpc_get (f, &text) == 0 && text &&
        take_large (l, text))
        return l;
    l = update (f);
    return l && decode_val (l) == 0 ? l : NULL;
}

int flux_kvs_lookup_get (flux_future_t *f, const char **value)
{
    struct lookup *l = update_val (f);

    if (!l)
        return -1;
    if (value)
        *value = l->val;
    return 0;
}

int flux_kvs_lookup_get_raw (flux_future_t *f, const void **data, size_t *len)
{
    struct lookup *l = update_val (f);

    if (!l)
        return -1;
    if (data)
        *data = l->val;
    if (len)
        *len = l->len;
    return 0;
}

int flux_kvs_lookup_get_unpack (flux_future_t *f, const char *fmt, ...)
{
    struct lookup *l = update (f);
    va_list ap;

    if (!l || decode_val (l) < 0)
        return -1;
    if (!l->json && (!l->val || !(l->json = json_loadb (l->val, l->len, JSON_DECODE_ANY, NULL))))
        return fail (EINVAL);
    va_start (ap, fmt);
    int rc = json_vunpack_ex (l->json, NULL, 0, fmt, ap);
    va_end (ap);
    return rc < 0 ? fail (EINVAL) : 0;
}

int flux_kvs_lookup_get_treeobj (flux_future_t *f, const char **treeobj)
{
    struct lookup *l = update (f);

    if (!l)
        return -1;
    if (!l->o)
        return fail (EINVAL);
    if (!l->text && !(l->text = treeobj_encode (l->o)))
        return -1;
    if (treeobj)
        *treeobj = l->text;
    return 0;
}

int flux_kvs_lookup_get_dir (flux_future_t *f, const flux_kvsdir_t **dir)
{
    struct lookup *l = update (f);

    if (!l)
        return -1;
    if (!l->dir && !(l->dir = kvs_dir_create (l->h, l->root, l->key, l->o)))
        return -1;
    if (dir)
        *dir = l->dir;
    return 0;
}

int flux_kvs_lookup_get_symlink (flux_future_t *f, const char **ns, const char **target)
{
    struct lookup *l = update (f);
    const char *n = NULL, *t;

    if (!l)
        return -1;
    if (!treeobj_is (l->o, "symlink") ||
        json_unpack (treeobj_data (l->o), "{s:s s?s}", "target", &t, "namespace", &n) < 0)
        return fail (EINVAL);
    if (ns)
        *ns = n;
    if (target)
        *target = t;
    return 0;
}

const char *flux_kvs_lookup_get_key (flux_future_t *f)
{
    struct lookup *l = lookup_of (f);

    return l ? l->key : NULL;
}

int flux_kvs_lookup_cancel (flux_future_t *f)
{
    struct lookup *l = lookup_of (f);
    flux_future_t *f2;

    if (!l || !(l->flags & WATCHER_FLAGS))
        return fail (EINVAL);
    if (!(f2 = flux_rpc_pack (flux_future_get_flux (f), "kvs-watch.cancel", FLUX_NODEID_ANY,
                              FLUX_RPC_NORESPONSE, "{s:i}", "matchtag",
                              (int)flux_rpc_get_matchtag (f))))
        return -1;
    flux_future_destroy (f2);
    return 0;
}
