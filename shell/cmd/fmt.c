/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The format mini-language: parsing, columns that collapse or grow, sorting, printing. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/fmt_internal.h"

static void piece_clear (struct fmt_piece *p)
{
    free (p->text);
    free (p->field);
    free (p->spec.timefmt);
}

static void keys_clear (struct fmt *fmt)
{
    for (int i = 0; i < fmt->nkeys; i++)
        free (fmt->keys[i].field);
    free (fmt->keys);
    fmt->keys = NULL;
    fmt->nkeys = 0;
}

void fmt_destroy (struct fmt *fmt)
{
    if (!fmt)
        return;
    int saved_errno = errno;
    for (int i = 0; i < fmt->npieces; i++)
        piece_clear (&fmt->pieces[i]);
    free (fmt->pieces);
    keys_clear (fmt);
    free (fmt);
    errno = saved_errno;
}

static struct fmt_piece *add_piece (struct fmt *fmt)
{
    struct fmt_piece *new = realloc (fmt->pieces, (fmt->npieces + 1) * sizeof (*new));

    if (!new)
        return NULL;
    fmt->pieces = new;
    new = &fmt->pieces[fmt->npieces++];
    memset (new, 0, sizeof (*new));
    return new;
}

/* Literal text up to a field: "{{" and "}}" are braces. NULL on a lone '}'. */
static const char *parse_text (const char *p, struct buf *text)
{
    while (*p && !(*p == '{' && p[1] != '{')) {
        if (*p == '}' && p[1] != '}')
            return NULL;
        buf_putc (text, *p);
        p += *p == '{' || *p == '}' ? 2 : 1;
    }
    return p;
}

/* Take the sentinel off the end of the text in front of a field. */
static int strip_sentinel (char *text)
{
    static const struct {
        const char *mark;
        int flags;
    } marks[] = {{"?+:", FMT_COLLAPSE | FMT_EXPAND}, {"+:", FMT_EXPAND}, {"?:", FMT_COLLAPSE}};
    size_t len = strlen (text);

    for (size_t i = 0; i < sizeof (marks) / sizeof (marks[0]); i++) {
        size_t n = strlen (marks[i].mark);
        if (len >= n && strcmp (text + len - n, marks[i].mark) == 0) {
            text[len - n] = '\0';
            return marks[i].flags;
        }
    }
    return 0;
}

const char *fmt_heading (const struct fmt_heading *headings, const char *field)
{
    for (; headings->field; headings++)
        if (strcmp (headings->field, field) == 0)
            return headings->text;
    return NULL;
}

static const char *heading (const struct fmt *fmt, const char *field)
{
    return fmt->src.headings ? fmt_heading (fmt->src.headings, field)
                             : fmt->src.heading (field, fmt->src.arg);
}

/* "{field!c:spec}", p just after the opening brace. */
static const char *parse_field (struct fmt *fmt, const char *p, struct fmt_piece *piece,
                                flux_error_t *errp)
{
    size_t len = strcspn (p, "!:}");

    if (!(piece->field = strndup (p, len))) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    p += len;
    if (*p == '!' && p[1]) {
        piece->conv = p[1];
        p += 2;
    }
    size_t speclen = strcspn (p, "}");
    if (p[speclen] != '}' || (*p != ':' && *p != '}')) {
        errprintf (errp, "format: '{%s' is not closed", piece->field);
        return NULL;
    }
    if (!heading (fmt, piece->field)) {
        errprintf (errp, "unknown format field: %s", piece->field);
        return NULL;
    }
    if (piece->conv && !strchr ("dDFHPsra", piece->conv)) {
        errprintf (errp, "format: unknown conversion !%c of %s", piece->conv, piece->field);
        return NULL;
    }
    char *spec = *p == ':' ? strndup (p + 1, speclen - 1) : strdup ("");
    if (!spec || fmt_spec_parse (&piece->spec, spec, piece->conv) < 0) {
        errprintf (errp, "format: '%s' of %s is not understood", spec ? spec : "", piece->field);
        free (spec);
        return NULL;
    }
    free (spec);
    return p + speclen + 1;
}

int fmt_set_sort (struct fmt *fmt, const char *keys, flux_error_t *errp)
{
    keys_clear (fmt);
    while (*keys) {
        size_t len = strcspn (keys, ",");
        const char *end = keys + len;
        bool reverse = *keys == '-';
        const char *start = keys + reverse;

        if (end > keys) {
            struct fmt_key *new = realloc (fmt->keys, (fmt->nkeys + 1) * sizeof (*new));
            if (!new)
                return errprintf (errp, "out of memory");
            fmt->keys = new;
            if (!(new[fmt->nkeys].field = strndup (start, end - start)))
                return errprintf (errp, "out of memory");
            new[fmt->nkeys++].reverse = reverse;
            if (!heading (fmt, new[fmt->nkeys - 1].field)) {
                errno = EINVAL;
                return errprintf (errp, "invalid sort key: %s", new[fmt->nkeys - 1].field);
            }
        }
        keys = end + (*end == ',');
    }
    return 0;
}

