/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Symbolic dependencies (RFC 26, schemes string and fluid): a job that takes a name `in` waits for
 * the end of all jobs before it that put the name `out`, of the same user or of all. A job's own id
 * is such a name too, put out by the job itself, so nothing is kept for those. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/job/fluid.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/depend.h"
#include "shell/service/job_manager/private.h"

#define SYMBOL_MAX 256 // bytes of a name

struct symbol;

/* An active job that puts the name out. */
struct source {
    struct symbol *sym;
    uint64_t id;
    uint32_t userid;
    bool global; // for all users
    struct source *prev, *next;
    struct source *next_of_job;
};

/* All that one job puts out. */
struct emitter {
    uint64_t id;
    struct source *sources;
    UT_hash_handle hh;
};

struct symbol {
    char *name;
    struct source *sources;
    UT_hash_handle hh;
};

struct symbols {
    struct job_manager *jm;
    struct depends *d;
    struct symbol *table;
    struct emitter *jobs;
};

struct symbols *symbols_create (struct job_manager *jm, struct depends *d)
{
    struct symbols *s = calloc (1, sizeof (*s));

    if (s) {
        s->jm = jm;
        s->d = d;
    }
    return s;
}

static void symbol_free (struct symbols *s, struct symbol *sym)
{
    HASH_DEL (s->table, sym);
    free (sym->name);
    free (sym);
}

static void emitter_free (struct symbols *s, struct emitter *e)
{
    struct source *src;

    while ((src = e->sources)) {
        struct symbol *sym = src->sym;
        e->sources = src->next_of_job;
        DL_DELETE (sym->sources, src);
        free (src);
        if (!sym->sources)
            symbol_free (s, sym);
    }
    HASH_DEL (s->jobs, e);
    free (e);
}

void symbols_destroy (struct symbols *s)
{
    if (s) {
        struct emitter *e, *tmp;
        HASH_ITER (hh, s->jobs, e, tmp)
        emitter_free (s, e);
        free (s);
    }
}

static struct symbol *get_symbol (struct symbols *s, const char *name)
{
    struct symbol *sym;

    HASH_FIND_STR (s->table, name, sym);
    if (sym)
        return sym;
    if (!(sym = calloc (1, sizeof (*sym))) || !(sym->name = strdup (name))) {
        free (sym);
        return NULL;
    }
    HASH_ADD_KEYPTR (hh, s->table, sym->name, strlen (sym->name), sym);
    return sym;
}

static struct emitter *get_emitter (struct symbols *s, uint64_t id)
{
    struct emitter *e;

    HASH_FIND (hh, s->jobs, &id, sizeof (id), e);
    if (!e && (e = calloc (1, sizeof (*e)))) {
        e->id = id;
        HASH_ADD (hh, s->jobs, id, sizeof (e->id), e);
    }
    return e;
}

static int put_out (struct symbols *s, const struct job *job, const char *name, bool global)
{
    struct emitter *e = get_emitter (s, job->id);
    struct symbol *sym = e ? get_symbol (s, name) : NULL;
    struct source *src = sym ? calloc (1, sizeof (*src)) : NULL;

    if (!src)
        return -1;
    *src = (struct source){.sym = sym,
                           .id = job->id,
                           .userid = job->userid,
                           .global = global,
                           .next_of_job = e->sources};
    e->sources = src;
    DL_APPEND (sym->sources, src);
    return 0;
}

/* With scope user what the user's own jobs put out, with scope global what is for all. */
static int take_in (struct symbols *s, struct job *job, const char *name, bool global)
{
    struct symbol *sym;
    struct source *src;

    HASH_FIND_STR (s->table, name, sym);
    if (!sym)
        return 0;
    DL_FOREACH (sym->sources, src)
    {
        bool meant = global ? src->global : !src->global && src->userid == job->userid;
        if (meant && src->id != job->id && depends_wait_for (s->d, job, src->id) < 0)
            return -1;
    }
    return 0;
}

static int take_job (struct symbols *s, struct job *job, const char *value, bool global,
                     flux_error_t *errp)
{
    uint64_t id;
    struct job *other;

    errno = EINVAL;
    if (fluid_parse (value, &id) < 0)
        return errprintf (errp, "fluid value \"%s\" is not a valid jobid", value);
    if (!(other = job_manager_lookup (s->jm, id)))
        return errprintf (errp, "fluid: job %s not found", value);
    if (!global && other->userid != job->userid) {
        errno = EPERM;
        return errprintf (errp, "fluid: job %s is of another user", value);
    }
    if (other->state != JOB_INACTIVE && depends_wait_for (s->d, job, id) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}

/* The object's type and scope; what is not said is as harmless as can be. */
static int parse (const struct symbols *s, const struct job *job, const json_t *o, bool *in,
                  bool *out, bool *global, flux_error_t *errp)
{
    const char *type = NULL, *scope = "user";

    errno = EINVAL;
    if (json_unpack ((json_t *)o, "{s:s s?s}", "type", &type, "scope", &scope) < 0)
        return errprintf (errp, "dependency has no type (in, out or inout)");
    *in = strcmp (type, "in") == 0 || strcmp (type, "inout") == 0;
    *out = strcmp (type, "out") == 0 || strcmp (type, "inout") == 0;
    *global = strcmp (scope, "global") == 0;
    if (!*in && !*out)
        return errprintf (errp, "dependency type \"%s\" is none of in, out and inout", type);
    if (!*global && strcmp (scope, "user") != 0)
        return errprintf (errp, "dependency scope \"%s\" is neither user nor global", scope);
    if (*global && *out && job->userid != s->jm->owner) {
        errno = EPERM;
        return errprintf (errp, "only the instance owner may put a name out for all users");
    }
    return 0;
}

void symbols_add_again (struct symbols *s, struct job *job, const json_t *dependency)
{
    const char *scheme = json_string_value (json_object_get (dependency, "scheme"));
    const char *value = json_string_value (json_object_get (dependency, "value"));
    bool in = false, out = false, global = false;

    if (scheme && value && strcmp (scheme, "string") == 0 &&
        parse (s, job, dependency, &in, &out, &global, NULL) == 0 && out)
        put_out (s, job, value, global);
}

int symbols_add (struct symbols *s, struct job *job, const json_t *dependency, flux_error_t *errp)
{
    const char *scheme = json_string_value (json_object_get (dependency, "scheme"));
    const char *value = json_string_value (json_object_get (dependency, "value"));
    bool in = false, out = false, global = false;

    if (parse (s, job, dependency, &in, &out, &global, errp) < 0)
        return -1;
    if (strcmp (scheme, "fluid") == 0)
        return in ? take_job (s, job, value, global, errp) : 0;
    if (!*value || strlen (value) > SYMBOL_MAX) {
        errno = EINVAL;
        return errprintf (errp, "string dependency has a name of 0 or more than %d bytes",
                          SYMBOL_MAX);
    }
    if ((in && take_in (s, job, value, global) < 0) || (out && put_out (s, job, value, global) < 0))
        return errprintf (errp, "out of memory");
    return 0;
}

void symbols_forget (struct symbols *s, uint64_t id)
{
    struct emitter *e;

    HASH_FIND (hh, s->jobs, &id, sizeof (id), e);
    if (e)
        emitter_free (s, e);
}
