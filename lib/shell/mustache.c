/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "lib/shell/mustache.h"
#include "lib/util/buf.h"

#define TAG_MAX 64

static int put_id (struct buf *b, const struct mustache *m, const char *kind)
{
    char text[256];

    if (flux_job_id_encode (m->info->id, kind, text, sizeof (text)) < 0)
        return -1;
    return buf_puts (b, text);
}

static int put_node (struct buf *b, const struct mustache *m, const char *name)
{
    const struct shell_info *info = m->info;

    if (!strcmp (name, "id"))
        return buf_printf (b, "%d", info->shell_rank);
    if (!strcmp (name, "name"))
        return info->hostname ? buf_puts (b, info->hostname) : -1;
    if (!strcmp (name, "broker_rank"))
        return buf_printf (b, "%" PRIu32, info->broker_rank);
    if (!strcmp (name, "ntasks"))
        return buf_printf (b, "%d", info->nlocal);
    if (!strcmp (name, "cores"))
        return buf_puts (b, info->cores);
    if (!strcmp (name, "gpus"))
        return buf_puts (b, info->gpus);
    if (!strcmp (name, "ncores"))
        return buf_printf (b, "%d", info->ncores);
    return -1;
}

static int put_task (struct buf *b, const struct mustache *m, const char *name)
{
    if (m->taskid < 0)
        return -1;
    if (!strcmp (name, "id") || !strcmp (name, "rank"))
        return buf_printf (b, "%d", m->taskid);
    if (!strcmp (name, "index") || !strcmp (name, "localid"))
        return buf_printf (b, "%d", m->localid);
    return -1;
}

static int put_tag (struct buf *b, const struct mustache *m, const char *tag)
{
    if (!strcmp (tag, "id") || !strcmp (tag, "jobid"))
        return put_id (b, m, "f58");
    if (!strncmp (tag, "id.", 3))
        return put_id (b, m, tag + 3);
    if (!strncmp (tag, "jobid.", 6))
        return put_id (b, m, tag + 6);
    if (!strcmp (tag, "name"))
        return buf_puts (b, m->info->name);
    if (!strcmp (tag, "nnodes"))
        return buf_printf (b, "%d", m->info->nshells);
    if (!strcmp (tag, "size") || !strcmp (tag, "ntasks"))
        return buf_printf (b, "%d", m->info->ntasks);
    if (!strcmp (tag, "tmpdir"))
        return m->tmpdir ? buf_puts (b, m->tmpdir) : -1;
    if (!strcmp (tag, "taskid"))
        return put_task (b, m, "id");
    if (!strncmp (tag, "task.", 5))
        return put_task (b, m, tag + 5);
    if (!strncmp (tag, "node.", 5))
        return put_node (b, m, tag + 5);
    return -1;
}

/* The tag that starts at p, which is at "{{". Returns what follows it, or NULL when it has no end
 * or is too long to be one. */
static const char *read_tag (const char *p, char tag[TAG_MAX])
{
    const char *end = strstr (p + 2, "}}");
    size_t n = end ? (size_t)(end - p - 2) : TAG_MAX;

    if (n >= TAG_MAX)
        return NULL;
    memcpy (tag, p + 2, n);
    tag[n] = '\0';
    return end + 2;
}

char *mustache_render (const struct mustache *m, const char *text)
{
    struct buf b = {0};
    char tag[TAG_MAX];
    const char *p, *next;

    while ((p = strstr (text, "{{"))) {
        buf_append (&b, text, p - text);
        next = read_tag (p, tag);
        if (!next)
            next = p + 2;
        if (next == p + 2 || put_tag (&b, m, tag) < 0)
            buf_append (&b, p, next - p);
        text = next;
    }
    buf_puts (&b, text);
    char *s = buf_steal (&b, NULL);
    if (!s)
        buf_clear (&b);
    return s;
}

enum mustache_scope mustache_scope (const char *text)
{
    enum mustache_scope scope = MUSTACHE_JOB;
    char tag[TAG_MAX];

    for (const char *p = text; (p = strstr (p, "{{")); p += 2) {
        if (!read_tag (p, tag))
            continue;
        if (!strcmp (tag, "taskid") || !strncmp (tag, "task.", 5))
            return MUSTACHE_TASK;
        if (!strncmp (tag, "node.", 5) || !strcmp (tag, "tmpdir"))
            scope = MUSTACHE_NODE;
    }
    return scope;
}
