/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* sbatch --array, see array.h. */

#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/array.h"
#include "shell/cmd/client.h"
#include "shell/cmd/joblist.h"

#define ELEMENTS_MAX 10000
#define INDEX_MAX 4000000 // Slurm's own

static int add_index (struct array *a, unsigned index)
{
    unsigned *bigger;

    for (int i = 0; i < a->count; i++)
        if (a->index[i] == index)
            return -1;
    if (a->count == ELEMENTS_MAX ||
        !(bigger = realloc (a->index, (a->count + 1) * sizeof (*bigger))))
        return -1;
    a->index = bigger;
    a->index[a->count++] = index;
    return 0;
}

static int number (const char **s, unsigned *n)
{
    char *end;
    unsigned long value = strtoul (*s, &end, 10);

    if (!isdigit ((unsigned char)**s) || value > INDEX_MAX)
        return -1;
    *s = end;
    *n = value;
    return 0;
}

/* N, N-N or N-N:STEP */
static int range (struct array *a, const char **s)
{
    unsigned low, high, step = 1;

    if (number (s, &low) < 0)
        return -1;
    high = low;
    if (**s == '-') {
        ++*s;
        if (number (s, &high) < 0 || high < low)
            return -1;
        if (**s == ':') {
            ++*s;
            if (number (s, &step) < 0 || step == 0)
                return -1;
        }
    }
    for (unsigned i = low; i <= high; i += step)
        if (add_index (a, i) < 0)
            return -1;
    return 0;
}

int array_parse (struct array *a, const char *s)
{
    unsigned limit = 0;

    memset (a, 0, sizeof (*a));
    do {
        if (range (a, &s) < 0)
            goto bad;
    } while (*s == ',' && s++);
    if (*s == '%') {
        s++;
        if (number (&s, &limit) < 0 || limit == 0)
            goto bad;
        a->limit = limit;
    }
    if (*s || !(a->ids = calloc (a->count, sizeof (*a->ids))))
        goto bad;
    return 0;
bad:
    array_clear (a);
    return -1;
}

void array_clear (struct array *a)
{
    free (a->index);
    free (a->ids);
    memset (a, 0, sizeof (*a));
}

static void set_number (const char *name, unsigned long long n)
{
    char text[24];

    snprintf (text, sizeof (text), "%llu", n);
    setenv (name, text, 1);
}

void array_set_environ (const struct array *a, int i)
{
    unsigned low = a->index[0], high = a->index[0];

    for (int j = 0; j < a->count; j++) {
        low = a->index[j] < low ? a->index[j] : low;
        high = a->index[j] > high ? a->index[j] : high;
    }
    set_number ("SLURM_ARRAY_TASK_ID", a->index[i]);
    set_number ("SLURM_ARRAY_TASK_COUNT", a->count);
    set_number ("SLURM_ARRAY_TASK_MIN", low);
    set_number ("SLURM_ARRAY_TASK_MAX", high);
    if (i > 0)
        set_number ("SLURM_ARRAY_JOB_ID", a->ids[0]);
}

void array_unset_environ (void)
{
    static const char *const names[] = {"SLURM_ARRAY_TASK_ID",   "SLURM_ARRAY_TASK_COUNT",
                                        "SLURM_ARRAY_TASK_MIN",  "SLURM_ARRAY_TASK_MAX",
                                        "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_JOB_ID"};

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        unsetenv (names[i]);
}

/* The limit is kept by having an element wait for the one that many places before it. */
void array_add_words (const struct array *a, int i, struct words *w)
{
    if (i == 0)
        words_add (w, "--env=SLURM_ARRAY_JOB_ID={{id.dec}}");
    if (a->limit && i >= a->limit)
        words_add (w, "--dependency=afterany:%llu", (unsigned long long)a->ids[i - a->limit]);
}

