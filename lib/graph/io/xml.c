/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/graph/io/xml.h"
#include "lib/util/errprintf.h"

void xml_init (struct xml *x, const char *text, size_t len)
{
    x->p = text;
    x->end = text + len;
    x->line = 1;
    x->nattrs = 0;
}

static xml_event_t fail (const struct xml *x, const char *what, flux_error_t *errp)
{
    errno = EINVAL;
    errprintf (errp, "XML line %zu: %s", x->line, what);
    return XML_ERROR;
}

static int peek (const struct xml *x)
{
    return x->p < x->end ? (unsigned char)*x->p : -1;
}

static int take (struct xml *x)
{
    int c = peek (x);
    if (c >= 0)
        x->p++;
    x->line += c == '\n';
    return c;
}

static void skip_space (struct xml *x)
{
    while (peek (x) >= 0 && isspace (peek (x)))
        take (x);
}

static bool looking_at (const struct xml *x, const char *s)
{
    size_t len = strlen (s);
    return (size_t)(x->end - x->p) >= len && !memcmp (x->p, s, len);
}

static bool skip_past (struct xml *x, const char *s)
{
    while (x->p < x->end && !looking_at (x, s))
        take (x);
    if (x->p == x->end)
        return false;
    x->p += strlen (s);
    return true;
}

/* Comments, declarations, processing instructions. */
static bool skip_other (struct xml *x, bool *skipped)
{
    *skipped = true;
    if (looking_at (x, "<!--"))
        return skip_past (x, "-->");
    if (looking_at (x, "<?"))
        return skip_past (x, "?>");
    if (looking_at (x, "<!"))
        return skip_past (x, ">");
    *skipped = false;
    return true;
}

static bool read_name (struct xml *x, char *name)
{
    size_t n = 0;
    while (peek (x) > ' ' && !strchr ("<>/=\"'", peek (x))) {
        int c = take (x);
        if (c == ':')
            n = 0;
        else if (n + 1 < XML_MAX_NAME)
            name[n++] = c;
        else
            return false;
    }
    name[n] = '\0';
    return n > 0;
}

static int read_char (struct xml *x)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {
        {"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    for (size_t i = 0; peek (x) == '&' && i < 5; i++)
        if (looking_at (x, entities[i].name)) {
            x->p += strlen (entities[i].name);
            return entities[i].c;
        }
    return take (x);
}

static bool read_attr (struct xml *x)
{
    size_t n = 0;
    if (x->nattrs == XML_MAX_ATTRS || !read_name (x, x->attr[x->nattrs].name))
        return false;
    skip_space (x);
    if (take (x) != '=')
        return false;
    skip_space (x);
    int quote = take (x);
    if (quote != '"' && quote != '\'')
        return false;
    while (peek (x) >= 0 && peek (x) != quote) {
        if (n + 1 == sizeof (x->attr[0].value))
            return false;
        x->attr[x->nattrs].value[n++] = read_char (x);
    }
    x->attr[x->nattrs++].value[n] = '\0';
    return take (x) == quote;
}

static xml_event_t read_tag (struct xml *x, flux_error_t *errp)
{
    take (x); // <
    bool close = peek (x) == '/';
    if (close)
        take (x);
    x->nattrs = 0;
    x->empty = 0;
    if (!read_name (x, x->name))
        return fail (x, "an element has no name, or one too long", errp);
    for (skip_space (x); peek (x) != '>' && peek (x) != '/'; skip_space (x))
        if (close || peek (x) < 0 || !read_attr (x))
            return fail (x, "an attribute is malformed, too long or one too many", errp);
    if (peek (x) == '/') {
        take (x);
        x->empty = 1;
    }
    if (take (x) != '>')
        return fail (x, "'>' is missing", errp);
    return close ? XML_CLOSE : XML_OPEN;
}

static xml_event_t read_text (struct xml *x, flux_error_t *errp)
{
    size_t n = 0;
    while (peek (x) >= 0 && peek (x) != '<') {
        if (n + 1 == sizeof (x->text))
            return fail (x, "a text is too long", errp);
        x->text[n++] = read_char (x);
    }
    while (n > 0 && isspace ((unsigned char)x->text[n - 1]))
        n--;
    x->text[n] = '\0';
    return XML_TEXT;
}

xml_event_t xml_next (struct xml *x, flux_error_t *errp)
{
    for (;;) {
        bool skipped;
        skip_space (x);
        if (peek (x) < 0)
            return XML_END;
        if (peek (x) != '<')
            return read_text (x, errp);
        if (!skip_other (x, &skipped))
            return fail (x, "a comment or declaration does not end", errp);
        if (!skipped)
            return read_tag (x, errp);
    }
}

const char *xml_attr (const struct xml *x, const char *name)
{
    for (size_t i = 0; i < x->nattrs; i++)
        if (!strcmp (x->attr[i].name, name))
            return x->attr[i].value;
    return NULL;
}
