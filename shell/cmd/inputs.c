/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/errprintf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/inputs.h"

#define INPUT_FILE_MAX (1 << 30)

static int add (struct input_list *l, char *item)
{
    if ((l->count & (l->count + 1)) == 0) {
        char **new = realloc (l->items, (2 * l->count + 2) * sizeof (char *));
        if (!new)
            return -1;
        l->items = new;
    }
    if (!item)
        return -1;
    l->items[l->count++] = item;
    return 0;
}

size_t inputs_unescape (const char *s, char *out, size_t size)
{
    size_t n = 0;

    for (; *s && n < size; s++) {
        if (*s != '\\' || !s[1]) {
            out[n++] = *s;
            continue;
        }
        s++;
        out[n++] = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == '0' ? '\0' : *s;
    }
    return n;
}

static int split (struct input_list *l, const char *text, size_t len, const char *sep)
{
    char seq[16];
    size_t n = inputs_unescape (sep, seq, sizeof (seq));
    bool blank = strcasecmp (sep, "none") == 0 || n == 0;
    const char *p = text, *end = text + len;

    while (p < end) {
        const char *next = end, *after = end;
        if (blank) {
            p += strspn (p, " \t\r\n");
            next = after = p + strcspn (p, " \t\r\n");
        } else if ((after = memmem (p, end - p, seq, n))) {
            next = after;
            after += n;
        } else
            after = end;
        if (next > p && add (l, strndup (p, next - p)) < 0)
            return -1;
        p = after;
    }
    return 0;
}

static int read_list (struct input_list *l, const char *path, const char *sep, flux_error_t *errp)
{
    bool from_stdin = strcmp (path, "-") == 0;
    char *text;
    ssize_t n = from_stdin ? fd_read_all (STDIN_FILENO, INPUT_FILE_MAX, &text)
                           : file_read_all (path, INPUT_FILE_MAX, &text);

    if (n < 0)
        return errprintf (errp, "%s: %s", from_stdin ? "standard input" : path, strerror (errno));
    int rc = split (l, text, n, sep);
    free (text);
    return rc;
}

/* ":::", "::::", ":::+", ":::: +" as ":::" and flags. False: not a mark. */
static bool is_mark (const char *s, bool *file, bool *linked)
{
    if (strncmp (s, ":::", 3) != 0)
        return false;
    s += 3;
    *file = *s == ':';
    s += *file;
    *linked = *s == '+';
    s += *linked;
    return *s == '\0';
}

static int fill (struct input_list *l, bool file, char *const *argv, int n, const char *sep,
                 flux_error_t *errp)
{
    if (file) {
        if (n != 1) {
            errno = EINVAL;
            return errprintf (errp, ":::: is followed by one file name");
        }
        return read_list (l, argv[0], sep, errp);
    }
    for (int i = 0; i < n; i++)
        if (add (l, strdup (argv[i])) < 0)
            return -1;
    return 0;
}

int inputs_parse (struct inputs *in, int argc, char *const *argv, const char *sep,
                  flux_error_t *errp)
{
    bool file = false, linked = false;
    int i = 0;

    while (i < argc && !is_mark (argv[i], &file, &linked))
        i++;
    in->ncommand = i;
    while (i < argc) {
        bool f, l;
        int start = i + 1, end = start;
        is_mark (argv[i], &file, &linked);
        while (end < argc && !is_mark (argv[end], &f, &l))
            end++;
        if (in->nlists == INPUTS_LISTS_MAX) {
            errno = E2BIG;
            return errprintf (errp, "there are more than %d lists of inputs", INPUTS_LISTS_MAX);
        }
        struct input_list *list = &in->lists[in->nlists++];
        list->linked = linked && in->nlists > 1;
        if (fill (list, file, argv + start, end - start, sep, errp) < 0)
            return -1;
        i = end;
    }
    if (in->nlists == 0) {
        in->nlists = 1;
        if (read_list (&in->lists[0], "-", sep, errp) < 0)
            return -1;
    }
    if (inputs_count (in) < 0) {
        errno = E2BIG;
        return errprintf (errp, "more than %d jobs", INPUTS_JOBS_MAX);
    }
    return 0;
}

void inputs_clear (struct inputs *in)
{
    for (int l = 0; l < in->nlists; l++) {
        for (int i = 0; i < in->lists[l].count; i++)
            free (in->lists[l].items[i]);
        free (in->lists[l].items);
    }
    in->nlists = 0;
}

int inputs_count (const struct inputs *in)
{
    long count = 1;

    for (int l = 0; l < in->nlists; l++) {
        if (in->lists[l].linked) {
            if (in->lists[l].count == 0)
                count = 0;
            continue;
        }
        count *= in->lists[l].count;
        if (count > INPUTS_JOBS_MAX)
            return -1;
    }
    return count;
}

void inputs_row (const struct inputs *in, int i, char **row)
{
    int rest = i;

    for (int l = in->nlists - 1; l >= 0; l--) {
        const struct input_list *list = &in->lists[l];
        if (list->linked)
            row[l] = list->items[i % list->count];
        else {
            row[l] = list->items[rest % list->count];
            rest /= list->count;
        }
    }
}
