/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The --format mini-language of `flux jobs` and its likes:
 *
 *   sort:KEY,-KEY {FIELD!CONVERSION:SPEC} text {{ }}
 *
 * SPEC is [[fill]align][sign][0][width][,_][.precision][type] with the additions `h` (a hyphen for
 * what is empty or zero) and `+` (the last character of what was cut becomes a plus). Conversions:
 * !d time by strftime ({t_run!d:%b%d %R::>12}), !D ISO 8601, !F duration, !H h:mm:ss, !P percent.
 * In front of a field, `?:` leaves its column out when it is empty in all rows, `+:` makes the
 * column as wide as its widest value, `?+:` does both. */

#ifndef FLUX_CMD_FMT_H
#define FLUX_CMD_FMT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <flux/types.h>

enum fmt_type { FMT_EMPTY, FMT_STRING, FMT_INT, FMT_REAL };

struct fmt_value {
    enum fmt_type type;
    const char *s; // borrowed, or same as own; of a number: how it reads without a spec, or NULL
    char *own;     // freed by fmt_value_clear()
    long long i;
    double d;
};

void fmt_value_clear (struct fmt_value *v);
void fmt_set_int (struct fmt_value *v, long long i);
void fmt_set_real (struct fmt_value *v, double d);
void fmt_set_str (struct fmt_value *v, const char *s);    // borrows
void fmt_set_owned (struct fmt_value *v, char *s);        // takes over; NULL is empty
void fmt_set_json (struct fmt_value *v, const json_t *o); // null or NULL is empty

struct fmt_heading {
    const char *field, *text;
};

/* Where the fields come from. */
struct fmt_source {
    /* All fields, ends with an all-zero row; or NULL: heading() gives the heading of a field, or
     * NULL when there is no such field. */
    const struct fmt_heading *headings;
    const char *(*heading) (const char *field, void *arg);
    /* The value of a field of one item. */
    void (*get) (const void *item, const char *field, struct fmt_value *v, void *arg);
    /* Around each line, for colours; may be NULL. */
    void (*before) (const void *item, FILE *f, void *arg);
    void (*after) (const void *item, FILE *f, void *arg);
    void *arg;
};

/* By a table as above: the heading of a field, or NULL. */
const char *fmt_heading (const struct fmt_heading *headings, const char *field);

struct fmt;

/* NULL with a sentence in errp: unknown field, unbalanced brace, bad spec. */
struct fmt *fmt_create (const char *text, const struct fmt_source *src, flux_error_t *errp);
void fmt_destroy (struct fmt *fmt);

/* Replace the sort keys of the format by "KEY,-KEY". */
int fmt_set_sort (struct fmt *fmt, const char *keys, flux_error_t *errp);

/* Names of the fields used, sort keys too: i from 0 until NULL. */
const char *fmt_field (const struct fmt *fmt, int i);

enum {
    FMT_NO_HEADER = 1,
    FMT_PLAIN = 2, // take all columns as they are: no ?: nor +:
};

/* Print a header and one line per item; lines that would be blank are left out. items is sorted in
 * place. width > 0 cuts lines to so many columns. */
int fmt_print (const struct fmt *fmt, FILE *f, const void **items, size_t nitems, int flags,
               int width);

/* One item by the format, without line end. The caller frees it. */
char *fmt_item (const struct fmt *fmt, const void *item);
char *fmt_header (const struct fmt *fmt);

/* "3.935s", "3.961m": a duration as people read it. */
void fmt_duration (double seconds, char *buf, size_t size);

/* Characters of a UTF-8 string. */
size_t fmt_utf8_len (const char *s);

/* Columns of the terminal on standard output, or -1. */
int fmt_terminal_width (void);

#endif /* !FLUX_CMD_FMT_H */
