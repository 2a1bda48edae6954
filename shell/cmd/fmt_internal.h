/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_FMT_INTERNAL_H
#define FLUX_CMD_FMT_INTERNAL_H

#include "shell/cmd/fmt.h"

struct fmt_spec {
    char fill[8];     // one UTF-8 character; "" is a space
    char align;       // '<' '>' '=' '^', or 0
    char sign;        // '+' '-' ' ', or 0
    char group;       // ',' '_', or 0
    char type;        // or 0
    bool alt, zero;   // '#', '0'
    bool hyphen, cut; // 'h', '+'
    int width;        // -1: none
    int precision;    // -1: none
    char *timefmt;    // for !d, or NULL
};

enum { FMT_COLLAPSE = 1, FMT_EXPAND = 2 };

struct fmt_piece {
    char *text;  // in front of the field
    char *field; // NULL: only text
    char conv;   // or 0
    int sentinel;
    struct fmt_spec spec;
};

struct fmt_key {
    char *field;
    bool reverse;
};

struct fmt {
    struct fmt_source src;
    struct fmt_piece *pieces;
    int npieces;
    struct fmt_key *keys;
    int nkeys;
};

/* Parse a spec. 0, or -1 when it is not understood. */
int fmt_spec_parse (struct fmt_spec *spec, const char *text, char conv);

/* A value by conversion and spec, as a string that the caller frees. With spec NULL, only the
 * conversion. *empty says that it is one of the values that stand for "nothing". */
char *fmt_render (const struct fmt_value *v, char conv, const struct fmt_spec *spec, bool *empty);

/* Text in the width of a spec, as headers are. */
char *fmt_pad (const char *s, const struct fmt_spec *spec, char default_align);

#endif /* !FLUX_CMD_FMT_INTERNAL_H */
