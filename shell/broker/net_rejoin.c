/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/hostlist.h>
#include <flux/request.h>

#include "lib/bootstrap/bootstrap.h"
#include "lib/overlay/overlay.h"
#include "lib/util/buf.h"
#include "lib/util/sha256.h"
#include "shell/broker/attr.h"
#include "shell/broker/net_rejoin.h"
#include "shell/broker/router.h"

/* Those that are the same on all ranks and are not found out anew. */
static const char *const common_attrs[] = {
    "tbon.topo",
    "tbon.prefertcp",
    "tbon.interface-hint",
    "tbon.torpid_min",
    "tbon.torpid_max",
    "tbon.tcp_user_timeout",
    "tbon.connect_timeout",
    "content.hash",
    "parent-uri",
    "instance-level",
    "jobid",
    "jobid-path",
    "parent-kvs-namespace",
    "broker.wrap",
    "conf.shell_pluginpath",
    "config.path",
};

static char *attr_lines (const struct attrs *attrs)
{
    struct buf b = {0};

    for (size_t i = 0; i < sizeof (common_attrs) / sizeof (common_attrs[0]); i++) {
        const char *value = attr_get (attrs, common_attrs[i]);
        if (value && !strchr (value, '\n') &&
            buf_printf (&b, "%s=%s\n", common_attrs[i], value) < 0) {
            buf_clear (&b);
            return NULL;
        }
    }
    return b.data;
}

static char *make_secret (const struct bootstrap_info *info)
{
    char token[2 * BOOTSTRAP_TOKEN_SIZE + 1], *secret;

    hex_encode (info->token, sizeof (info->token), token);
    if (asprintf (&secret, "%s.%s", info->instance, token) < 0)
        secret = NULL;
    explicit_bzero (token, sizeof (token));
    return secret;
}

static char *make_auth (const struct bootstrap_info *info)
{
    char *auth;

    if (!info->munge || !info->munge_socket)
        return strdup (info->munge ? "munge" : "token");
    return asprintf (&auth, "munge:%s", info->munge_socket) < 0 ? NULL : auth;
}

static void answer (struct router *rt, struct overlay *ov, const struct attrs *attrs,
                    const struct bootstrap_info *info, int rank, const flux_msg_t *msg)
{
    const char *hosts = attr_get (attrs, "hostlist");
    struct hostlist *hl = hosts ? hostlist_decode (hosts) : NULL;
    const char *host = hl ? hostlist_nth (hl, rank) : NULL;
    char *secret = make_secret (info), *auth = make_auth (info), *lines = attr_lines (attrs);

    if (!secret || !auth || !lines)
        router_respond_error (rt, msg, ENOMEM, NULL);
    else
        router_respond_pack (rt, msg, "{s:i s:i s:s s:s s:s s:s s:s s:s s:s}", "rank",
                             router_rank (rt), "size", router_size (rt), "uri",
                             overlay_endpoint (ov), "pubkey", overlay_pubkey (ov), "auth", auth,
                             "secret", secret, "host", host ? host : "", "hostlist",
                             hosts ? hosts : "", "attrs", lines);
    hostlist_destroy (hl);
    if (secret)
        explicit_bzero (secret, strlen (secret));
    free (secret);
    free (auth);
    free (lines);
}

void net_rejoin (struct router *rt, struct overlay *ov, const struct attrs *attrs,
                 const struct bootstrap_info *info, const flux_msg_t *msg)
{
    int rank, force = 0;

    if (flux_request_unpack (msg, NULL, "{s:i s?b}", "rank", &rank, "force", &force) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (rank < 0 || !overlay_endpoint (ov) ||
             !topology_is_below (overlay_topology (ov), (uint32_t)rank, router_rank (rt)))
        router_respond_error (rt, msg, EINVAL, "there is no such rank below");
    else if (!force && overlay_online (ov, (uint32_t)rank))
        router_respond_error (rt, msg, EEXIST, "the broker of that rank is up");
    else
        answer (rt, ov, attrs, info, rank, msg);
}
