/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A plain jobspec straight from JSON text: integers as counts, no constraints, no escapes. Whatever
 * else comes, this gives up, and the way through a JSON value says what it is or what is wrong. */

#include <string.h>

#include "lib/graph/io/jobspec.h"
#include "lib/job/jsonscan.h"

typedef enum {
    KEY_TYPE,
    KEY_COUNT,
    KEY_UNIT,
    KEY_LABEL,
    KEY_ID,
    KEY_EXCLUSIVE,
    KEY_WITH,
    NKEYS,
} resource_key_t;

static const char *const keys[NKEYS] = {"type", "count",     "unit", "label",
                                        "id",   "exclusive", "with"};

/* What has been read of a resource. */
struct resource {
    struct slice text[NKEYS];
    int64_t count;
    request_tristate_t exclusive;
    struct jsonspan with; // p NULL: there is none
};

struct text {
    char s[GRAPH_MAX_NAME + 1];
};

static const char *copy (struct text *t, const struct slice *slice)
{
    if (slice->len >= sizeof (t->s))
        return NULL;
    memcpy (t->s, slice->p, slice->len);
    t->s[slice->len] = '\0';
    return t->s;
}

static resource_key_t find_key (const struct slice *key)
{
    int k = 0;
    while (k < NKEYS && !slice_is (key, keys[k]))
        k++;
    return k;
}

static bool read_value (struct jsonspan *s, resource_key_t key, struct resource *r)
{
    switch (key) {
    case KEY_COUNT:
        return jsonscan_number (s, &r->count) && r->count > 0 && r->count < UINT32_MAX;
    case KEY_EXCLUSIVE:
        r->exclusive = jsonscan_at (s, 't') ? REQUEST_TRUE : REQUEST_FALSE;
        return jsonscan_word (s, r->exclusive == REQUEST_TRUE ? "true" : "false");
    case KEY_WITH:
        r->with = *s;
        return jsonscan_skip (s, 0);
    case NKEYS:
        return false;
    default:
        return jsonscan_plain (s, &r->text[key]);
    }
}

/* A slot has a label and something in it. */
static bool is_whole (const struct resource *r)
{
    bool slot = slice_is (&r->text[KEY_TYPE], "slot") || slice_is (&r->text[KEY_TYPE], "xor_slot");
    return !slot || (r->text[KEY_LABEL].p && r->with.p);
}

static bool read_resource (struct jsonspan *s, struct resource *r)
{
    struct slice key;
    bool first = true, more;
    unsigned int seen = 0;
    *r = (struct resource){.count = 0};
    if (!jsonscan_eat (s, '{'))
        return false;
    while (jsonscan_next_key (s, &first, &key, &more)) {
        if (!more)
            return r->text[KEY_TYPE].p && r->count > 0 && is_whole (r);
        resource_key_t k = find_key (&key);
        if ((k < NKEYS && seen >> k & 1) || !read_value (s, k, r))
            return false;
        seen |= k < NKEYS ? 1U << k : 0;
    }
    return false;
}

static bool set_texts (struct request_resource *r, const struct resource *from)
{
    static int (*const set[NKEYS]) (struct request_resource *, const char *) = {
        [KEY_UNIT] = request_set_unit, [KEY_LABEL] = request_set_label, [KEY_ID] = request_set_id};
    struct text t;
    for (int k = 0; k < NKEYS; k++)
        if (set[k] && from->text[k].p && (!copy (&t, &from->text[k]) || set[k](r, t.s) < 0))
            return false;
    return true;
}

static bool add_list (struct request *req, struct request_resource *parent, struct jsonspan *s);

static bool add_resource (struct request *req, struct request_resource *parent, struct jsonspan *s)
{
    struct resource r;
    struct text type;
    struct request_resource *added;
    if (!read_resource (s, &r) || !copy (&type, &r.text[KEY_TYPE]) ||
        !(added = request_add (req, parent, type.s, NULL)) || !set_texts (added, &r))
        return false;
    added->count = (struct request_count){.min = r.count, .max = r.count, .op = '+', .operand = 1};
    added->exclusive = r.exclusive;
    return !r.with.p || add_list (req, added, &r.with);
}

/* request_add() bounds the depth. */
static bool add_list (struct request *req, struct request_resource *parent, struct jsonspan *s)
{
    if (!jsonscan_eat (s, '['))
        return false;
    do {
        if (!add_resource (req, parent, s))
            return false;
    } while (jsonscan_eat (s, ','));
    return jsonscan_eat (s, ']');
}

