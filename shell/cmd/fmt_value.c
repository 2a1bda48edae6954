/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Values of the format mini-language: conversions and specs. */

#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util/buf.h"
#include "shell/cmd/fmt_internal.h"

void fmt_value_clear (struct fmt_value *v)
{
    free (v->own);
    *v = (struct fmt_value){0};
}

void fmt_set_int (struct fmt_value *v, long long i)
{
    *v = (struct fmt_value){.type = FMT_INT, .i = i, .d = (double)i};
}

void fmt_set_real (struct fmt_value *v, double d)
{
    *v = (struct fmt_value){.type = FMT_REAL, .d = d, .i = (long long)d};
}

void fmt_set_str (struct fmt_value *v, const char *s)
{
    *v = (struct fmt_value){.type = s ? FMT_STRING : FMT_EMPTY, .s = s};
}

void fmt_set_owned (struct fmt_value *v, char *s)
{
    *v = (struct fmt_value){.type = s ? FMT_STRING : FMT_EMPTY, .s = s, .own = s};
}

void fmt_set_json (struct fmt_value *v, const json_t *o)
{
    switch (o ? json_typeof (o) : JSON_NULL) {
    case JSON_STRING:
        fmt_set_str (v, json_string_value (o));
        break;
    case JSON_INTEGER:
        fmt_set_int (v, json_integer_value (o));
        break;
    case JSON_REAL:
        fmt_set_real (v, json_real_value (o));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        fmt_set_int (v, json_is_true (o));
        v->s = json_is_true (o) ? "True" : "False";
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
        fmt_set_owned (v, json_object_size (o) || json_array_size (o) ? json_dumps (o, 0) : NULL);
        break;
    default:
        *v = (struct fmt_value){0};
    }
}

