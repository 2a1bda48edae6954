/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/util/buf.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/job_manager/jobstore.h"
#include "shell/service/job_manager/jobtext.h"
#include "shell/service/job_manager/strpool.h"
#include "shell/service/job_manager/submission.h"
#include "shell/service/kvs/kvs.h"

#define HEAD_MIN 1024 // bytes; less is not worth to be stored apart

#define SPEC_MIN 256 // the same of a jobspec

struct jobstore {
    struct kvs *kvs;
    struct strpool *strings;
    struct jobspec_cache last;
    struct buf last_env;
    struct buf last_J;
    struct kvs_head head; // the beginning of last_J, with which others began
    struct kvs_head spec; // the jobspec of the job before
};

struct jobstore *jobstore_create (struct kvs *kvs, struct strpool *strings)
{
    struct jobstore *st = calloc (1, sizeof (*st));

    if (st) {
        st->kvs = kvs;
        st->strings = strings;
    }
    return st;
}

void jobstore_destroy (struct jobstore *st)
{
    if (st) {
        jobspec_cache_clear (&st->last);
        buf_clear (&st->last_env);
        buf_clear (&st->last_J);
        free (st);
    }
}

static bool buf_is (const struct buf *b, const char *text, size_t len)
{
    return b->len == len && len > 0 && memcmp (b->data, text, len) == 0;
}

static int buf_set (struct buf *b, const char *text, size_t len)
{
    buf_reset (b);
    return buf_append (b, text, len);
}

struct jobspec *jobstore_decode (struct jobstore *st, const char *text, struct jobsource *src,
                                 flux_error_t *errp)
{
    src->text = text;
    return jobspec_decode_cached (&st->last, text, src->len, &src->env, &src->env_len, &src->same,
                                  errp);
}

/* One that was changed is no more what its text says. */
void jobstore_decode_end (struct jobstore *st, const struct jobsource *src)
{
    if (!src->env || src->changed)
        jobspec_cache_clear (&st->last);
}

/* ---- environment */

int jobstore_environment (struct jobstore *st, struct job *job, const struct jobspec *js,
                          const struct jobsource *src)
{
    char *text = NULL;
    const char *env = src->env;
    size_t len = src->env_len;
    int rc = 0;

    if (!env) {
        text = js->environment ? json_dumps (js->environment, JSON_COMPACT) : strdup ("{}");
        if (!(env = text))
            return -1;
        len = strlen (text);
    }
    if (!buf_is (&st->last_env, env, len))
        rc = buf_set (&st->last_env, env, len);
    else if (!(job->live->env = strpool_get_span (st->strings, env, len)))
        rc = -1;
    free (text);
    return rc;
}

static char *environment_of (const char *text, size_t len)
{
    const char *env;
    size_t env_len;
    char *copy = NULL;
    struct jobspec *js;

    if (jobspec_find_environment (text, len, &env, &env_len))
        return strndup (env, env_len);
    if ((js = jobspec_decode (text, len, NULL)))
        copy = js->environment ? json_dumps (js->environment, JSON_COMPACT) : strdup ("{}");
    jobspec_destroy (js);
    return copy;
}

const char *jobstore_get_environment (struct jobstore *st, const struct job *job, char **copyp)
{
    char key[JOB_KEY_SIZE], *J, *text;
    size_t len;

    *copyp = NULL;
    if (job->live->env)
        return job->live->env;
    if (kvs_local_get (st->kvs, NULL, job_key (job->id, "J", key, sizeof (key)), &J, &len) < 0)
        return NULL;
    if ((text = submission_unwrap (J, &len, NULL)))
        *copyp = environment_of (text, len);
    free (text);
    free (J);
    return *copyp;
}

/* ---- jobspec */

/* As it came, if nothing was added to it. */
static char *stored_text (struct jobspec *js, const struct jobsource *src)
{
    char *text = NULL;

    if (src->env && !src->changed)
        text = jobtext_cut_environment (src->text, src->len, src->env, src->env_len);
    if (text)
        return text;
    json_object_del (js->system, "environment");
    js->environment = NULL;
    return json_dumps (js->json, JSON_COMPACT);
}

int jobstore_jobspec (struct jobstore *st, struct job *job, struct jobspec *js,
                      const struct jobsource *src)
{
    char key[JOB_KEY_SIZE], *text;

    job_key (job->id, "jobspec", key, sizeof (key));
    if (!src->same || src->changed)
        st->spec.len = 0;
    else if (st->spec.len > 0)
        return kvs_local_put_after (st->kvs, NULL, key, &st->spec, NULL, 0);
    if (!(text = stored_text (js, src)))
        return -1;
    size_t len = strlen (text);
    if (src->same && !src->changed && len >= SPEC_MIN)
        kvs_local_head (st->kvs, text, len, &st->spec);
    return kvs_local_put_take (st->kvs, NULL, key, text, len);
}

/* ---- J: mostly environment, and so for the most part that of the job before */

static size_t common_length (const struct buf *b, const char *text, size_t len)
{
    size_t n = 0, max = b->len < len ? b->len : len;

    while (max - n >= 256 && memcmp (b->data + n, text + n, 256) == 0)
        n += 256;
    while (n < max && b->data[n] == text[n])
        n++;
    return n;
}

/* It must be more than twice as long as the rest, which is kept together with it. */
static bool pays (size_t head, size_t len)
{
    return head >= HEAD_MIN && head > 2 * (len - head);
}

/* How much of J is stored apart; 0: nothing. Where much is left, the next one is compared with this
 * one, for a longer head. */
static size_t find_head (struct jobstore *st, const char *J, size_t len)
{
    struct kvs_head *head = &st->head;
    bool fits =
        len >= head->len && pays (head->len, len) && !memcmp (J, st->last_J.data, head->len);
    size_t n;

    if (fits && len - head->len <= HEAD_MIN)
        return head->len;
    n = common_length (&st->last_J, J, len);
    if (pays (n, len) && n >= (fits ? head->len + HEAD_MIN : 0) &&
        kvs_local_head (st->kvs, J, n, head) == 0)
        return n;
    if (!fits)
        head->len = 0;
    if (buf_set (&st->last_J, J, len) < 0)
        head->len = 0;
    return head->len;
}

int jobstore_J (struct jobstore *st, struct job *job, char **J)
{
    char key[JOB_KEY_SIZE];
    char *text = *J, *tail;
    size_t len = strlen (text), n = find_head (st, text, len);

    *J = NULL;
    job_key (job->id, "J", key, sizeof (key));
    if (n == 0)
        return kvs_local_put_take (st->kvs, NULL, key, text, len);
    tail = strdup (text + n);
    free (text);
    return tail ? kvs_local_put_after (st->kvs, NULL, key, &st->head, tail, len - n) : -1;
}
