/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* PMI-2 requests, as MPICH's PMI-2 client sends them. Each may carry a "thrid", which the answer
 * repeats. */

#include <stdio.h>
#include <string.h>

#include "lib/pmi/server_private.h"
#include "lib/pmi/wire.h"

struct request {
    struct pmi_server *s;
    int localid;
    const char *msg;
    size_t len;
};

static int get_string (const struct request *r, const char *key, char *value, size_t size)
{
    return pmi2_wire_get (r->msg, r->len, key, value, size);
}

static void begin (struct buf *b, const struct request *r, const char *cmd)
{
    char id[32];

    pmi2_wire_put (b, "cmd", cmd);
    if (r->msg && get_string (r, "thrid", id, sizeof (id)) == 0)
        pmi2_wire_put (b, "thrid", id);
}

static void put_int (struct buf *b, const char *key, int value)
{
    char s[16];

    snprintf (s, sizeof (s), "%d", value);
    pmi2_wire_put (b, key, s);
}

/* Send and free. */
static void finish (struct buf *b, struct pmi_server *s, int localid)
{
    struct buf out = {0};

    buf_printf (&out, "%*zu", PMI2_LENGTH_SIZE, b->len);
    buf_append (&out, b->data, b->len);
    if (!out.err && !b->err)
        s->ops.send (s->arg, localid, out.data, out.len);
    buf_clear (&out);
    buf_clear (b);
}

static void reply_rc (const struct request *r, const char *cmd, int rc)
{
    struct buf b = {0};

    begin (&b, r, cmd);
    put_int (&b, "rc", rc);
    finish (&b, r->s, r->localid);
}

static void fullinit (const struct request *r)
{
    struct buf b = {0};

    begin (&b, r, "fullinit-response");
    pmi2_wire_put (&b, "pmi-version", "2");
    pmi2_wire_put (&b, "pmi-subversion", "0");
    put_int (&b, "rank", r->s->config.taskids[r->localid]);
    put_int (&b, "size", r->s->config.ntasks);
    pmi2_wire_put (&b, "appnum", "0");
    pmi2_wire_put (&b, "debugged", "FALSE");
    pmi2_wire_put (&b, "pmiverbose", "FALSE");
    put_int (&b, "rc", 0);
    finish (&b, r->s, r->localid);
}

static void finalize (const struct request *r)
{
    reply_rc (r, "finalize-response", 0);
}

static void abort_job (const struct request *r)
{
    char text[PMI2_VALUE_MAX] = "";

    get_string (r, "msg", text, sizeof (text));
    r->s->ops.abort (r->s->arg, r->localid, 1, text);
}

static void getid (const struct request *r)
{
    struct buf b = {0};

    begin (&b, r, "job-getid-response");
    pmi2_wire_put (&b, "jobid", r->s->kvsname);
    put_int (&b, "rc", 0);
    finish (&b, r->s, r->localid);
}

static void reply_value (const struct request *r, const char *cmd, const char *value)
{
    struct buf b = {0};

    begin (&b, r, cmd);
    pmi2_wire_put (&b, "found", value ? "TRUE" : "FALSE");
    if (value)
        pmi2_wire_put (&b, "value", value);
    put_int (&b, "rc", 0);
    finish (&b, r->s, r->localid);
}

static void kvs_put (const struct request *r)
{
    char key[PMI_KEY_MAX], value[PMI2_VALUE_MAX];
    int rc = -1;

    if (get_string (r, "key", key, sizeof (key)) == 0 &&
        get_string (r, "value", value, sizeof (value)) == 0)
        rc = pmi_server_put (r->s, key, value);
    reply_rc (r, "kvs-put-response", rc);
}

static void kvs_get (const struct request *r)
{
    char key[PMI_KEY_MAX] = "";

    get_string (r, "key", key, sizeof (key));
    reply_value (r, "kvs-get-response", json_string_value (json_object_get (r->s->kvs, key)));
}

static void kvs_fence (const struct request *r)
{
    pmi_server_enter_barrier (r->s, r->localid);
}

void pmi2_server_fence_done (struct pmi_server *s, int localid, int rc)
{
    struct request r = {.s = s, .localid = localid};
    reply_rc (&r, "kvs-fence-response", rc);
}

static void put_node (const struct request *r)
{
    char key[PMI_KEY_MAX], value[PMI2_VALUE_MAX];
    int rc = -1;

    if (get_string (r, "key", key, sizeof (key)) == 0 &&
        get_string (r, "value", value, sizeof (value)) == 0)
        rc = json_object_set_new_nocheck (r->s->node, key, json_string_nocheck (value));
    reply_rc (r, "info-putnodeattr-response", rc);
}

static void get_node (const struct request *r)
{
    char key[PMI_KEY_MAX] = "";

    get_string (r, "key", key, sizeof (key));
    reply_value (r, "info-getnodeattr-response",
                 json_string_value (json_object_get (r->s->node, key)));
}

static void get_job (const struct request *r)
{
    char key[PMI_KEY_MAX] = "", size[16];
    const char *value;

    get_string (r, "key", key, sizeof (key));
    snprintf (size, sizeof (size), "%d", r->s->config.universe_size);
    if (!strcmp (key, "universeSize"))
        value = size;
    else
        value = json_string_value (json_object_get (r->s->kvs, key));
    reply_value (r, "info-getjobattr-response", value);
}

static void name_publish (const struct request *r)
{
    reply_rc (r, "name-publish-response", -1);
}

static void name_unpublish (const struct request *r)
{
    reply_rc (r, "name-unpublish-response", -1);
}

static void name_lookup (const struct request *r)
{
    reply_rc (r, "name-lookup-response", -1);
}

static void spawn (const struct request *r)
{
    reply_rc (r, "spawn-response", -1);
}

static const struct {
    const char *cmd;
    void (*handler) (const struct request *r);
} requests[] = {
    {"fullinit", fullinit},         {"finalize", finalize},
    {"abort", abort_job},           {"job-getid", getid},
    {"kvs-put", kvs_put},           {"kvs-get", kvs_get},
    {"kvs-fence", kvs_fence},       {"info-putnodeattr", put_node},
    {"info-getnodeattr", get_node}, {"info-getjobattr", get_job},
    {"name-publish", name_publish}, {"name-unpublish", name_unpublish},
    {"name-lookup", name_lookup},   {"spawn", spawn},
};

int pmi2_server_request (struct pmi_server *s, int localid, const char *msg, size_t len)
{
    struct request r = {s, localid, msg, len};
    char cmd[32];

    if (get_string (&r, "cmd", cmd, sizeof (cmd)) < 0)
        return -1;
    for (size_t i = 0; i < sizeof (requests) / sizeof (requests[0]); i++) {
        if (!strcmp (requests[i].cmd, cmd)) {
            requests[i].handler (&r);
            return 0;
        }
    }
    return -1;
}
