/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The command line of flux-broker. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "config.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/options.h"

static const char usage[] =
    "Usage: flux-broker [OPTIONS] [initial-program ARG...]\n"
    "One broker of a Flux instance; `flux start` and `srun --flux` start it for you.\n"
    "\n"
    "  -S, --setattr=NAME=VALUE  set a broker attribute (see flux-broker-attributes(7))\n"
    "  -c, --config-path=PATH    configuration: a file (TOML, or .json) or a folder of *.toml\n"
    "      --conf=VALUE          more of it: KEY=VAL, {JSON}, TOML text or a file\n"
    "  -v, --verbose             tell all that is logged on standard error, too\n"
    "  -V, --version             print the version\n"
    "  -h, --help                print this\n";

static void set_attr (struct attrs *attrs, const char *assignment)
{
    flux_error_t error;

    if (attr_set_cmdline (attrs, assignment, &error) < 0) {
        fprintf (stderr, "flux-broker: %s\n", error.text);
        exit (1);
    }
}

flux_conf_t *options_conf (struct attrs *attrs, char *const *values, flux_error_t *errp)
{
    const char *path = attr_get (attrs, "config.path");
    flux_conf_t *conf;

    if (!path && (path = getenv ("FLUX_CONF_DIR")) && *path)
        attr_set (attrs, "config.path", path);
    if (path && !*path)
        path = NULL;
    if (!(conf = path ? flux_conf_parse (path, errp) : flux_conf_create ())) {
        if (!path)
            errprintf (errp, "out of memory");
        return NULL;
    }
    for (int i = 0; values && values[i]; i++) {
        flux_error_t error;
        if (flux_conf_update (conf, values[i], &error) < 0) {
            errprintf (errp, "--conf: %s", error.text);
            flux_conf_decref (conf);
            return NULL;
        }
    }
    return conf;
}

char **options_parse (int argc, char **argv, struct attrs *attrs, char ***confp)
{
    enum { OPT_CONF = 256 };
    static const struct option longopts[] = {
        {"setattr", required_argument, NULL, 'S'},
        {"config-path", required_argument, NULL, 'c'},
        {"conf", required_argument, NULL, OPT_CONF},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    char **values = calloc (argc + 1, sizeof (*values));
    int c, count = 0;

    if (!values)
        exit (1);

    while ((c = getopt_long (argc, argv, "+S:c:vVh", longopts, NULL)) != -1) {
        switch (c) {
        case 'S':
            set_attr (attrs, optarg);
            break;
        case 'c':
            attr_set (attrs, "config.path", optarg);
            break;
        case OPT_CONF:
            values[count++] = optarg;
            break;
        case 'v':
            set_attr (attrs, "log-stderr-level=7"); // debug
            break;
        case 'V':
            printf ("flux-broker %s\n", PACKAGE_VERSION);
            exit (0);
        case 'h':
            fputs (usage, stdout);
            exit (0);
        default:
            fputs ("Try `flux-broker --help'.\n", stderr);
            exit (1);
        }
    }
    *confp = values;
    return argv + optind;
}
