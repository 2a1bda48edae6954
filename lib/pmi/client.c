/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/pmi/client.h"
#include "lib/util/fdutil.h"

struct pmi_pair {
    char *key;
    char *value;
    struct pmi_pair *next;
};

bool pmi_task_valid_key (const char *key)
{
    size_t n = strcspn (key, " =\n");
    return n > 0 && key[n] == '\0' && n < PMI_KEY_MAX;
}

bool pmi_task_valid_value (const char *value)
{
    return strlen (value) < PMI_VALUE_MAX && !strchr (value, '\n');
}

/* The server sends nothing that was not asked for, so that a line is never followed by another. */
static int read_line (int fd, char *line, size_t size)
{
    size_t n = 0;

    while (n + 1 < size) {
        ssize_t rc = read (fd, line + n, size - n - 1);
        if (rc < 0 && errno == EINTR)
            continue;
        if (rc <= 0)
            return -1;
        n += rc;
        if (line[n - 1] == '\n') {
            line[n] = '\0';
            return 0;
        }
    }
    errno = EPROTO;
    return -1;
}

/* Ask, and read an answer whose cmd is `expect` and whose rc is 0 or not there. */
static int ask (struct pmi_task *t, char line[PMI_LINE_MAX], const char *expect, const char *fmt,
                ...) __attribute__ ((format (printf, 4, 5)));

static int ask (struct pmi_task *t, char line[PMI_LINE_MAX], const char *expect, const char *fmt,
                ...)
{
    char cmd[32];
    int rc = 0;
    va_list ap;

    va_start (ap, fmt);
    int n = vsnprintf (line, PMI_LINE_MAX, fmt, ap);
    va_end (ap);
    if (n < 0 || n >= PMI_LINE_MAX || fd_write_all (t->fd, line, n) < 0 ||
        read_line (t->fd, line, PMI_LINE_MAX) < 0 ||
        pmi_wire_get (line, "cmd", cmd, sizeof (cmd)) < 0 || strcmp (cmd, expect) != 0)
        return -1;
    return pmi_wire_get_int (line, "rc", &rc) == 0 && rc != 0 ? -1 : 0;
}

static int env_int (const char *name, int *value)
{
    const char *s = getenv (name);
    char *end;

    if (!s)
        return -1;
    long v = strtol (s, &end, 10);
    if (end == s || *end != '\0' || v < 0 || v > 0x7fffffff)
        return -1;
    *value = v;
    return 0;
}

static int init_alone (struct pmi_task *t)
{
    t->fd = -1;
    t->size = t->universe_size = 1;
    strcpy (t->kvsname, "single");
    return 0;
}

int pmi_task_init (struct pmi_task *t)
{
    char line[PMI_LINE_MAX];
    int spawned = 0;

    memset (t, 0, sizeof (*t));
    if (env_int ("PMI_FD", &t->fd) < 0)
        return init_alone (t);
    if (env_int ("PMI_RANK", &t->rank) < 0 || env_int ("PMI_SIZE", &t->size) < 0)
        return -1;
    env_int ("PMI_SPAWNED", &spawned);
    t->spawned = spawned != 0;
    if (ask (t, line, "response_to_init", "cmd=init pmi_version=1 pmi_subversion=1\n") < 0 ||
        ask (t, line, "my_kvsname", "cmd=get_my_kvsname\n") < 0 ||
        pmi_wire_get (line, "kvsname", t->kvsname, sizeof (t->kvsname)) < 0 ||
        ask (t, line, "universe_size", "cmd=get_universe_size\n") < 0 ||
        pmi_wire_get_int (line, "size", &t->universe_size) < 0 ||
        ask (t, line, "appnum", "cmd=get_appnum\n") < 0 ||
        pmi_wire_get_int (line, "appnum", &t->appnum) < 0)
        return -1;
    return 0;
}

int pmi_task_finalize (struct pmi_task *t)
{
    char line[PMI_LINE_MAX];
    int rc = 0;

    while (t->pairs) {
        struct pmi_pair *p = t->pairs;
        t->pairs = p->next;
        free (p->key);
        free (p->value);
        free (p);
    }
    if (t->fd >= 0) {
        rc = ask (t, line, "finalize_ack", "cmd=finalize\n");
        close (t->fd);
        t->fd = -1;
    }
    return rc;
}

static int put_alone (struct pmi_task *t, const char *key, const char *value)
{
    struct pmi_pair *p = calloc (1, sizeof (*p));

    if (!p || !(p->key = strdup (key)) || !(p->value = strdup (value))) {
        free (p ? p->key : NULL);
        free (p);
        return -1;
    }
    p->next = t->pairs;
    t->pairs = p;
    return 0;
}

int pmi_task_put (struct pmi_task *t, const char *key, const char *value)
{
    char line[PMI_LINE_MAX];

    if (t->fd < 0)
        return put_alone (t, key, value);
    return ask (t, line, "put_result", "cmd=put kvsname=%s key=%s value=%s\n", t->kvsname, key,
                value);
}

static int get_alone (struct pmi_task *t, const char *key, char *value, size_t size)
{
    for (struct pmi_pair *p = t->pairs; p; p = p->next) {
        if (!strcmp (p->key, key) && strlen (p->value) < size) {
            strcpy (value, p->value);
            return 0;
        }
    }
    return -1;
}

int pmi_task_get (struct pmi_task *t, const char *key, char *value, size_t size)
{
    char line[PMI_LINE_MAX];

    if (t->fd < 0)
        return get_alone (t, key, value, size);
    if (ask (t, line, "get_result", "cmd=get kvsname=%s key=%s\n", t->kvsname, key) < 0)
        return -1;
    return pmi_wire_get (line, "value", value, size);
}

int pmi_task_barrier (struct pmi_task *t)
{
    char line[PMI_LINE_MAX];

    return t->fd < 0 ? 0 : ask (t, line, "barrier_out", "cmd=barrier_in\n");
}

void pmi_task_abort (struct pmi_task *t, int code, const char *msg)
{
    char line[PMI_LINE_MAX];

    if (msg && *msg) // first, for the server ends all
        fprintf (stderr, "PMI_Abort: (%d) %s\n", t->rank, msg);
    if (t->fd >= 0) {
        int n = snprintf (line, sizeof (line), "cmd=abort exitcode=%d\n", code);
        fd_write_all (t->fd, line, n);
    }
}
