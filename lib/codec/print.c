/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages for people who read traces. */

#include <stdlib.h>
#include <string.h>

#include "lib/codec/msg.h"
#include "lib/util/buf.h"

#define HEX_SHOWN 37 // bytes of a payload that is no text

struct name {
    uint32_t bit;
    const char *name;
    const char *prefix;
};

static const struct name types[] = {
    {FLUX_MSGTYPE_REQUEST, "request", ">"},
    {FLUX_MSGTYPE_RESPONSE, "response", "<"},
    {FLUX_MSGTYPE_EVENT, "event", "e"},
    {FLUX_MSGTYPE_CONTROL, "control", "c"},
    {0},
};

static const struct name flags[] = {
    {FLUX_MSGFLAG_TOPIC, "topic", NULL},
    {FLUX_MSGFLAG_PAYLOAD, "payload", NULL},
    {FLUX_MSGFLAG_NORESPONSE, "noresponse", NULL},
    {FLUX_MSGFLAG_ROUTE, "route", NULL},
    {FLUX_MSGFLAG_UPSTREAM, "upstream", NULL},
    {FLUX_MSGFLAG_PRIVATE, "private", NULL},
    {FLUX_MSGFLAG_STREAMING, "streaming", NULL},
    {FLUX_MSGFLAG_USER1, "user1", NULL},
    {0},
};

static const struct name roles[] = {
    {FLUX_ROLE_OWNER, "owner", NULL},
    {FLUX_ROLE_USER, "user", NULL},
    {FLUX_ROLE_LOCAL, "local", NULL},
    {FLUX_ROLE_ADMIN, "admin", NULL},
    {0},
};

static const struct name *find (const struct name *table, uint32_t bits)
{
    while (table->bit && !(bits & table->bit))
        table++;
    return table;
}

const char *flux_msg_typestr (int type)
{
    const struct name *n = find (types, type);

    return n->name ? n->name : "unknown";
}

static void put_names (FILE *f, const struct name *table, uint32_t bits)
{
    const char *sep = "";

    for (; table->bit; table++) {
        if (bits & table->bit) {
            fprintf (f, "%s%s", sep, table->name);
            sep = ",";
            bits &= ~table->bit;
        }
    }
    if (bits)
        fprintf (f, "%s0x%x", sep, bits);
}

static void put_cred (FILE *f, const flux_msg_t *msg)
{
    if (msg->userid == FLUX_USERID_UNKNOWN)
        fputs (" userid=unknown", f);
    else
        fprintf (f, " userid=%u", msg->userid);
    fputs (" rolemask=", f);
    if (msg->rolemask == FLUX_ROLE_NONE)
        fputs ("none", f);
    else if (msg->rolemask == FLUX_ROLE_ALL)
        fputs ("all", f);
    else
        put_names (f, roles, msg->rolemask);
}

static void put_fields (FILE *f, const flux_msg_t *msg)
{
    switch (msg->type) {
    case FLUX_MSGTYPE_REQUEST:
        if (msg->aux1 == FLUX_NODEID_ANY)
            fputs (" nodeid=any", f);
        else
            fprintf (f, " nodeid=%u", msg->aux1);
        fprintf (f, " matchtag=%u", msg->aux2);
        break;
    case FLUX_MSGTYPE_RESPONSE:
        fprintf (f, " errnum=%u matchtag=%u", msg->aux1, msg->aux2);
        break;
    case FLUX_MSGTYPE_EVENT:
        fprintf (f, " sequence=%u", msg->aux1);
        break;
    default:
        fprintf (f, " type=%u status=%u", msg->aux1, msg->aux2);
    }
}

static void put_payload (FILE *f, const flux_msg_t *msg, const char *prefix)
{
    const char *s;

    fprintf (f, "%s ", prefix);
    if (flux_msg_get_string (msg, &s) == 0)
        fputs (s, f);
    else {
        for (size_t i = 0; i < msg->payload_len && i < HEX_SHOWN; i++)
            fprintf (f, "%02X", (unsigned char)msg->payload[i]);
        if (msg->payload_len > HEX_SHOWN)
            fputs ("...", f);
    }
    fputc ('\n', f);
}

void flux_msg_fprint_ts (FILE *f, const flux_msg_t *msg, double timestamp)
{
    fputs ("--------------------------------------\n", f);
    if (!msg) {
        fputs ("NULL\n", f);
        return;
    }
    const char *prefix = find (types, msg->type)->prefix;
    if (timestamp >= 0.)
        fprintf (f, "%s %.5f\n", prefix, timestamp);
    if (msg->topic)
        fprintf (f, "%s %s\n", prefix, msg->topic);
    fprintf (f, "%s flags=", prefix);
    put_names (f, flags, msg->flags);
    put_cred (f, msg);
    put_fields (f, msg);
    fputc ('\n', f);
    char *routes = msg->routes.count > 0 ? flux_msg_route_string (msg) : NULL;
    if (routes)
        fprintf (f, "%s |%s|\n", prefix, routes);
    free (routes);
    if (flux_msg_has_payload (msg))
        put_payload (f, msg, prefix);
}

void flux_msg_fprint (FILE *f, const flux_msg_t *msg)
{
    flux_msg_fprint_ts (f, msg, -1.);
}
