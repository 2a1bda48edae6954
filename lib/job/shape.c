/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 46, by recursive descent. The grammar is in the RFC; functions are named by its rules. */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/count.h"
#include "lib/job/limits.h"
#include "lib/job/shape.h"
#include "lib/util/errprintf.h"

struct shape {
    const char *begin;
    const char *p;
    int depth;
    int nvertices;
    int nslots;
    int nunlabeled;
    flux_error_t *errp;
};

static json_t *list (struct shape *sh);
static json_t *dict (struct shape *sh);

static void *fail (struct shape *sh, const char *what)
{
    errno = EINVAL;
    errprintf (sh->errp, "shape: %s at position %d", what, (int)(sh->p - sh->begin) + 1);
    return NULL;
}

static void skip_space (struct shape *sh)
{
    while (isspace ((unsigned char)*sh->p))
        sh->p++;
}

static bool take (struct shape *sh, char c)
{
    skip_space (sh);
    if (*sh->p != c)
        return false;
    sh->p++;
    return true;
}

/* A JSON value at p, which is moved past it. */
static json_t *json_value (struct shape *sh)
{
    json_error_t error;
    json_t *o = json_loads (
        sh->p, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &error);
    if (!o)
        return fail (sh, "bad JSON value");
    sh->p += error.position; // bytes read, when there was no error
    return o;
}

/* A quoted string, or all up to one of the characters that mean something here. */
static json_t *string (struct shape *sh, const char *what)
{
    skip_space (sh);
    if (*sh->p == '"')
        return json_value (sh);
    size_t len = strcspn (sh->p, "[]{}/;:,=\" \t\n");
    if (len == 0) {
        char text[64];
        snprintf (text, sizeof (text), "%s is missing", what);
        return fail (sh, text);
    }
    json_t *o = json_stringn (sh->p, len);
    if (!o)
        return fail (sh, "text is not UTF-8");
    sh->p += len;
    return o;
}

static json_t *scalar (struct shape *sh)
{
    size_t len = strcspn (sh->p, ",}");

    while (len > 0 && isspace ((unsigned char)sh->p[len - 1]))
        len--;
    if (len == 0)
        return fail (sh, "value is missing");
    json_t *o = json_loadb (sh->p, len, JSON_DECODE_ANY, NULL);
    if (!o && !(o = json_stringn (sh->p, len)))
        return fail (sh, "text is not UTF-8");
    sh->p += len;
    return o;
}

static json_t *value (struct shape *sh)
{
    skip_space (sh);
    if (*sh->p == '"' || *sh->p == '[')
        return json_value (sh);
    return *sh->p == '{' ? dict (sh) : scalar (sh);
}

/* key:value | [+-]key */
static int item (struct shape *sh, json_t *o)
{
    json_t *val = NULL;
    int rc = -1;

    skip_space (sh);
    char sign = *sh->p == '+' || *sh->p == '-' ? *sh->p++ : 0;
    json_t *name = string (sh, "key");
    if (!name)
        return -1;
    const char *key = json_string_value (name);
    if (strcmp (key, "x") == 0)
        key = "exclusive";
    if (json_object_get (o, key)) {
        fail (sh, "key is there twice");
        goto out;
    }
    if (!take (sh, ':'))
        val = json_boolean (sign != '-');
    else if (sign)
        fail (sh, "a signed key has no value");
    else
        val = value (sh);
    if (val)
        rc = json_object_set_new (o, key, val);
out:
    json_decref (name);
    return rc;
}

/* The rest of a dictionary, after its brace (and label). */
static int items (struct shape *sh, json_t *o, bool first)
{
    if (take (sh, '}'))
        return 0;
    for (;; first = false) {
        if (!first && !take (sh, ',')) {
            fail (sh, "',' or '}' is missing");
            return -1;
        }
        if (item (sh, o) < 0)
            return -1;
        if (take (sh, '}'))
            return 0;
    }
}

static json_t *dict (struct shape *sh)
{
    json_t *o = json_object ();

    take (sh, '{');
    if (++sh->depth > JOBSPEC_MAX_DEPTH) {
        json_decref (o);
        return fail (sh, "too deep");
    }
    if (items (sh, o, true) < 0) {
        json_decref (o);
        return NULL;
    }
    sh->depth--;
    return o;
}

