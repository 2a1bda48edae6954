/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Jobspecs of instances: flux alloc, flux batch. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/conf.h>

#include "lib/util/errprintf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/submit_maker.h"

#define RULES_MAX 256
#define CONF_FILE "conf.json"

/* Slots rather than tasks; without a number of them one a node. */
static void make_nest_request (struct maker *m)
{
    m->req.ntasks = maker_count (m, "nslots", 1);
    m->req.cores_per_task = maker_count (m, "cores-per-slot", 1);
    m->req.gpus_per_task = maker_count (m, "gpus-per-slot", 0);
    if (!m->failed && m->req.ntasks == 0 && m->req.nnodes == 0 && !m->req.shape &&
        !m->req.resources)
        maker_bad (m, "the number of slots (-n) or of nodes (-N) is needed");
}

static char **broker_opts (const struct cmd *c)
{
    char **out = calloc (RULES_MAX + 4, sizeof (char *));
    const char *s;
    int n = 0, iter = 0;

    if (out && cmd_has (c, "conf"))
        out[n++] = strdup ("-c{{tmpdir}}/" CONF_FILE);
    while (out && (s = cmd_next (c, "broker-opts", &iter)))
        while (*s && n < RULES_MAX) {
            size_t len = strcspn (s, ",");
            if (len > 0)
                out[n++] = strndup (s, len);
            s += len + (s[len] == ',');
        }
    if (out && cmd_has (c, "dump") &&
        asprintf (&out[n], "-Scontent.dump=%s", cmd_str (c, "dump", "flux-{{jobid}}-dump.tgz")) < 0)
        out[n] = NULL;
    return out;
}

static void free_words (char **words)
{
    for (int i = 0; words && words[i]; i++)
        free (words[i]);
    free (words);
}

/* Configuration by name: NAME.toml or NAME.json in the user's or the system's folder for it. */
static char *find_named (const char *name)
{
    const char *home = getenv ("HOME"), *user = getenv ("XDG_CONFIG_HOME");
    const char *dirs = getenv ("XDG_CONFIG_DIRS");
    char *list = NULL, *save = NULL, *path = NULL;

    if (asprintf (&list, "%s%s:%s",
                  user && *user ? user
                  : home        ? home
                                : "/",
                  user && *user ? "" : "/.config", dirs && *dirs ? dirs : "/etc/xdg") < 0)
        return NULL;
    for (char *dir = strtok_r (list, ":", &save); dir && !path; dir = strtok_r (NULL, ":", &save)) {
        static const char *const types[] = {"toml", "json"};
        for (int i = 0; i < 2 && !path; i++) {
            if (asprintf (&path, "%s/flux/config/%s.%s", dir, name, types[i]) < 0)
                path = NULL;
            if (path && access (path, R_OK) < 0) {
                free (path);
                path = NULL;
            }
        }
    }
    free (list);
    return path;
}

static bool is_name (const char *value)
{
    size_t len = strlen (value);

    return !strpbrk (value, "=\n{/") && !(len > 5 && (strcmp (value + len - 5, ".json") == 0 ||
                                                      strcmp (value + len - 5, ".toml") == 0));
}

static int add_conf_value (flux_conf_t *conf, const char *value, flux_error_t *errp)
{
    char *path;

    if (!is_name (value))
        return flux_conf_update (conf, value, errp);
    if (!(path = find_named (value))) {
        errno = ENOENT;
        return errprintf (errp,
                          "there is no flux/config/%s.toml or .json in the folders for "
                          "configuration",
                          value);
    }
    int rc = flux_conf_update (conf, path, errp);
    free (path);
    return rc;
}

/* All of --conf, in the order given, as a file that goes along with the job. */
static void apply_conf (struct maker *m)
{
    flux_conf_t *conf = flux_conf_create ();
    flux_error_t error = {""};
    const char *value;
    json_t *o;
    int iter = 0;

    while (!m->failed && (value = cmd_next (m->c, "conf", &iter)))
        if (!conf || add_conf_value (conf, value, &error) < 0)
            maker_bad (m, "--conf: %s", error.text);
    if (!m->failed && iter > 0 && flux_conf_unpack (conf, NULL, "o", &o) == 0) {
        char *text = json_dumps (o, JSON_COMPACT);
        if (!text || jobspec_add_file (m->spec, CONF_FILE, text, strlen (text), 0600) < 0)
            maker_bad (m, "--conf: %s", strerror (errno));
        free (text);
    }
    flux_conf_decref (conf);
}

int submit_spec_nest (struct submit_spec *spec, const struct cmd *c, flux_error_t *errp)
{
    struct maker m = {.c = c, .errp = errp};
    char **opts = broker_opts (c);

    if (opts && c->argc == 0 && cmd_has (c, "bg")) { // no initial program: it runs until shutdown
        int n = 0;
        while (opts[n])
            n++;
        opts[n] = strdup ("-Sbroker.rc2_none=1");
    }
    maker_request (&m, c->argv, c->argc);
    make_nest_request (&m);
    if (!m.failed && !(m.spec = jobspec_build_nest (&m.req, opts, errp)))
        m.failed = true;
    if (!m.failed) {
        apply_conf (&m);
        maker_apply_common (&m, false);
    }
    free_words (opts);
    return maker_finish (&m, spec);
}

int submit_spec_batch (struct submit_spec *spec, const struct cmd *c, const char *name,
                       const char *script, size_t len, flux_error_t *errp)
{
    struct maker m = {.c = c, .errp = errp};
    char **opts = broker_opts (c);
    bool wrap = cmd_has (c, "wrap");

    maker_request (&m, c->argv + (c->argc > 0 && !wrap), c->argc > 0 && !wrap ? c->argc - 1 : 0);
    make_nest_request (&m);
    if (!m.failed && !(m.spec = jobspec_build_batch (&m.req, opts, name, script, len, errp)))
        m.failed = true;
    if (!m.failed && !cmd_has (c, "output"))
        if (jobspec_set_io (m.spec, "stdout", "flux-{{id}}.out") < 0)
            maker_bad (&m, "out of memory");
    if (!m.failed) {
        apply_conf (&m);
        maker_apply_common (&m, true);
    }
    free_words (opts);
    return maker_finish (&m, spec);
}
