/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Commits and roots, copies, namespaces and versions. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/attr.h>
#include <flux/rpc.h>

#include "lib/client/future_private.h"
#include "lib/client/kvs_private.h"
#include "lib/client/treeobj.h"
#include "lib/util/fail.h"

const char *kvs_namespace (const char *ns)
{
    if (!ns)
        ns = getenv ("FLUX_KVS_NAMESPACE");
    return ns ? ns : KVS_PRIMARY_NAMESPACE;
}

flux_future_t *flux_kvs_commit (flux_t *h, const char *ns, int flags, flux_kvs_txn_t *txn)
{
    if (!h || !txn)
        return fail_null (EINVAL);
    if ((flags & FLUX_KVS_TXN_COMPACT) && kvs_txn_compact (txn) < 0)
        return NULL;
    if (kvs_txn_has_blobs (txn))
        return kvs_commit_blobs (h, kvs_namespace (ns), flags & ~FLUX_KVS_TXN_COMPACT, txn);
    return flux_rpc_pack (h, "kvs.commit", FLUX_NODEID_ANY, 0, "{s:s s:i s:O}", "namespace",
                          kvs_namespace (ns), "flags", flags & ~FLUX_KVS_TXN_COMPACT, "ops",
                          kvs_txn_ops (txn));
}

/* The root in a response, as a dirref that the future owns. */
static int get_treeobj (flux_future_t *f, const char **treeobj)
{
    const char *ref;
    char *s;

    if (!f || !treeobj)
        return fail (EINVAL);
    if (flux_rpc_get_unpack (f, "{s:s}", "rootref", &ref) < 0)
        return -1;
    if (!(s = flux_future_aux_get (f, "flux::kvs_root"))) {
        json_t *o = treeobj_dirref (ref);
        s = o ? treeobj_encode (o) : NULL;
        json_decref (o);
        if (!s || flux_future_aux_set (f, "flux::kvs_root", s, free) < 0) {
            free (s);
            return -1;
        }
    }
    *treeobj = s;
    return 0;
}

static int get_rootref (flux_future_t *f, const char **rootref)
{
    if (!f || !rootref)
        return fail (EINVAL);
    return flux_rpc_get_unpack (f, "{s:s}", "rootref", rootref);
}

static int get_sequence (flux_future_t *f, int *seq)
{
    if (!f || !seq)
        return fail (EINVAL);
    return flux_rpc_get_unpack (f, "{s:i}", "rootseq", seq);
}

int flux_kvs_commit_get_treeobj (flux_future_t *f, const char **treeobj)
{
    return get_treeobj (f, treeobj);
}

int flux_kvs_commit_get_rootref (flux_future_t *f, const char **rootref)
{
    return get_rootref (f, rootref);
}

int flux_kvs_commit_get_sequence (flux_future_t *f, int *rootseq)
{
    return get_sequence (f, rootseq);
}

flux_future_t *flux_kvs_getroot (flux_t *h, const char *ns, int flags)
{
    if (!h || flags)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, "kvs.getroot", FLUX_NODEID_ANY, 0, "{s:s s:i}", "namespace",
                          kvs_namespace (ns), "flags", flags);
}

/* A plain RPC, which a future made by hand is not. */
static int check_getroot (flux_future_t *f)
{
    return f && future_rpc (f) ? 0 : fail (EINVAL);
}

int flux_kvs_getroot_get_treeobj (flux_future_t *f, const char **treeobj)
{
    return check_getroot (f) < 0 ? -1 : get_treeobj (f, treeobj);
}

int flux_kvs_getroot_get_blobref (flux_future_t *f, const char **blobref)
{
    return check_getroot (f) < 0 ? -1 : get_rootref (f, blobref);
}

int flux_kvs_getroot_get_sequence (flux_future_t *f, int *seq)
{
    return check_getroot (f) < 0 ? -1 : get_sequence (f, seq);
}

int flux_kvs_getroot_get_owner (flux_future_t *f, uint32_t *owner)
{
    json_int_t n; // some send it signed

    if (!f || !owner)
        return fail (EINVAL);
    if (flux_rpc_get_unpack (f, "{s:I}", "owner", &n) < 0)
        return -1;
    *owner = n;
    return 0;
}

/* Version 0 of a new namespace is the empty directory, named by the hash that the instance uses. */
static const struct {
    const char *hash;
    const char *rootref;
} empty_dir[] = {
    {"sha1", "sha1-c0a9faf907dda6216fd73bf81d0b3b21a1a8cb91"},
    {"sha256", "sha256-61b85efa2a76db9377692c700b4e1edfc480bf224e0e9764b76f8082159d0ca0"},
};

flux_future_t *flux_kvs_namespace_create_with (flux_t *h, const char *ns, const char *rootref,
                                               uint32_t owner, int flags)
{
    if (!h || !ns || !rootref || flags)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, "kvs.namespace-create", 0, 0, "{s:s s:s s:i s:i}", "namespace", ns,
                          "rootref", rootref, "owner", (int)owner, "flags", flags);
}

flux_future_t *flux_kvs_namespace_create (flux_t *h, const char *ns, uint32_t owner, int flags)
{
    const char *hash;

    if (!h || !ns || flags)
        return fail_null (EINVAL);
    if (!(hash = flux_attr_get (h, "content.hash")))
        return NULL;
    for (size_t i = 0; i < sizeof (empty_dir) / sizeof (empty_dir[0]); i++)
        if (strcmp (empty_dir[i].hash, hash) == 0)
            return flux_kvs_namespace_create_with (h, ns, empty_dir[i].rootref, owner, flags);
    return fail_null (EPROTO);
}

flux_future_t *flux_kvs_namespace_remove (flux_t *h, const char *ns)
{
    if (!h || !ns)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, "kvs.namespace-remove", 0, 0, "{s:s}", "namespace", ns);
}

int flux_kvs_get_version (flux_t *h, const char *ns, int *versionp)
{
    flux_future_t *f = flux_kvs_getroot (h, ns, 0);
    int version;
    int rc = f ? flux_rpc_get_unpack (f, "{s:i}", "rootseq", &version) : -1;

    if (rc == 0 && versionp)
        *versionp = version;
    flux_future_destroy (f);
    return rc;
}

int flux_kvs_wait_version (flux_t *h, const char *ns, int version)
{
    flux_future_t *f = flux_rpc_pack (h, "kvs.wait-version", FLUX_NODEID_ANY, 0, "{s:i s:s}",
                                      "rootseq", version, "namespace", kvs_namespace (ns));
    int rc = f ? flux_future_get (f, NULL) : -1;

    flux_future_destroy (f);
    return rc;
}