size_t fmt_utf8_len (const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

/* Bytes of the first n characters. */
static size_t utf8_prefix (const char *s, size_t n)
{
    const char *p = s;

    while (*p && n-- > 0)
        for (p++; ((unsigned char)*p & 0xc0) == 0x80; p++)
            ;
    return p - s;
}

void fmt_duration (double secs, char *buf, size_t size)
{
    if (__builtin_isinf (secs))
        snprintf (buf, size, "inf");
    else if (secs < 1e-3)
        snprintf (buf, size, "0s");
    else if (secs < 10)
        snprintf (buf, size, "%.03fs", secs);
    else if (secs < 60)
        snprintf (buf, size, "%.4gs", secs);
    else if (secs < 3600)
        snprintf (buf, size, "%.4gm", secs / 60);
    else if (secs < 86400)
        snprintf (buf, size, "%.4gh", secs / 3600);
    else
        snprintf (buf, size, "%.4gd", secs / 86400);
}

/* The shortest text that reads back as the same number; always seen to be a real. */
static char *real_str (double d)
{
    char s[40];

    for (int prec = 15; prec <= 17; prec++) {
        snprintf (s, sizeof (s), "%.*g", prec, d);
        if (strtod (s, NULL) == d)
            break;
    }
    if (!strpbrk (s, ".eni"))
        strcat (s, ".0");
    return strdup (s);
}

static char *clock_str (double secs)
{
    char *s;
    long t = secs > 0 && secs < 1 ? 1 : lrint (secs); // halves to the even second
    long days = t / 86400;

    t %= 86400;
    int n = days ? asprintf (&s, "%ld day%s, %ld:%02ld:%02ld", days, days == 1 ? "" : "s", t / 3600,
                             t / 60 % 60, t % 60)
                 : asprintf (&s, "%ld:%02ld:%02ld", t / 3600, t / 60 % 60, t % 60);
    return n < 0 ? NULL : s;
}

static char *time_str (double secs, const char *timefmt)
{
    char buf[256];
    time_t t = (time_t)secs;
    struct tm tm;

    if (secs == 0 || !localtime_r (&t, &tm))
        return strdup ("");
    size_t n = strftime (buf, sizeof (buf), timefmt && *timefmt ? timefmt : "%FT%T", &tm);
    buf[n] = '\0';
    return strdup (buf);
}

static char *percent_str (double d)
{
    char *s;

    d *= 100;
    int n = d > 0 && d < 1 ? asprintf (&s, "%.2f%%", d) : asprintf (&s, "%.3g%%", d);
    return n < 0 ? NULL : s;
}

/* As Python writes a text down. */
static char *quoted_str (const char *text)
{
    char quote = strchr (text, '\'') && !strchr (text, '"') ? '"' : '\'';
    struct buf b = {0};

    buf_putc (&b, quote);
    for (; *text; text++) {
        if (*text == '\\' || *text == quote)
            buf_putc (&b, '\\');
        if (*text == '\n')
            buf_puts (&b, "\\n");
        else if (*text == '\t')
            buf_puts (&b, "\\t");
        else
            buf_putc (&b, *text);
    }
    buf_putc (&b, quote);
    return buf_steal (&b, NULL);
}

/* The value as a string, by conversion; with none, as it is. */
static char *convert (const struct fmt_value *v, char conv, const char *timefmt)
{
    char buf[64];

    if (conv == 'r' || conv == 'a')
        return v->type == FMT_EMPTY || v->type == FMT_STRING ? quoted_str (v->s ? v->s : "")
                                                             : convert (v, 's', NULL);
    if (v->type == FMT_EMPTY)
        return strdup ("");
    if (v->type == FMT_STRING || (v->s && (!conv || conv == 's')))
        return strdup (v->s);
    switch (conv) {
    case 'd':
        return time_str (v->d, timefmt);
    case 'D':
        return time_str (v->d, NULL);
    case 'F':
        fmt_duration (v->d, buf, sizeof (buf));
        return strdup (buf);
    case 'H':
        return clock_str (v->d);
    case 'P':
        return percent_str (v->d);
    }
    if (v->type == FMT_REAL)
        return real_str (v->d);
    snprintf (buf, sizeof (buf), "%lld", v->i);
    return strdup (buf);
}

static bool stands_for_nothing (const char *s)
{
    static const char *const nothing[] = {"", "0s", "0.0", "0:00:00", "1970-01-01T00:00:00"};

    for (size_t i = 0; i < sizeof (nothing) / sizeof (nothing[0]); i++)
        if (strcmp (s, nothing[i]) == 0)
            return true;
    return false;
}

char *fmt_pad (const char *s, const struct fmt_spec *spec, char default_align)
{
    char align = spec->align ? spec->align : default_align;
    const char *fill = spec->fill[0] ? spec->fill : spec->zero ? "0" : " ";
    size_t len = fmt_utf8_len (s);
    size_t pad = spec->width > 0 && (size_t)spec->width > len ? spec->width - len : 0;
    size_t left = align == '>' || align == '=' ? pad : align == '^' ? pad / 2 : 0;
    struct buf b = {0};

    for (size_t i = 0; i < left; i++)
        buf_puts (&b, fill);
    buf_puts (&b, s);
    for (size_t i = left; i < pad; i++)
        buf_puts (&b, fill);
    return buf_steal (&b, NULL);
}

/* Put a separator between groups of digits of the whole part. */
static char *group_digits (char *s, char sep, size_t size)
{
    const char *all = size == 4 ? "0123456789abcdefABCDEF" : "0123456789";
    size_t start = strcspn (s, all);
    size_t digits = strspn (s + start, all);
    struct buf b = {0};

    buf_append (&b, s, start);
    for (size_t i = 0; i < digits; i++) {
        if (i > 0 && (digits - i) % size == 0)
            buf_putc (&b, sep);
        buf_putc (&b, s[start + i]);
    }
    buf_puts (&b, s + start + digits);
    free (s);
    return buf_steal (&b, NULL);
}

static char *binary_str (unsigned long long u)
{
    char buf[72], *p = buf + sizeof (buf) - 1;

    *p = '\0';
    do
        *--p = '0' + (u & 1);
    while (u >>= 1);
    return strdup (p);
}

/* The digits of a whole number by its type letter; what stands in front of them goes to prefix. */
static char *int_digits (unsigned long long u, char type, bool alt, const char **prefix)
{
    const char *cfmt = type == 'x' ? "%llx" : type == 'X' ? "%llX" : type == 'o' ? "%llo" : "%llu";
    char *s;

    if (alt)
        *prefix = type == 'x'   ? "0x"
                  : type == 'X' ? "0X"
                  : type == 'o' ? "0o"
                  : type == 'b' ? "0b"
                                : "";
    if (type == 'b')
        return binary_str (u);
    return asprintf (&s, cfmt, u) < 0 ? NULL : s;
}

static char *real_digits (double d, const struct fmt_spec *spec)
{
    char cfmt[16], *s;
    char type = spec->type == 'n' ? 'g' : spec->type == '%' ? 'f' : spec->type;

    if (!type && spec->precision < 0)
        return real_str (d);
    snprintf (cfmt, sizeof (cfmt), "%%%s.*%c", spec->alt ? "#" : "", type ? type : 'g');
    if (asprintf (&s, cfmt, spec->precision < 0 ? 6 : spec->precision, d) < 0)
        return NULL;
    if ((type || strpbrk (s, ".eni")) && spec->type != '%')
        return s;
    char *more;
    int n = asprintf (&more, "%s%s", s, type ? "%" : ".0"); // always seen to be a real
    free (s);
    return n < 0 ? NULL : more;
}

/* A number by its type letter: sign, prefix, fill and digits, in this order when the fill is that
 * of `0` or `=`. */
static char *number_str (const struct fmt_value *v, const struct fmt_spec *spec)
{
    bool real = strchr ("eEfFgG%", spec->type ? spec->type : 'd') ||
                (v->type == FMT_REAL && (!spec->type || spec->type == 'n'));
    double d = v->type == FMT_REAL ? v->d : (double)v->i;
    bool minus = real ? d < 0 : v->i < 0;
    const char *prefix = "", *sign = minus               ? "-"
                                     : spec->sign == '+' ? "+"
                                     : spec->sign == ' ' ? " "
                                                         : "";
    char *s, *all;

    if (spec->type == 'c')
        return asprintf (&s, "%c", (int)v->i) < 0 ? NULL : s;
    if (spec->type == '%')
        d *= 100;
    s = real ? real_digits (minus ? -d : d, spec)
             : int_digits (minus ? -(unsigned long long)v->i : (unsigned long long)v->i, spec->type,
                           spec->alt, &prefix);
    if (s && spec->group)
        s = group_digits (s, spec->group, strchr ("xXob", spec->type ? spec->type : 'd') ? 4 : 3);
    if (!s)
        return NULL;
    int fill = 0;
    if (spec->zero && (!spec->align || spec->align == '='))
        fill = spec->width - (int)(strlen (sign) + strlen (prefix) + strlen (s));
    int n = asprintf (&all, "%s%s%0*d%s", sign, prefix, fill > 0 ? fill : 0, 0, s);
    if (n >= 0 && fill <= 0) { // %0*d is at least one digit
        free (all);
        n = asprintf (&all, "%s%s%s", sign, prefix, s);
    }
    free (s);
    return n < 0 ? NULL : all;
}

static char *cut (char *s, const struct fmt_spec *spec)
{
    size_t len = fmt_utf8_len (s);

    if (spec->precision < 0 || (size_t)spec->precision >= len)
        return s;
    if (!spec->cut || spec->precision == 0) {
        s[utf8_prefix (s, spec->precision)] = '\0';
        return s;
    }
    size_t at = utf8_prefix (s, spec->precision - 1);
    s[at] = '+';
    s[at + 1] = '\0';
    return s;
}

static bool spec_is_empty (const struct fmt_spec *spec)
{
    return spec->width < 0 && spec->precision < 0 && !spec->align && !spec->sign && !spec->group &&
           !spec->type && !spec->alt && !spec->zero;
}

char *fmt_render (const struct fmt_value *v, char conv, const struct fmt_spec *spec, bool *empty)
{
    bool number = (v->type == FMT_INT || v->type == FMT_REAL) &&
                  (!conv || !strchr ("dDFHPrsa", conv)) && !(spec && spec->type == 's');
    char *s = convert (v, conv, spec ? spec->timefmt : NULL);
    char *out;

    if (!s)
        return NULL;
    bool nothing = stands_for_nothing (s);
    if (empty)
        *empty = nothing;
    if (!spec)
        return s;
    if (spec->hyphen) {
        if (nothing) {
            free (s);
            s = strdup ("-");
        }
        number = false; // it is text from here, as a hyphen may stand among the values
    } else if (number && !(v->s && spec_is_empty (spec))) {
        free (s);
        s = number_str (v, spec);
    }
    if (!number && s)
        s = cut (s, spec);
    out = s ? fmt_pad (s, spec, number ? '>' : '<') : NULL;
    free (s);
    return out;
}

static const char *parse_number (const char *p, int *out)
{
    char *end;
    long n = strtol (p, &end, 10);

    *out = n > 4096 ? 4096 : (int)n;
    return end;
}

int fmt_spec_parse (struct fmt_spec *spec, const char *text, char conv)
{
    const char *p = text, *two = strstr (text, "::");

    spec->width = spec->precision = -1;
    if (conv == 'd') {
        spec->timefmt = two ? strndup (text, two - text) : strdup (text);
        if (!spec->timefmt)
            return -1;
        p = two ? two + 2 : "";
    }
    size_t first = utf8_prefix (p, 1);
    if (*p && p[first] && strchr ("<>=^", p[first]) && first < sizeof (spec->fill)) {
        memcpy (spec->fill, p, first);
        p += first;
    }
    if (*p && strchr ("<>=^", *p))
        spec->align = *p++;
    if (*p && strchr ("+- ", *p) && (p[1] || *p != '+')) // a lone plus at the end says how to cut
        spec->sign = *p++;
    if (*p == 'z')
        p++;
    if (*p == '#')
        spec->alt = *p++;
    if (*p == '0')
        spec->zero = *p++;
    if (isdigit ((unsigned char)*p))
        p = parse_number (p, &spec->width);
    if (*p == ',' || *p == '_')
        spec->group = *p++;
    if (*p == '.' && isdigit ((unsigned char)p[1]))
        p = parse_number (p + 1, &spec->precision);
    if (*p && strchr ("bcdeEfFgGnosxX%", *p))
        spec->type = *p++;
    if (*p == 'h')
        spec->hyphen = *p++;
    if (*p == '+')
        spec->cut = *p++;
    return *p ? -1 : 0;
}
