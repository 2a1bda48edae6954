/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Printing events of an eventlog (RFC 18): as text or JSON, with times in one of several forms. */

#ifndef FLUX_CMD_EVFMT_H
#define FLUX_CMD_EVFMT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "shell/cmd/cmd.h"

enum evfmt_time { EVFMT_RAW, EVFMT_ISO, EVFMT_OFFSET, EVFMT_HUMAN };

struct evfmt {
    bool json;
    bool color;
    enum evfmt_time time;
    double t0;          // of the first event
    double last;        // human form: when the date was last printed
    char last_date[32]; // human form
};

#define EVFMT_OPTS                                                                                 \
    {.key = 'f', .name = "format", .arg = "FORMAT", .help = "text (the default) or json"},         \
        {.key = 'T',                                                                               \
         .name = "time-format",                                                                    \
         .arg = "FORMAT",                                                                          \
         .help = "Times as raw (the default), iso, offset or human"},                              \
        {.key = 'H', .name = "human", .help = "Short for -f text -T human"},                       \
    {                                                                                              \
        .key = 'L', .name = "color", .arg = "WHEN",                                                \
        .help = "Use color: auto (the default), always or never",                                  \
        .flags = CMD_OPT_OPTARG | CMD_OPT_NEXT                                                     \
    }

/* From the options above. Ends the program when one is wrong. */
void evfmt_init (struct evfmt *e, const struct cmd *c);

/* -1 when the entry is malformed. Flushes. */
int evfmt_print (struct evfmt *e, FILE *f, const json_t *entry);

#endif /* !FLUX_CMD_EVFMT_H */
