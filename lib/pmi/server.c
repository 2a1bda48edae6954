/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/server_private.h"
#include "lib/pmi/wire.h"

struct pmi_server *pmi_server_create (const struct pmi_server_config *config,
                                      const struct pmi_server_ops *ops, void *arg)
{
    struct pmi_server *s = calloc (1, sizeof (*s));

    if (!s ||
        !(s->clients = calloc (config->nlocal > 0 ? config->nlocal : 1, sizeof (*s->clients))) ||
        !(s->kvsname = strdup (config->kvsname)) || !(s->kvs = json_object ()) ||
        !(s->node = json_object ())) {
        pmi_server_destroy (s);
        return NULL;
    }
    s->config = *config;
    s->ops = *ops;
    s->arg = arg;
    return s;
}

void pmi_server_destroy (struct pmi_server *s)
{
    if (s) {
        int saved_errno = errno;
        for (int i = 0; s->clients && i < s->config.nlocal; i++)
            buf_clear (&s->clients[i].in);
        free (s->clients);
        free (s->kvsname);
        json_decref (s->kvs);
        buf_clear (&s->fresh);
        json_decref (s->node);
        free (s);
        errno = saved_errno;
    }
}

int pmi_server_preput (struct pmi_server *s, const char *key, const char *value)
{
    return json_object_set_new_nocheck (s->kvs, key, json_string_nocheck (value));
}

/* Keys that begin with "local::" are for this node only. */
int pmi_server_put (struct pmi_server *s, const char *key, const char *value)
{
    if (*key == '\0' || pmi_server_preput (s, key, value) < 0)
        return -1;
    if (strncmp (key, "local::", 7) == 0)
        return 0;
    buf_append (&s->fresh, key, strlen (key) + 1);
    return buf_append (&s->fresh, value, strlen (value) + 1);
}

/* All that are here must come; who has finished or gone will not. */
void pmi_server_enter_barrier (struct pmi_server *s, int localid)
{
    if (s->clients[localid].in_barrier)
        return;
    s->clients[localid].in_barrier = true;
    if (++s->in_barrier < s->config.nlocal)
        return;
    struct buf fresh = s->fresh;
    s->fresh = (struct buf){0};
    s->ops.exchange (s->arg, &fresh);
}

int pmi_server_add (struct pmi_server *s, const char *pairs, size_t len)
{
    if (len == 0)
        return 0;
    const char *end = pairs + len;
    if (end[-1] != '\0') {
        errno = EPROTO;
        return -1;
    }
    while (pairs < end) {
        const char *value = pairs + strlen (pairs) + 1;
        if (value >= end) {
            errno = EPROTO;
            return -1;
        }
        if (pmi_server_preput (s, pairs, value) < 0)
            return -1;
        pairs = value + strlen (value) + 1;
    }
    return 0;
}

void pmi_server_exchanged (struct pmi_server *s, bool ok)
{
    s->in_barrier = 0;
    for (int i = 0; i < s->config.nlocal; i++) {
        struct pmi_client *c = &s->clients[i];
        if (!c->in_barrier)
            continue;
        c->in_barrier = false;
        if (c->version == 2)
            pmi2_server_fence_done (s, i, ok ? 0 : -1);
        else
            pmi1_server_barrier_done (s, i, ok ? 0 : -1);
    }
}

/* The length of the message at the start of the buffer with what ends or begins it; 0 when it is
 * not all there, -1 when it can be none. */
static ssize_t message_size (const struct pmi_client *c)
{
    const struct buf *b = &c->in;

    if (c->version != 2) {
        const char *nl = b->len > 0 ? memchr (b->data, '\n', b->len) : NULL;
        if (nl)
            return nl - b->data + 1;
        return b->len >= PMI_LINE_MAX ? -1 : 0;
    }
    if (b->len < PMI2_LENGTH_SIZE)
        return 0;
    char digits[PMI2_LENGTH_SIZE + 1] = {0}, *end;
    memcpy (digits, b->data, PMI2_LENGTH_SIZE);
    long n = strtol (digits, &end, 10);
    if (end == digits || *end != '\0' || n <= 0 || n > PMI2_MESSAGE_MAX)
        return -1;
    return b->len >= (size_t)n + PMI2_LENGTH_SIZE ? n + PMI2_LENGTH_SIZE : 0;
}

static int handle (struct pmi_server *s, int localid, char *msg, size_t len)
{
    struct pmi_client *c = &s->clients[localid];

    if (memchr (msg, '\0', len))
        return -1;
    if (c->version == 2)
        return pmi2_server_request (s, localid, msg + PMI2_LENGTH_SIZE, len - PMI2_LENGTH_SIZE);
    msg[len - 1] = '\0';
    return pmi1_server_request (s, localid, msg);
}

int pmi_server_input (struct pmi_server *s, int localid, const void *data, size_t len)
{
    struct pmi_client *c = &s->clients[localid];
    ssize_t n;

    if (buf_append (&c->in, data, len) < 0)
        return -1;
    while ((n = message_size (c)) > 0) {
        if (handle (s, localid, c->in.data, n) < 0)
            n = -1;
        if (n < 0)
            break;
        buf_consume (&c->in, n);
    }
    if (n < 0) {
        errno = EPROTO;
        return -1;
    }
    return 0;
}

void pmi_server_closed (struct pmi_server *s, int localid)
{
    buf_clear (&s->clients[localid].in);
}
