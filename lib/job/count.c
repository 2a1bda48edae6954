/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/count.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"

static int invalid (flux_error_t *errp, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "count: %s", what);
}

static int check (const struct count *c, flux_error_t *errp)
{
    if (c->min < 1 || c->min > JOBSPEC_MAX_COUNT)
        return invalid (errp, "must be at least 1 and not huge");
    if (c->max < c->min || (c->max != COUNT_INFINITE && c->max > JOBSPEC_MAX_COUNT))
        return invalid (errp, "maximum is less than minimum, or huge");
    if (!c->op || !strchr ("+*^", c->op))
        return invalid (errp, "operator must be one of + * ^");
    if (c->operand < (c->op == '+' ? 1 : 2))
        return invalid (errp, "operand is too small for its operator");
    if (c->op == '^' && c->min < 2)
        return invalid (errp, "with operator ^ the minimum must be at least 2");
    return 0;
}

/* A number without a leading zero at *pp, which is moved past it. */
static bool take_number (const char **pp, const char *end, uint32_t *np)
{
    const char *p = *pp;
    uint64_t n = 0;

    while (p < end && *p >= '0' && *p <= '9' && p - *pp < 11)
        n = n * 10 + (*p++ - '0');
    if (p == *pp || (**pp == '0' && p - *pp > 1) || n > JOBSPEC_MAX_COUNT)
        return false;
    *pp = p;
    *np = n;
    return true;
}

static bool take_char (const char **pp, const char *end, char c)
{
    if (*pp == end || **pp != c)
        return false;
    (*pp)++;
    return true;
}

/* min | min+ | min-max, then [:operand[:operator]]. False when it is not of this form. */
static bool parse_range (struct count *c, const char *p, const char *end)
{
    if (!take_number (&p, end, &c->min))
        return false;
    c->max = c->min;
    if (p == end)
        return true;
    if (take_char (&p, end, '+'))
        c->max = COUNT_INFINITE;
    else if (!take_char (&p, end, '-') || !take_number (&p, end, &c->max))
        return false;
    if (take_char (&p, end, ':')) {
        if (!take_number (&p, end, &c->operand))
            return false;
        if (take_char (&p, end, ':') && p < end)
            c->op = *p++;
    }
    return p == end;
}

int count_parse (struct count *c, const char *s, size_t len, flux_error_t *errp)
{
    const char *end = s + len;
    idset_error_t error;

    *c = (struct count){.op = '+', .operand = 1};
    if (len > 0 && *s == '[') {
        if (len < 2 || end[-1] != ']')
            return invalid (errp, "brackets do not match");
        s++;
        end--;
    }
    if (!memchr (s, ',', end - s)) {
        if (!parse_range (c, s, end))
            return invalid (errp, "is no number or range");
        return check (c, errp);
    }
    if (memchr (s, '[', end - s) || memchr (s, ']', end - s))
        return invalid (errp, "brackets do not match");
    c->values = idset_decode_ex (s, end - s, 0, IDSET_FLAG_AUTOGROW, &error);
    if (!c->values)
        return errprintf (errp, "count: %s", error.text);
    if (idset_empty (c->values) || idset_first (c->values) == 0 ||
        idset_last (c->values) > JOBSPEC_MAX_COUNT) {
        count_clear (c);
        return invalid (errp, "must be at least 1 and not huge");
    }
    c->min = idset_first (c->values);
    c->max = idset_last (c->values);
    return 0;
}

static bool get_uint (const json_t *o, uint32_t *np)
{
    json_int_t n = json_integer_value (o);

    if (!json_is_integer (o) || n < 0 || n > JOBSPEC_MAX_COUNT)
        return false;
    *np = n;
    return true;
}

static int from_object (struct count *c, const json_t *o, flux_error_t *errp)
{
    const char *key;
    json_t *val;

    *c = (struct count){.max = COUNT_INFINITE, .op = '+', .operand = 1};
    json_object_foreach ((json_t *)o, key, val)
    {
        bool ok = false;
        if (strcmp (key, "min") == 0)
            ok = get_uint (val, &c->min);
        else if (strcmp (key, "max") == 0)
            ok = get_uint (val, &c->max);
        else if (strcmp (key, "operand") == 0)
            ok = get_uint (val, &c->operand);
        else if (strcmp (key, "operator") == 0 && json_string_length (val) == 1) {
            c->op = *json_string_value (val);
            ok = true;
        }
        if (!ok)
            return invalid (errp, "has a key that is unknown or of the wrong type");
    }
    if (!json_object_get (o, "operator") != !json_object_get (o, "operand"))
        return invalid (errp, "operator and operand go together");
    return check (c, errp);
}

int count_from_json (struct count *c, const json_t *o, flux_error_t *errp)
{
    if (json_is_string (o))
        return count_parse (c, json_string_value (o), json_string_length (o), errp);
    if (json_is_object (o))
        return from_object (c, o, errp);
    *c = (struct count){.op = '+', .operand = 1};
    if (!get_uint (o, &c->min) || c->min == 0)
        return invalid (errp, "is no positive integer");
    c->max = c->min;
    return 0;
}

json_t *count_to_json (const struct count *c)
{
    if (c->values) {
        char *s = idset_encode (c->values, IDSET_FLAG_RANGE);
        json_t *o = s ? json_string (s) : NULL;
        free (s);
        return o;
    }
    if (c->min == c->max)
        return json_integer (c->min);
    bool plain = c->op == '+' && c->operand == 1;
    if (c->max == COUNT_INFINITE && plain)
        return json_pack ("{s:i}", "min", (int)c->min);
    json_t *o = json_pack ("{s:i}", "min", (int)c->min);
    if (o && c->max != COUNT_INFINITE)
        json_object_set_new (o, "max", json_integer (c->max));
    json_object_set_new (o, "operator", json_stringn (&c->op, 1));
    json_object_set_new (o, "operand", json_integer (c->operand));
    return o;
}

void count_clear (struct count *c)
{
    idset_destroy (c->values);
    *c = (struct count){0};
}
