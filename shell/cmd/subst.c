/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/subst.h"

static const char *base_of (const char *s)
{
    const char *slash = strrchr (s, '/');
    return slash ? slash + 1 : s;
}

/* Length up to the extension; a leading dot begins no extension. */
static size_t stem_len (const char *s)
{
    const char *base = base_of (s), *p = base + strspn (base, ".");
    const char *dot = strrchr (p, '.');

    return dot ? (size_t)(dot - s) : strlen (s);
}

static int put_method (struct buf *b, const char *s, const char *name)
{
    const char *base = base_of (s);
    size_t dir = base > s ? (size_t)(base - s) : 0;

    if (strcmp (name, "%") == 0 || strcmp (name, "noext") == 0)
        return buf_append (b, s, stem_len (s));
    if (strcmp (name, "/") == 0 || strcmp (name, "basename") == 0)
        return buf_puts (b, base);
    if (strcmp (name, "//") == 0 || strcmp (name, "dirname") == 0) {
        while (dir > 1 && s[dir - 1] == '/')
            dir--;
        return buf_append (b, s, dir);
    }
    if (strcmp (name, "/%") == 0 || strcmp (name, "stem") == 0)
        return buf_append (b, base, stem_len (base));
    errno = ENOENT;
    return -1;
}

struct expander {
    const struct subst *s;
    struct buf out;
    int next; // what {} is
};

static int put_number (struct buf *b, int n)
{
    return buf_printf (b, "%d", n);
}

static int put_input (struct expander *e, const char *index, const char *method)
{
    const struct subst *s = e->s;
    char *end;
    long n = *index ? strtol (index, &end, 10) : e->next++;

    if (n < 0 || n >= s->ninputs) {
        errno = ERANGE;
        return -1;
    }
    return method ? put_method (&e->out, s->inputs[n], method) : buf_puts (&e->out, s->inputs[n]);
}

/* What stands between one pair of braces. */
static int put_key (struct expander *e, char *key)
{
    char *method = strchr (key, '.');

    if (strcmp (key, "cc") == 0) {
        if (e->s->keep_cc)
            return buf_puts (&e->out, "{cc}");
        if (e->s->cc && e->s->cc_used)
            *e->s->cc_used = true;
        if (e->s->cc)
            return buf_puts (&e->out, e->s->cc);
    }
    if (e->s->has_seq && strcmp (key, "seq") == 0)
        return put_number (&e->out, e->s->seq);
    if (e->s->has_seq && strcmp (key, "seq1") == 0)
        return put_number (&e->out, e->s->seq + 1);
    if (method)
        *method++ = '\0';
    if (key[strspn (key, "0123456789")] != '\0') {
        errno = ENOENT;
        return -1;
    }
    return put_input (e, key, method);
}

static int expand (struct expander *e, const char *p, flux_error_t *errp)
{
    while (*p) {
        size_t len = strcspn (p, "{");
        buf_append (&e->out, p, len);
        p += len;
        if (!*p)
            break;
        if (e->out.len > 0 && e->out.data[e->out.len - 1] == '$') { // ${VAR} of a shell
            buf_putc (&e->out, *p++);
            continue;
        }
        if (p[1] == '{') { // a template of the job shell
            const char *end = strstr (p, "}}");
            size_t n = end ? (size_t)(end + 2 - p) : strlen (p);
            buf_append (&e->out, p, n);
            p += n;
            continue;
        }
        const char *end = strchr (p, '}');
        if (!end) {
            errno = EINVAL;
            return errprintf (errp, "'%s': a brace is not closed", p);
        }
        char *key = strndup (p + 1, end - p - 1);
        if (!key || put_key (e, key) < 0) {
            free (key);
            return errprintf (errp, "nothing stands for %.*s", (int)(end + 1 - p), p);
        }
        free (key);
        p = end + 1;
    }
    return 0;
}

char *subst_expand (const struct subst *s, const char *text, flux_error_t *errp)
{
    struct expander e = {.s = s};

    if (expand (&e, text, errp) < 0) {
        buf_clear (&e.out);
        return NULL;
    }
    return buf_steal (&e.out, NULL);
}