/* "sort:a,-b " at the beginning. */
static const char *parse_sort (struct fmt *fmt, const char *text, flux_error_t *errp)
{
    if (strncmp (text, "sort:", 5) != 0)
        return text;
    size_t len = strcspn (text + 5, " \t{");
    char *keys = strndup (text + 5, len);
    int rc = keys ? fmt_set_sort (fmt, keys, errp) : -1;
    free (keys);
    text += 5 + len;
    return rc < 0 ? NULL : text + (*text == ' ');
}

static int parse (struct fmt *fmt, const char *p, flux_error_t *errp)
{
    if (!(p = parse_sort (fmt, p, errp)))
        return -1;
    while (*p) {
        struct fmt_piece *piece = add_piece (fmt);
        struct buf text = {0};
        const char *next = parse_text (p, &text);

        if (!piece || !(piece->text = buf_steal (&text, NULL))) {
            buf_clear (&text);
            return errprintf (errp, "out of memory");
        }
        if (!next)
            return errprintf (errp, "format: '}' without '{'");
        p = next;
        if (*p == '{') {
            piece->sentinel = strip_sentinel (piece->text);
            if (!(p = parse_field (fmt, p + 1, piece, errp)))
                return -1;
        }
    }
    return 0;
}

struct fmt *fmt_create (const char *text, const struct fmt_source *src, flux_error_t *errp)
{
    struct fmt *fmt = calloc (1, sizeof (*fmt));

    if (!fmt)
        return NULL;
    fmt->src = *src;
    if (parse (fmt, text, errp) < 0) {
        errno = EINVAL;
        fmt_destroy (fmt);
        return NULL;
    }
    return fmt;
}

const char *fmt_field (const struct fmt *fmt, int i)
{
    for (int p = 0; p < fmt->npieces; p++)
        if (fmt->pieces[p].field && i-- == 0)
            return fmt->pieces[p].field;
    return i < fmt->nkeys ? fmt->keys[i].field : NULL;
}

/* What is different from the format in this printing: a column's width, or that it is left out. */
struct layout {
    bool skip;
    int width, precision;
};

static char *render_piece (const struct fmt *fmt, const struct fmt_piece *p, const void *item,
                           const struct fmt_spec *spec, bool *empty)
{
    struct fmt_value v = {0};

    fmt->src.get (item, p->field, &v, fmt->src.arg);
    char *s = fmt_render (&v, p->conv, spec, empty);
    fmt_value_clear (&v);
    return s;
}

static void layout_piece (const struct fmt *fmt, const struct fmt_piece *p, const void **items,
                          size_t nitems, int flags, struct layout *l)
{
    size_t widest = 0;

    for (size_t i = 0; i < nitems; i++) {
        bool empty = true;
        char *s = render_piece (fmt, p, items[i], NULL, &empty);
        size_t len = s && !empty ? fmt_utf8_len (s) : 0;
        if (len > widest)
            widest = len;
        free (s);
    }
    l->skip = widest == 0 && (p->sentinel & FMT_COLLAPSE);
    if (!(p->sentinel & FMT_EXPAND))
        return;
    if (!(flags & FMT_NO_HEADER)) {
        size_t len = fmt_utf8_len (heading (fmt, p->field));
        widest = len > widest ? len : widest;
    }
    if ((int)widest > l->width)
        l->width = widest;
    if (l->precision >= 0 && l->precision < l->width)
        l->precision = l->width;
}

static struct layout *layout_create (const struct fmt *fmt, const void **items, size_t nitems,
                                     int flags)
{
    struct layout *l = calloc (fmt->npieces + 1, sizeof (*l));

    for (int i = 0; l && i < fmt->npieces; i++) {
        const struct fmt_piece *p = &fmt->pieces[i];
        l[i].width = p->spec.width;
        l[i].precision = p->spec.precision;
        if (p->sentinel && !(flags & FMT_PLAIN))
            layout_piece (fmt, p, items, nitems, flags, &l[i]);
    }
    return l;
}

/* item NULL: the header. */
static char *make_line (const struct fmt *fmt, const struct layout *l, const void *item)
{
    struct buf b = {0};

    for (int i = 0; i < fmt->npieces; i++) {
        const struct fmt_piece *p = &fmt->pieces[i];
        struct fmt_spec spec = p->spec;
        char *s = NULL;

        if (l && l[i].skip)
            continue;
        buf_puts (&b, p->text);
        if (!p->field)
            continue;
        if (l) {
            spec.width = l[i].width;
            spec.precision = l[i].precision;
        }
        if (item)
            s = render_piece (fmt, p, item, &spec, NULL);
        else {
            spec.fill[0] = '\0';
            spec.zero = false;
            s = fmt_pad (heading (fmt, p->field), &spec, '<');
        }
        buf_puts (&b, s ? s : "");
        free (s);
    }
    return buf_steal (&b, NULL);
}

