/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What was decided when this suite was configured. */

#include <errno.h>
#include <string.h>
#include <flux/conf.h>

static const struct {
    const char *name;
    const char *value;
} builtins[] = {
    {"confdir", FLUX_CONFDIR},
    {"libexecdir", FLUX_LIBEXECDIR},
    {"exec_path", FLUX_LIBEXECDIR},
    {"datadir", FLUX_DATADIR},
    {"man_path", FLUX_MANDIR},
    {"shell_path", FLUX_LIBEXECDIR "/flux-shell"},
    {"shell_pluginpath", FLUX_LIBDIR "/shell/plugins"},
    {"jobtap_pluginpath", FLUX_LIBDIR "/job-manager/plugins"},
    {"module_path", FLUX_LIBDIR "/modules"},
    {"rundir", FLUX_RUNDIR},
    {"pmi_library_path", FLUX_LIBDIR "/libpmi.so"},
};

const char *flux_conf_builtin_get (const char *name, enum flux_conf_builtin_hint hint)
{
    for (size_t i = 0; name && i < sizeof (builtins) / sizeof (builtins[0]); i++) {
        if (strcmp (builtins[i].name, name) == 0 && hint != FLUX_CONF_INTREE)
            return builtins[i].value;
    }
    errno = EINVAL;
    return NULL;
}
