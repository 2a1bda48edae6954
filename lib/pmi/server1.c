/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* PMI-1 requests (RFC 13, Wire Protocol). */

#include <stdarg.h>
#include <string.h>

#include "lib/pmi/server_private.h"
#include "lib/pmi/wire.h"

#define PMI_FAIL (-1)

static void reply (struct pmi_server *s, int localid, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

static void reply (struct pmi_server *s, int localid, const char *fmt, ...)
{
    struct buf b = {0};
    va_list ap;

    va_start (ap, fmt);
    buf_vprintf (&b, fmt, ap);
    va_end (ap);
    buf_putc (&b, '\n');
    if (!b.err)
        s->ops.send (s->arg, localid, b.data, b.len);
    buf_clear (&b);
}

/* From here on a client that asks for version 2 speaks it. */
static void init (struct pmi_server *s, int localid, const char *line)
{
    int version = 0;

    pmi_wire_get_int (line, "pmi_version", &version);
    s->clients[localid].version = version >= 2 ? 2 : 1;
    if (version >= 2)
        reply (s, localid, "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0");
    else
        reply (s, localid, "cmd=response_to_init rc=%d pmi_version=1 pmi_subversion=1",
               version == 1 ? 0 : PMI_FAIL);
}

static void maxes (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=maxes rc=0 kvsname_max=%d keylen_max=%d vallen_max=%d", PMI_KVSNAME_MAX,
           PMI_KEY_MAX, PMI_VALUE_MAX);
}

static void abort_job (struct pmi_server *s, int localid, const char *line)
{
    char text[PMI_VALUE_MAX] = "";
    int code = 1;

    pmi_wire_get_int (line, "exitcode", &code);
    pmi_wire_get (line, "msg", text, sizeof (text));
    s->ops.abort (s->arg, localid, code, text);
}

static void finalize (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=finalize_ack rc=0");
}

static void universe (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=universe_size rc=0 size=%d", s->config.universe_size);
}

static void appnum (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=appnum rc=0 appnum=0");
}

static void kvsname (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=my_kvsname rc=0 kvsname=%s", s->kvsname);
}

static bool names_kvs (struct pmi_server *s, const char *line)
{
    char name[PMI_KVSNAME_MAX];
    return pmi_wire_get (line, "kvsname", name, sizeof (name)) == 0 && !strcmp (name, s->kvsname);
}

static void put (struct pmi_server *s, int localid, const char *line)
{
    char key[PMI_KEY_MAX], value[PMI_VALUE_MAX];
    int rc = PMI_FAIL;

    if (names_kvs (s, line) && pmi_wire_get (line, "key", key, sizeof (key)) == 0 &&
        pmi_wire_get (line, "value", value, sizeof (value)) == 0)
        rc = pmi_server_put (s, key, value);
    reply (s, localid, "cmd=put_result rc=%d", rc);
}

static void get (struct pmi_server *s, int localid, const char *line)
{
    char key[PMI_KEY_MAX];
    const char *value = NULL;

    if (names_kvs (s, line) && pmi_wire_get (line, "key", key, sizeof (key)) == 0)
        value = json_string_value (json_object_get (s->kvs, key));
    if (value)
        reply (s, localid, "cmd=get_result rc=0 value=%s", value);
    else
        reply (s, localid, "cmd=get_result rc=%d", PMI_FAIL);
}

static void barrier (struct pmi_server *s, int localid, const char *line)
{
    pmi_server_enter_barrier (s, localid);
}

void pmi1_server_barrier_done (struct pmi_server *s, int localid, int rc)
{
    reply (s, localid, "cmd=barrier_out rc=%d", rc);
}

static void publish (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=publish_result rc=%d msg=not supported", PMI_FAIL);
}

static void unpublish (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=unpublish_result rc=%d msg=not supported", PMI_FAIL);
}

static void lookup (struct pmi_server *s, int localid, const char *line)
{
    reply (s, localid, "cmd=lookup_result rc=%d msg=not supported", PMI_FAIL);
}

static const struct {
    const char *cmd;
    void (*handler) (struct pmi_server *s, int localid, const char *line);
} requests[] = {
    {"init", init},
    {"get_maxes", maxes},
    {"abort", abort_job},
    {"finalize", finalize},
    {"get_universe_size", universe},
    {"get_appnum", appnum},
    {"get_my_kvsname", kvsname},
    {"put", put},
    {"get", get},
    {"barrier_in", barrier},
    {"publish_name", publish},
    {"unpublish_name", unpublish},
    {"lookup_name", lookup},
};

/* The lines of a spawn request are thrown away up to its last. */
static int spawn_line (struct pmi_server *s, int localid, const char *line)
{
    s->clients[localid].spawn = strcmp (line, "endcmd") != 0;
    if (!s->clients[localid].spawn)
        reply (s, localid, "cmd=spawn_result rc=%d", PMI_FAIL);
    return 0;
}

int pmi1_server_request (struct pmi_server *s, int localid, const char *line)
{
    char cmd[32];

    if (s->clients[localid].spawn || !strcmp (line, "mcmd=spawn"))
        return spawn_line (s, localid, line);
    if (pmi_wire_get (line, "cmd", cmd, sizeof (cmd)) < 0)
        return -1;
    if (s->clients[localid].version == 0 && strcmp (cmd, "init") != 0)
        return -1;
    for (size_t i = 0; i < sizeof (requests) / sizeof (requests[0]); i++) {
        if (!strcmp (requests[i].cmd, cmd)) {
            requests[i].handler (s, localid, line);
            return 0;
        }
    }
    return -1;
}
