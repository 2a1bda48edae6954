/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Why a request is not met now, in words: what is left out of it one by one, and with what missing
 * it would be met. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TRIES = 16 };

struct tries {
    struct site *site;
    const struct site_want *want;
    int64_t now;
    json_t *root; // the copy that is asked with
    char *text;
    size_t size;
    int left;
};

static bool is_met (struct tries *t)
{
    struct site_want want = *t->want;

    want.resources = t->root;
    return t->left-- > 0 && site_choose (t->site, &want, SITE_NOW, t->now, NULL, NULL) == 0;
}

static const char *text_of (const json_t *o, const char *key, const char *otherwise)
{
    const char *s = json_string_value (json_object_get (o, key));
    return s ? s : otherwise;
}

/* "4" of an integer, or what a range begins with */
static long long count_of (const json_t *o)
{
    const json_t *count = json_object_get (o, "count");

    if (json_is_object (count))
        count = json_object_get (count, "min");
    return json_is_integer (count) ? json_integer_value (count) : 1;
}

static void say (struct tries *t, const json_t *above, const json_t *r)
{
    const char *type = text_of (r, "type", "resource"), *unit = text_of (r, "unit", "");
    long long n = count_of (r);

    if (above)
        snprintf (t->text, t->size, "no %.40s with %lld%s%.20s %.40s%s free",
                  text_of (above, "type", "place"), n, *unit ? " " : "", unit, type,
                  n > 1 && !*unit ? "s" : "");
    else
        snprintf (t->text, t->size, "not %lld%s%.20s %.40s%s free", n, *unit ? " " : "", unit, type,
                  n > 1 && !*unit ? "s" : "");
}

/* Without one member of a list, then deeper. `above` is the resource that the list is of, but no
 * slot. */
static bool try_list (struct tries *t, json_t *list, const json_t *above)
{
    for (size_t i = 0; i < json_array_size (list); i++) {
        json_t *r = json_incref (json_array_get (list, i));
        bool met = false;

        if (json_array_size (list) > 1) {
            json_array_remove (list, i);
            met = is_met (t);
            json_array_insert (list, i, r);
        }
        if (met)
            say (t, above, r);
        else
            met = try_list (t, json_object_get (r, "with"),
                            strcmp (text_of (r, "type", ""), "slot") == 0 ? above : r);
        json_decref (r);
        if (met)
            return true;
    }
    return false;
}

/* With one of each: is it the number that is too great? */
static bool try_counts (struct tries *t, json_t *list, const json_t *above)
{
    size_t i;
    json_t *r;

    json_array_foreach (list, i, r)
    {
        json_t *count = json_incref (json_object_get (r, "count"));
        bool met = false;

        if (count_of (r) > 1) {
            json_object_set_new (r, "count", json_integer (1));
            met = is_met (t);
            json_object_set (r, "count", count);
        }
        json_decref (count);
        if (met)
            say (t, above, r);
        if (met || try_counts (t, json_object_get (r, "with"),
                               strcmp (text_of (r, "type", ""), "slot") == 0 ? above : r))
            return true;
    }
    return false;
}

void site_explain_plain (struct site *site, const struct site_want *want, int64_t now, char *text,
                         size_t size)
{
    struct site_want less = *want;

    less.memory = 0;
    if (want->memory && site_choose (site, &less, SITE_NOW, now, NULL, NULL) == 0) {
        snprintf (text, size, "no %u nodes with %llu MB of memory free", want->nodes_min,
                  (unsigned long long)want->memory);
        return;
    }
    less = *want;
    for (size_t i = 0; i < site->ngres; i++) {
        less.gres[i] = 0;
        if (want->gres[i] && site_choose (site, &less, SITE_NOW, now, NULL, NULL) == 0) {
            snprintf (text, size, "no %u nodes with %u %s free", want->nodes_min, want->gres[i],
                      site->gres[i]);
            return;
        }
    }
    if (want->whole) {
        snprintf (text, size, "no %u whole node%s free%s", want->nodes_min,
                  want->nodes_min > 1 ? "s" : "", want->switches == 1 ? " below one switch" : "");
        return;
    }
    snprintf (text, size, "no %u node%s with %u core%s free%s", want->nodes_min,
              want->nodes_min > 1 ? "s" : "", want->cores, want->cores > 1 ? "s" : "",
              want->switches == 1 ? " below one switch" : "");
}

/* Would it do if nothing were drawn? errp: what is drawn too much then */
static bool lacks_flow (struct site *site, const struct site_want *want, int64_t now,
                        flux_error_t *errp)
{
    const struct site_choice *choice;
    size_t nflow = site->nflow;
    int rc;

    if (nflow == 0)
        return false;
    site->nflow = 0;
    rc = site_choose (site, want, SITE_NOW, now, &choice, NULL);
    site->nflow = nflow;
    return rc == 0 && site_may_draw (site, choice->nodes, choice->n, errp) < 0;
}

void site_explain (struct site *site, const struct site_want *want, int64_t now, char *text,
                   size_t size)
{
    struct tries t = {
        .site = site, .want = want, .now = now, .text = text, .size = size, .left = MAX_TRIES};
    flux_error_t why;

    if (site_choose (site, want, SITE_EVER, now, NULL, &why) < 0 && errno == ENODEV) {
        snprintf (text, size, "the graph has no place for it, not even when it is empty");
        return;
    }
    if (lacks_flow (site, want, now, &why)) {
        snprintf (text, size, "%s", why.text);
        return;
    }
    if (!want->resources) {
        site_explain_plain (site, want, now, text, size);
        return;
    }
    t.root = json_deep_copy (want->resources);
    if (!t.root || (!try_list (&t, t.root, NULL) && !try_counts (&t, t.root, NULL)))
        snprintf (text, size, "its graph request is not free now");
    json_decref (t.root);
}
