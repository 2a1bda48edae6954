/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/directives.h"
#include "shell/cmd/words.h"

struct parser {
    struct directives *d;
    flux_error_t *errp;
    const char *p; // the next line
    int line;
    char sentinel[64]; // of the first directive, "" before it
    size_t prefix;     // how much of it stands in front of "flux:"
    bool ended;        // a line with another prefix was seen
};

static int bad (struct parser *ps, const char *what)
{
    errno = EINVAL;
    return errprintf (ps->errp, "line %d: %s", ps->line, what);
}

/* Length of what is in front of the text of a directive, or 0. */
static size_t sentinel_len (const char *line, size_t len)
{
    size_t n = 0;

    while (n < len && !isalnum ((unsigned char)line[n]) && line[n] != '_')
        n++;
    if (len - n >= 5 &&
        (strncmp (line + n, "flux:", 5) == 0 || strncmp (line + n, "FLUX:", 5) == 0))
        return n + 5;
    return 0;
}

static bool is_blank (const char *s, size_t len)
{
    return strspn (s, " \t\r") >= len;
}

/* The next line of the script. False at its end. */
static bool next_line (struct parser *ps, const char **line, size_t *len)
{
    if (!*ps->p)
        return false;
    *line = ps->p;
    *len = strcspn (ps->p, "\n");
    ps->p += *len + (ps->p[*len] == '\n');
    ps->line++;
    return true;
}

/* The lines of a triple-quoted value, up to a directive that is only the quotes. */
static int read_block (struct parser *ps, const char *quotes, struct buf *word)
{
    size_t indent = 0, sentinel = strlen (ps->sentinel);
    struct buf lines = {0};
    const char *line;
    size_t len;
    bool first = true;

    while (next_line (ps, &line, &len)) {
        if (len < sentinel || strncmp (line, ps->sentinel, sentinel) != 0)
            break;
        line += sentinel;
        len -= sentinel;
        size_t blank = strspn (line, " \t");
        if (len - blank >= 3 && strncmp (line + blank, quotes, 3) == 0 &&
            is_blank (line + blank + 3, len - blank - 3)) {
            // strip from each line the indentation that all share
            for (char *s = lines.data; s && *s;) {
                size_t n = strcspn (s, "\n");
                size_t skip = n < indent ? n : indent;
                buf_append (word, s + skip, n - skip);
                buf_putc (word, '\n');
                s += n + (s[n] == '\n');
            }
            buf_clear (&lines);
            return 0;
        }
        if (blank < len && (first || blank < indent)) {
            indent = blank;
            first = false;
        }
        buf_append (&lines, line, len);
        buf_putc (&lines, '\n');
    }
    buf_clear (&lines);
    return bad (ps, "a triple-quoted value is not closed");
}

/* Triple quotes: on one line, or with the closing ones on a directive of their own. */
static const char *read_triple (struct parser *ps, const char *p, const char *end, struct buf *word)
{
    char quotes[4] = {*p, *p, *p, '\0'};
    const char *start = p + 3, *close = memmem (start, end - start, quotes, 3);

    if (close) {
        buf_append (word, start, close - start);
        return close + 3;
    }
    if (!is_blank (start, end - start)) {
        bad (ps, "a triple-quoted value is not closed");
        return NULL;
    }
    return read_block (ps, quotes, word) < 0 ? NULL : end;
}

static const char *read_quote (const char *p, const char *end, struct buf *word, void *arg)
{
    struct parser *ps = arg;

    if (end - p >= 3 && p[1] == *p && p[2] == *p)
        return read_triple (ps, p, end, word);
    if (!(p = words_quoted (p, end, word)))
        bad (ps, "a quote is not closed");
    return p;
}

static int parse_line (struct parser *ps, const char *line, size_t len)
{
    size_t n = sentinel_len (line, len);

    if (n == 0) {
        if (*ps->sentinel && !is_blank (line, len) &&
            (len < ps->prefix || strncmp (line, ps->sentinel, ps->prefix) != 0))
            ps->ended = true;
        return 0;
    }
    if (ps->ended)
        return bad (ps, "a directive after the first line that is none");
    if (!*ps->sentinel) {
        if (n >= sizeof (ps->sentinel))
            return 0;
        memcpy (ps->sentinel, line, n);
        ps->prefix = n - 5;
    } else if (strlen (ps->sentinel) != n || strncmp (line, ps->sentinel, n) != 0)
        return bad (ps, "this directive begins in another way than the first");
    size_t count = ps->d->argc;
    if (words_append (&ps->d->argv, &ps->d->argc, line + n, line + len, read_quote, ps) < 0)
        return errno == ENOMEM ? bad (ps, "out of memory") : -1;
    if ((size_t)ps->d->argc > count && ps->d->argv[count][0] != '-')
        return bad (ps, "a directive holds options only");
    return 0;
}

int directives_parse (struct directives *d, const char *script, flux_error_t *errp)
{
    struct parser ps = {.d = d, .errp = errp, .p = script};
    struct buf name = {0};
    const char *line;
    size_t len;

    buf_puts (&name, "directive");
    if (words_push (&d->argv, &d->argc, &name) < 0)
        return bad (&ps, "out of memory");
    while (next_line (&ps, &line, &len))
        if (parse_line (&ps, line, len) < 0) {
            directives_clear (d);
            return -1;
        }
    return 0;
}

void directives_clear (struct directives *d)
{
    words_free (d->argv);
    *d = (struct directives){0};
}