static int count (struct shape *sh, json_t *vertex)
{
    skip_space (sh);
    size_t len = *sh->p == '[' ? strcspn (sh->p, "]") + 1 : strcspn (sh->p, "]{}/; \t\n");
    struct count c;
    flux_error_t error;

    if (len > strlen (sh->p) || count_parse (&c, sh->p, len, &error) < 0) {
        fail (sh, "bad count");
        return -1;
    }
    sh->p += len;
    int rc = json_object_set_new (vertex, "count", count_to_json (&c));
    count_clear (&c);
    return rc;
}

/* The braces after a vertex; in those of a slot its label comes first. */
static int braces (struct shape *sh, json_t *vertex, bool slot)
{
    if (!take (sh, '{')) {
        sh->nunlabeled += slot;
        return slot ? json_object_set_new (vertex, "label", json_string ("default")) : 0;
    }
    if (slot) {
        json_t *label = string (sh, "label");
        if (!label || json_object_set_new (vertex, "label", label) < 0)
            return -1;
        if (take (sh, ':')) {
            fail (sh, "a slot's label must come first");
            return -1;
        }
    }
    return items (sh, vertex, !slot);
}

static int fill_vertex (struct shape *sh, json_t *o)
{
    json_t *type = string (sh, "type");

    if (!type || json_object_set_new (o, "type", type) < 0)
        return -1;
    bool slot = strcmp (json_string_value (type), "slot") == 0;
    sh->nslots += slot;
    if (json_object_set_new (o, "count", json_integer (1)) < 0)
        return -1;
    if (take (sh, '=') && count (sh, o) < 0)
        return -1;
    if (braces (sh, o, slot) < 0)
        return -1;
    if (take (sh, '/')) {
        json_t *with = list (sh);
        return with ? json_object_set_new (o, "with", with) : -1;
    }
    if (slot) {
        fail (sh, "a slot must hold something ('/' is missing)");
        return -1;
    }
    return 0;
}

static json_t *vertex (struct shape *sh)
{
    if (++sh->nvertices > JOBSPEC_MAX_VERTICES)
        return fail (sh, "too many resources");
    json_t *o = json_object ();
    if (o && fill_vertex (sh, o) < 0) {
        json_decref (o);
        return NULL;
    }
    return o;
}

static json_t *list (struct shape *sh)
{
    json_t *array = json_array ();

    if (++sh->depth > JOBSPEC_MAX_DEPTH) {
        json_decref (array);
        return fail (sh, "too deep");
    }
    bool brackets = take (sh, '[');
    do {
        if (json_array_append_new (array, vertex (sh)) < 0)
            goto error;
    } while (brackets && take (sh, ';'));
    if (brackets && !take (sh, ']')) {
        fail (sh, "';' or ']' is missing");
        goto error;
    }
    sh->depth--;
    return array;
error:
    json_decref (array);
    return NULL;
}

json_t *shape_parse (const char *s, flux_error_t *errp)
{
    struct shape sh = {.begin = s, .p = s, .errp = errp};

    if (!s || strlen (s) > SHAPE_TEXT_MAX) {
        errno = EINVAL;
        errprintf (errp, "shape: %s", s ? "too long" : "not given");
        return NULL;
    }
    json_t *o = list (&sh);
    skip_space (&sh);
    if (o && *sh.p)
        fail (&sh, "unexpected character");
    else if (o && sh.nslots > 1 && sh.nunlabeled > 0)
        fail (&sh, "with more than one slot each needs a label");
    else
        return o;
    json_decref (o);
    return NULL;
}

const char *shape_slot_label (const json_t *resources)
{
    size_t i;
    json_t *o;

    json_array_foreach (resources, i, o)
    {
        const char *type = json_string_value (json_object_get (o, "type"));
        if (type && (strcmp (type, "slot") == 0 || strcmp (type, "xor_slot") == 0))
            return json_string_value (json_object_get (o, "label"));
        const char *label = shape_slot_label (json_object_get (o, "with"));
        if (label)
            return label;
    }
    return NULL;
}