char *fmt_item (const struct fmt *fmt, const void *item)
{
    return make_line (fmt, NULL, item);
}

char *fmt_header (const struct fmt *fmt)
{
    return make_line (fmt, NULL, NULL);
}

struct sort_row {
    const void *item;
    size_t index;
    int *order;
    struct fmt_value *values;
    const struct fmt *fmt;
};

/* Unset values first, then numbers (also those in strings), then text. */
static int value_class (struct fmt_value *v)
{
    if (v->type == FMT_EMPTY || (v->type == FMT_STRING && (!*v->s || strcmp (v->s, "-") == 0)))
        return 0;
    if (v->type == FMT_STRING) {
        char *end;
        double d = strtod (v->s, &end);
        if (*end || end == v->s)
            return 2;
        v->d = d;
    }
    return 1;
}

static int value_cmp (struct fmt_value *a, struct fmt_value *b)
{
    int ca = value_class (a), cb = value_class (b);

    if (ca != cb)
        return ca < cb ? -1 : 1;
    if (ca == 2)
        return strcmp (a->s, b->s);
    if (ca == 1 && a->type == FMT_INT && b->type == FMT_INT) // ids are too large for a double
        return (a->i > b->i) - (a->i < b->i);
    return ca == 0 ? 0 : (a->d > b->d) - (a->d < b->d);
}

static int row_cmp (const void *x, const void *y)
{
    const struct sort_row *a = x, *b = y;

    for (int k = 0; k < a->fmt->nkeys; k++) {
        int c = value_cmp (&a->values[k], &b->values[k]);
        if (c != 0)
            return a->fmt->keys[k].reverse ? -c : c;
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

static int sort_items (const struct fmt *fmt, const void **items, size_t nitems)
{
    size_t nk = fmt->nkeys;
    struct sort_row *rows = calloc (nitems + 1, sizeof (*rows));
    struct fmt_value *values = calloc (nitems * nk + 1, sizeof (*values));

    if (rows && values) {
        for (size_t i = 0; i < nitems; i++) {
            rows[i] = (struct sort_row){
                .item = items[i], .index = i, .values = &values[i * nk], .fmt = fmt};
            for (size_t k = 0; k < nk; k++)
                fmt->src.get (items[i], fmt->keys[k].field, &values[i * nk + k], fmt->src.arg);
        }
        qsort (rows, nitems, sizeof (*rows), row_cmp);
        for (size_t i = 0; i < nitems; i++)
            items[i] = rows[i].item;
        for (size_t i = 0; i < nitems * nk; i++)
            fmt_value_clear (&values[i]);
    }
    int rc = rows && values ? 0 : -1;
    free (rows);
    free (values);
    return rc;
}

/* Nothing to be seen; U+3000 is a space of the width of an emoji. */
static bool is_blank (const char *s)
{
    while (*s) {
        size_t n = *s == ' ' || *s == '\t' ? 1 : strncmp (s, "\u3000", 3) == 0 ? 3 : 0;
        if (n == 0)
            return false;
        s += n;
    }
    return true;
}

static void print_line (const struct fmt *fmt, FILE *f, const void *item, char *line, int width)
{
    if (!line || (item && is_blank (line)))
        return;
    if (width > 0 && fmt_utf8_len (line) > (size_t)width) {
        struct fmt_spec spec = {.precision = width, .width = -1, .cut = true};
        struct fmt_value v;
        fmt_set_str (&v, line);
        char *cut = fmt_render (&v, 0, &spec, NULL);
        if (cut)
            strcpy (line, cut); // never longer
        free (cut);
    }
    if (item && fmt->src.before)
        fmt->src.before (item, f, fmt->src.arg);
    fputs (line, f);
    if (item && fmt->src.after)
        fmt->src.after (item, f, fmt->src.arg);
    fputc ('\n', f);
}

int fmt_print (const struct fmt *fmt, FILE *f, const void **items, size_t nitems, int flags,
               int width)
{
    struct layout *l = layout_create (fmt, items, nitems, flags);

    if (!l || (fmt->nkeys > 0 && sort_items (fmt, items, nitems) < 0)) {
        free (l);
        return -1;
    }
    for (size_t i = flags & FMT_NO_HEADER ? 1 : 0; i <= nitems; i++) {
        const void *item = i ? items[i - 1] : NULL;
        char *line = make_line (fmt, l, item);
        print_line (fmt, f, item, line, width);
        free (line);
    }
    free (l);
    return 0;
}

int fmt_terminal_width (void)
{
    struct winsize ws;

    if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || ws.ws_col == 0)
        return -1;
    return ws.ws_col;
}
