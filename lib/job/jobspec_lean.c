/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspec without its environment, which is most of the text of a usual one. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/job/jsonscan.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"

/* Where the value of attributes.system.environment is, if it is a good one. */
static bool find_environment (const char *s, size_t len, struct jsonspan *env)
{
    struct jsonspan span = {s, s + len};

    if (!s || !jsonscan_member (span, "attributes", &span) ||
        !jsonscan_member (span, "system", &span) || !jsonscan_member (span, "environment", &span) ||
        !jsonscan_is_environment (span))
        return false;
    *env = span;
    return true;
}

/* The text with an empty environment. */
static int cut (const char *s, size_t len, const struct jsonspan *env, struct buf *b,
                flux_error_t *errp)
{
    buf_append (b, s, env->p - s);
    buf_puts (b, "{}");
    buf_append (b, env->end, s + len - env->end);
    return b->err ? errprintf (errp, "out of memory") : 0;
}

static size_t object_length (const struct jsonspan *env)
{
    const char *end = env->end;

    while (end > env->p && end[-1] != '}')
        end--;
    return end - env->p;
}

bool jobspec_find_environment (const char *s, size_t len, const char **env, size_t *env_len)
{
    struct jsonspan span;

    if (!find_environment (s, len, &span))
        return false;
    *env = span.p;
    *env_len = object_length (&span);
    return true;
}

struct jobspec *jobspec_decode_lean (const char *s, size_t len, const char **env, size_t *env_len,
                                     flux_error_t *errp)
{
    struct jobspec_cache cache = {0};
    struct jobspec *js = jobspec_decode_cached (&cache, s, len, env, env_len, NULL, errp);

    cache.js = NULL;
    jobspec_cache_clear (&cache);
    return js;
}

struct jobspec *jobspec_decode_cached (struct jobspec_cache *cache, const char *s, size_t len,
                                       const char **env, size_t *env_len, bool *same,
                                       flux_error_t *errp)
{
    struct jsonspan span;
    struct buf b = {0};
    struct jobspec *js;

    *env = NULL;
    *env_len = 0;
    if (same)
        *same = false;
    if (len > JOBSPEC_TEXT_MAX || !find_environment (s, len, &span))
        js = jobspec_decode (s, len, errp);
    else if (cut (s, len, &span, &b, errp) < 0)
        js = NULL;
    else if (cache->js && b.len == cache->text.len && !memcmp (b.data, cache->text.data, b.len)) {
        buf_clear (&b);
        *env = span.p;
        *env_len = object_length (&span);
        if (same)
            *same = true;
        return cache->js;
    } else {
        js = jobspec_decode (b.data, b.len, errp);
        if (js && json_object_size (js->environment) > 0) { // there is a second one, which counts
            jobspec_destroy (js);
            js = jobspec_decode (s, len, errp);
        } else if (js) {
            *env = span.p;
            *env_len = object_length (&span);
        }
    }
    jobspec_cache_clear (cache);
    cache->js = js;
    if (*env)
        cache->text = b;
    else
        buf_clear (&b);
    return js;
}

void jobspec_cache_clear (struct jobspec_cache *cache)
{
    int saved_errno = errno;

    jobspec_destroy (cache->js);
    buf_clear (&cache->text);
    cache->js = NULL;
    errno = saved_errno;
}