void array_set_memos (struct cmd *c, const struct array *a)
{
    flux_t *h = cmd_open (c);
    flux_future_t **f = calloc (a->count, sizeof (*f));
    char memo[48];

    for (int i = 0; f && i < a->count; i++) {
        snprintf (memo, sizeof (memo), "%llu_%u", (unsigned long long)a->ids[0], a->index[i]);
        f[i] = flux_rpc_pack (h, "job-manager.memo", FLUX_NODEID_ANY, 0, "{s:I s:{s:s}}", "id",
                              (json_int_t)a->ids[i], "memo", "array", memo);
    }
    /* A job that has ended already takes no memo. */
    for (int i = 0; f && i < a->count; i++) {
        (void)flux_future_get (f[i], NULL);
        flux_future_destroy (f[i]);
    }
    free (f);
    flux_close (h);
}

static const char *memo_of (json_t *job)
{
    const char *memo = "";

    (void)json_unpack (job, "{s?{s?{s?s}}}", "annotations", "user", "array", &memo);
    return memo;
}

static bool has_index (const struct array *set, unsigned index)
{
    for (int i = 0; i < set->count; i++)
        if (set->index[i] == index)
            return true;
    return set->count == 0;
}

/* All jobs whose memo is PREFIX (an id and `_`) and an index of the set; an empty one: any. */
static void add_members (const struct cmd *c, flux_t *h, const char *prefix,
                         const struct array *set, bool active, struct words *ids)
{
    struct joblist_query q = {.userid = FLUX_USERID_UNKNOWN,
                              .states = active ? FLUX_JOB_STATE_ACTIVE : 0};
    size_t i, len = strlen (prefix);
    flux_error_t e;
    json_t *job, *jobs = joblist_query (h, &q, json_pack ("[s]", "annotations"), &e);
    json_int_t id;

    if (!jobs)
        cmd_die (c, "%s", e.text);
    json_array_foreach (jobs, i, job)
    {
        const char *memo = memo_of (job);
        if (strncmp (memo, prefix, len) == 0 && has_index (set, strtoul (memo + len, NULL, 10)) &&
            json_unpack (job, "{s:I}", "id", &id) == 0)
            words_add (ids, "%lld", (long long)id);
    }
    json_decref (jobs);
}

static bool is_array (flux_t *h, flux_jobid_t id)
{
    flux_error_t e;
    json_t *out =
        cmd_rpc_try (h, "job-list.list-id", FLUX_NODEID_ANY,
                     json_pack ("{s:I s:[s]}", "id", (json_int_t)id, "attrs", "annotations"), &e);
    bool yes = *memo_of (json_object_get (out, "job")) != '\0';

    json_decref (out);
    return yes;
}

/* The indices behind "ID_", in brackets or not. */
static int parse_indices (struct array *set, const char *s)
{
    size_t len = strlen (s);
    char *copy = *s == '[' && s[len - 1] == ']' ? strndup (s + 1, len - 2) : strdup (s);
    int rc = copy ? array_parse (set, copy) : -1;

    free (copy);
    return rc;
}

void array_expand (const struct cmd *c, const char *s, bool active, struct words *ids)
{
    const char *sep = strchr (s, '_');
    char *name = strndup (s, sep ? (size_t)(sep - s) : strlen (s));
    struct array set = {0};
    flux_jobid_t id;
    char prefix[32];
    int before = ids->n;

    if (!name || flux_job_id_parse (name, &id) < 0 || (sep && parse_indices (&set, sep + 1) < 0))
        cmd_die (c, "%s: not a job id", s);
    flux_t *h = cmd_open (c);
    if (!sep && !is_array (h, id))
        words_add (ids, "%s", s);
    else {
        snprintf (prefix, sizeof (prefix), "%llu_", (unsigned long long)id);
        add_members (c, h, prefix, &set, active, ids);
        if (ids->n == before && sep)
            cmd_die (c, "%s: no such job", s);
    }
    flux_close (h);
    array_clear (&set);
    free (name);
}