/* attributes.system of which only these two matter to the matcher. */
static bool read_system (struct request *req, struct jsonspan *s)
{
    struct slice key, queue;
    struct text t;
    bool first = true, more, timed = false;
    if (!jsonscan_eat (s, '{'))
        return false;
    while (jsonscan_next_key (s, &first, &key, &more)) {
        int64_t n;
        if (!more)
            return true;
        if (slice_is (&key, "constraints"))
            return false;
        if (slice_is (&key, "duration")) {
            if (timed || !jsonscan_number (s, &n))
                return false;
            timed = true;
            req->duration = n;
        } else if (slice_is (&key, "queue")) {
            if (req->queue || !jsonscan_plain (s, &queue) || !copy (&t, &queue) || !*t.s ||
                request_set_queue (req, t.s) < 0)
                return false;
        } else if (!jsonscan_skip (s, 0))
            return false;
    }
    return false;
}

static bool read_attributes (struct request *req, struct jsonspan *s)
{
    struct slice key;
    bool first = true, more, seen = false;
    if (!jsonscan_eat (s, '{'))
        return false;
    while (jsonscan_next_key (s, &first, &key, &more)) {
        if (!more)
            return true;
        if (!slice_is (&key, "system")) {
            if (!jsonscan_skip (s, 0))
                return false;
        } else if (seen || !(seen = read_system (req, s)))
            return false;
    }
    return false;
}

static bool read_command (struct jsonspan *s)
{
    struct slice arg;
    if (!jsonscan_eat (s, '['))
        return false;
    do {
        if (!jsonscan_plain (s, &arg))
            return false;
    } while (jsonscan_eat (s, ','));
    return jsonscan_eat (s, ']');
}

static bool read_task_count (struct jsonspan *s)
{
    struct slice key;
    bool first = true, more;
    int64_t n;
    return jsonscan_eat (s, '{') && jsonscan_next_key (s, &first, &key, &more) && more &&
           (slice_is (&key, "per_slot") || slice_is (&key, "total")) && jsonscan_number (s, &n) &&
           n > 0 && jsonscan_eat (s, '}');
}

static bool read_task (struct jsonspan *s)
{
    struct slice key, slot;
    bool first = true, more;
    unsigned int seen = 0;
    if (!jsonscan_eat (s, '{'))
        return false;
    while (jsonscan_next_key (s, &first, &key, &more)) {
        if (!more)
            return seen == 7;
        if (slice_is (&key, "command") && read_command (s))
            seen |= 1;
        else if (slice_is (&key, "slot") && jsonscan_plain (s, &slot))
            seen |= 2;
        else if (slice_is (&key, "count") && read_task_count (s))
            seen |= 4;
        else
            return false;
    }
    return false;
}

/* They matter to nobody here, but a jobspec has some. */
static bool read_tasks (struct jsonspan *s)
{
    if (!jsonscan_eat (s, '['))
        return false;
    do {
        if (!read_task (s))
            return false;
    } while (jsonscan_eat (s, ','));
    return jsonscan_eat (s, ']');
}

static bool read_jobspec (struct request *req, struct jsonspan *s)
{
    struct slice key;
    bool first = true, more, resources = false, attributes = false, tasks = false, version = false;
    int64_t n;
    if (!jsonscan_eat (s, '{'))
        return false;
    while (jsonscan_next_key (s, &first, &key, &more)) {
        if (!more) {
            jsonscan_blank (s);
            return resources && attributes && tasks && version && s->p == s->end;
        }
        if (slice_is (&key, "resources")) {
            if (resources || !(resources = add_list (req, NULL, s)))
                return false;
        } else if (slice_is (&key, "attributes")) {
            if (attributes || !(attributes = read_attributes (req, s)))
                return false;
        } else if (slice_is (&key, "tasks")) {
            if (tasks || !(tasks = read_tasks (s)))
                return false;
        } else if (!slice_is (&key, "version") || !jsonscan_number (s, &n) || !(version = n > 0))
            return false;
    }
    return false;
}

struct request *request_from_json_text (const char *text, size_t len)
{
    struct jsonspan s = {.p = text, .end = text + len};
    struct request *req = request_create ();
    if (req && (!read_jobspec (req, &s) || request_seal (req, NULL) < 0)) {
        request_destroy (req);
        req = NULL;
    }
    return req;
}
