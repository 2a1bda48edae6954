/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What people write for commands: formats, rules for the environment, directives in scripts. */

#include "shell/cmd/directives.h"
#include "shell/cmd/envrules.h"
#include "shell/cmd/fmt.h"
#include "testsuite/fuzz/fuzz.h"

static const struct fmt_heading headings[] = {
    {"id", "ID"}, {"s", "TEXT"}, {"x", "REAL"}, {"u", "W\xc3\x84LDER"}, {NULL, NULL}};

static void get (const void *item, const char *field, struct fmt_value *v, void *arg)
{
    int n = *(const int *)item;

    if (strcmp (field, "id") == 0)
        fmt_set_int (v, n == 1 ? 1234567890123LL : -n);
    else if (strcmp (field, "x") == 0)
        fmt_set_real (v, n * 1e9 / 7);
    else if (strcmp (field, "s") == 0 && n > 0)
        fmt_set_str (v, n == 1 ? "text" : "");
    else if (strcmp (field, "u") == 0)
        fmt_set_str (v, "\xc6\x92\xe2\x82\xac\xf0\x9f\x98\x80");
}

/* Widths are as large as one likes, which takes no more than memory. */
static bool is_wide (const char *s)
{
    int digits = 0;

    for (; *s; s++) {
        digits = *s >= '0' && *s <= '9' ? digits + 1 : 0;
        if (digits > 3)
            return true;
    }
    return false;
}

static void try_format (const char *s)
{
    static const int numbers[] = {0, 1, 2};
    const void *items[] = {&numbers[0], &numbers[1], &numbers[2]};
    const struct fmt_source src = {.headings = headings, .get = get};
    flux_error_t error = {""};
    struct fmt *fmt = is_wide (s) ? NULL : fmt_create (s, &src, &error);
    FILE *f = fopen ("/dev/null", "w");

    if (fmt && f) {
        for (int i = 0; fmt_field (fmt, i); i++)
            MUST (fmt_heading (headings, fmt_field (fmt, i)));
        fmt_print (fmt, f, items, 3, 0, 40);
        fmt_print (fmt, f, items, 3, FMT_PLAIN, 0);
        for (int i = 0; i < 3; i++)
            free (fmt_item (fmt, items[i]));
        free (fmt_header (fmt));
    } else if (!is_wide (s)) {
        MUST (*error.text);
    }
    if (f)
        fclose (f);
    fmt_destroy (fmt);
}

/* A long regular expression may take regexec() for ever, and a file is not ours to read. */
static bool is_rule (const char *s)
{
    const char *p = s + (*s == '-');

    return *s != '^' && (*p != '/' || strlen (p) < 16);
}

static void try_rules (const char *s)
{
    struct envrules *e = envrules_create ();
    const char *rules[] = {s};
    flux_error_t error = {""};

    MUST (e);
    if (is_rule (s) && envrules_apply (e, s, &error) < 0)
        MUST (*error.text);
    for (char *const *v = envrules_environ (e); *v; v++)
        MUST (strchr (*v, '='));
    envrules_destroy (e);
    json_decref (rlimit_rules (rules, 1, &error));
}

static void try_directives (const char *s)
{
    struct directives d = {0};
    flux_error_t error = {""};

    if (directives_parse (&d, s, &error) == 0) {
        int n = 0;
        while (d.argv && d.argv[n])
            n++;
        MUST (n == d.argc);
    } else
        MUST (strstr (error.text, "line "));
    directives_clear (&d);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);

    try_format (s);
    try_rules (s);
    try_directives (s);
    free (s);
    return 0;
}
