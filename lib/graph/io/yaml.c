/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "lib/graph/io/yaml.h"
#include "lib/util/errprintf.h"

struct reader {
    yaml_parser_t parser;
    unsigned int events;
    flux_error_t *errp;
};

static void *fail (struct reader *r, const char *what, size_t line)
{
    errno = EINVAL;
    errprintf (r->errp, "YAML line %zu: %s", line + 1, what);
    return NULL;
}

static bool next (struct reader *r, yaml_event_t *event)
{
    if (r->events++ == YAML_MAX_EVENTS) {
        fail (r, "the document is too large", r->parser.mark.line);
        return false;
    }
    if (yaml_parser_parse (&r->parser, event))
        return true;
    fail (r, r->parser.problem ? r->parser.problem : "not YAML", r->parser.problem_mark.line);
    return false;
}

static json_t *plain (const char *s)
{
    char *end;
    if (!*s || !strcmp (s, "~") || !strcmp (s, "null"))
        return json_null ();
    if (!strcmp (s, "true") || !strcmp (s, "false"))
        return json_boolean (*s == 't');
    errno = 0;
    long long n = strtoll (s, &end, 10);
    if (!*end && errno == 0)
        return json_integer (n);
    double d = strtod (s, &end);
    if (!*end && isfinite (d))
        return json_real (d);
    return json_string (s);
}

static json_t *read_value (struct reader *r, yaml_event_t *event, int depth);

static json_t *read_list (struct reader *r, int depth)
{
    json_t *o = json_array ();
    yaml_event_t event;
    while (o && next (r, &event)) {
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete (&event);
            return o;
        }
        json_t *value = read_value (r, &event, depth);
        if (!value || json_array_append_new (o, value) < 0)
            break;
    }
    json_decref (o);
    return NULL;
}

static json_t *read_map (struct reader *r, int depth)
{
    json_t *o = json_object ();
    yaml_event_t event;
    while (o && next (r, &event)) {
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete (&event);
            return o;
        }
        char *key =
            event.type == YAML_SCALAR_EVENT ? strdup ((const char *)event.data.scalar.value) : NULL;
        size_t line = event.start_mark.line;
        yaml_event_delete (&event);
        json_t *value = NULL;
        if (!key)
            fail (r, "a key is not a plain word", line);
        else if (next (r, &event))
            value = read_value (r, &event, depth);
        int rc = value ? json_object_set_new (o, key, value) : -1;
        free (key);
        if (rc < 0)
            break;
    }
    json_decref (o);
    return NULL;
}

/* Takes the event over. */
static json_t *read_value (struct reader *r, yaml_event_t *event, int depth)
{
    yaml_event_type_t type = event->type;
    size_t line = event->start_mark.line;
    json_t *o = NULL;
    if (type == YAML_SCALAR_EVENT) {
        const char *s = (const char *)event->data.scalar.value;
        o = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? plain (s) : json_string (s);
        if (!o)
            fail (r, "a text is not UTF-8", line);
    }
    yaml_event_delete (event);
    if (type == YAML_SCALAR_EVENT)
        return o;
    if (depth >= YAML_MAX_DEPTH)
        return fail (r, "nested too deep", line);
    if (type == YAML_SEQUENCE_START_EVENT)
        return read_list (r, depth + 1);
    if (type == YAML_MAPPING_START_EVENT)
        return read_map (r, depth + 1);
    return fail (r, "aliases are not supported", line);
}

json_t *yaml_to_json (const char *text, size_t len, flux_error_t *errp)
{
    struct reader r = {.errp = errp};
    yaml_event_t event;
    json_t *o = NULL;
    if (!yaml_parser_initialize (&r.parser)) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string (&r.parser, (const unsigned char *)text, len);
    while (next (&r, &event)) {
        if (event.type == YAML_STREAM_END_EVENT) {
            yaml_event_delete (&event);
            fail (&r, "there is no document", 0);
            break;
        }
        if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_START_EVENT) {
            o = read_value (&r, &event, 0);
            break;
        }
        yaml_event_delete (&event);
    }
    yaml_parser_delete (&r.parser);
    return o;
}
