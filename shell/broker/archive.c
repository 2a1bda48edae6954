/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Dump and restore of the KVS, see archive.h. */

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/peers.h"
#include "shell/broker/archive.h"
#include "shell/broker/attr.h"
#include "shell/broker/program.h"
#include "shell/broker/program_env.h"

/* The content store's file in the state folder, and where it waits while a restore is under way. */
#define STORE "content.lmdb"
#define STORE_OLD "content.lmdb.old"

struct archive {
    const struct attrs *attrs;
    bool restore;
    char *path; // of the archive
    char *link; // RESTORE, or NULL
    struct program *program;
    archive_done_f cb;
    void *arg;
};

static char *in_dump_folder (const struct attrs *attrs, const char *name)
{
    const char *dir = attr_get (attrs, "statedir");
    char *path;

    if (asprintf (&path, "%s/dump%s%s", dir ? dir : ".", *name ? "/" : "", name) < 0)
        return NULL;
    return path;
}

static struct archive *create (const struct attrs *attrs, bool restore)
{
    struct archive *ar = calloc (1, sizeof (*ar));

    if (ar) {
        ar->attrs = attrs;
        ar->restore = restore;
    }
    return ar;
}

/* ---- restore */

static void move_store (const struct attrs *attrs, const char *from, const char *to)
{
    const char *dir = attr_get (attrs, "statedir");
    char a[4096], b[4096];

    if (dir && snprintf (a, sizeof (a), "%s/%s", dir, from) < (int)sizeof (a) &&
        snprintf (b, sizeof (b), "%s/%s", dir, to) < (int)sizeof (b))
        (void)!rename (a, b);
}

static void remove_store (const struct attrs *attrs, const char *name)
{
    const char *dir = attr_get (attrs, "statedir");
    char path[4096];

    if (dir && snprintf (path, sizeof (path), "%s/%s", dir, name) < (int)sizeof (path))
        unlink (path);
}

/* After a restore that was cut short, the old store is still the one aside. */
static void put_store_aside (const struct attrs *attrs)
{
    const char *dir = attr_get (attrs, "statedir");
    char path[4096];

    if (dir && snprintf (path, sizeof (path), "%s/%s", dir, STORE_OLD) < (int)sizeof (path) &&
        access (path, F_OK) == 0)
        remove_store (attrs, STORE);
    else
        move_store (attrs, STORE, STORE_OLD);
}

static int find_automatic (struct archive *ar, bool *found)
{
    ar->link = in_dump_folder (ar->attrs, "RESTORE");
    ar->path = ar->link ? realpath (ar->link, NULL) : NULL;
    *found = ar->path != NULL;
    return ar->link ? 0 : -1;
}

struct archive *archive_find (struct attrs *attrs, flux_error_t *errp)
{
    const char *given = attr_get (attrs, "content.restore");
    struct archive *ar = create (attrs, true);
    bool found = true;
    int rc = ar ? 0 : -1;

    if (!given && !attr_get (attrs, "statedir"))
        found = false;
    else if (ar && given && strcmp (given, "auto") != 0)
        rc = (ar->path = strdup (given)) ? 0 : -1;
    else if (ar)
        rc = find_automatic (ar, &found);
    if (rc < 0)
        errprintf (errp, "out of memory");
    else if (!found)
        errno = 0;
    else if (access (ar->path, R_OK) < 0) {
        errprintf (errp, "content.restore: %s: %s", ar->path, strerror (errno));
        rc = -1;
    } else {
        put_store_aside (attrs);
        return ar;
    }
    archive_destroy (ar);
    return NULL;
}

void archive_settle (struct archive *ar, bool good)
{
    if (!ar || !ar->restore)
        return;
    if (good) {
        remove_store (ar->attrs, STORE_OLD);
        if (ar->link)
            unlink (ar->link);
    } else {
        remove_store (ar->attrs, STORE);
        move_store (ar->attrs, STORE_OLD, STORE);
    }
}

/* ---- dump */

static int plan_automatic (struct archive *ar, flux_error_t *errp)
{
    char *dir = in_dump_folder (ar->attrs, "");
    char name[64];
    time_t now = time (NULL);
    struct tm tm;

    strftime (name, sizeof (name), "%Y%m%d_%H%M%S.tgz", localtime_r (&now, &tm));
    ar->path = in_dump_folder (ar->attrs, name);
    ar->link = in_dump_folder (ar->attrs, "RESTORE");
    int rc = dir && ar->path && ar->link ? 0 : -1;
    if (rc < 0)
        errprintf (errp, "out of memory");
    else if (mkdir (dir, 0700) < 0 && errno != EEXIST)
        rc = errprintf (errp, "content.dump: %s: %s", dir, strerror (errno));
    free (dir);
    return rc;
}

struct archive *archive_plan (struct attrs *attrs, flux_error_t *errp)
{
    const char *given = attr_get (attrs, "content.dump");
    struct archive *ar;

    if (!given || !*given) {
        errno = 0;
        return NULL;
    }
    if (!(ar = create (attrs, false))) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (strcmp (given, "auto") == 0) {
        if (plan_automatic (ar, errp) == 0)
            return ar;
    } else if ((ar->path = strdup (given)))
        return ar;
    archive_destroy (ar);
    return NULL;
}

/* The link is there only when the whole dump is. */
static int make_link (struct archive *ar)
{
    const char *name = strrchr (ar->path, '/');

    if (unlink (ar->link) < 0 && errno != ENOENT)
        return -1;
    return symlink (name ? name + 1 : ar->path, ar->link);
}

/* ---- both */

static void exit_cb (int wait_status, void *arg)
{
    struct archive *ar = arg;
    char text[256];

    *text = '\0';
    if (wait_status != 0)
        snprintf (text, sizeof (text), "flux %s %s failed", ar->restore ? "restore" : "dump",
                  ar->path);
    else if (!ar->restore && ar->link && make_link (ar) < 0)
        snprintf (text, sizeof (text), "%s: %s", ar->link, strerror (errno));
    ar->cb (*text ? text : NULL, ar->arg);
}

int archive_run (struct archive *ar, struct ev_loop *loop, archive_done_f cb, void *arg,
                 flux_error_t *errp)
{
    char *envv[PROGRAM_ENV_MAX + 1];
    char *flux = peer_find ("flux", "cmd");
    char *restore[] = {flux, "restore", "--quiet", "--checkpoint", ar->path, NULL};
    char *dump[] = {flux, "dump", "--quiet", "--ignore-failed-read", ar->path, NULL};

    ar->cb = cb;
    ar->arg = arg;
    if (!flux)
        return errprintf (errp, "the program flux was not found");
    if (program_env_make (envv, ar->attrs, errp) == 0)
        ar->program =
            program_start (loop, ar->restore ? restore : dump, envv, NULL, exit_cb, ar, errp);
    program_env_free (envv);
    free (flux);
    return ar->program ? 0 : -1;
}

void archive_destroy (struct archive *ar)
{
    if (ar) {
        int saved_errno = errno;
        program_destroy (ar->program);
        free (ar->path);
        free (ar->link);
        free (ar);
        errno = saved_errno;
    }
}
