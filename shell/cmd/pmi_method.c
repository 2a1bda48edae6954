/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pmi/client.h"
#include "lib/util/base64.h"
#include "lib/util/errprintf.h"
#include "shell/cmd/pmi_method.h"

#define CRAY_SYMBOL "PMI_CRAY_Get_app_size"

/* What is taken from a libpmi.so or libpmi2.so. */
struct pmi_library {
    void *dso;
    int (*init1) (int *spawned);
    int (*init2) (int *spawned, int *size, int *rank, int *appnum);
    int (*get_rank) (int *rank);
    int (*get_size) (int *size);
    int (*get_name) (char *name, int length);
    int (*put1) (const char *name, const char *key, const char *value);
    int (*put2) (const char *key, const char *value);
    int (*get1) (const char *name, const char *key, char *value, int length);
    int (*get2) (const char *jobid, int from, const char *key, char *value, int max, int *len);
    int (*commit) (const char *name);
    int (*barrier) (void);
    int (*finalize) (void);
    int (*abort) (int code, const char *text);
};

struct pmi_method {
    const char *name;
    bool verbose;
    bool cray;   // a libpmi2 that takes no value as it is
    int version; // of the library; 0: the wire protocol
    int rank, size;
    char kvsname[256];
    struct pmi_task task;
    struct pmi_library lib;
};

static int trace (const struct pmi_method *m, const char *what, const char *key, int rc)
{
    if (m->verbose)
        fprintf (stderr, "%s: %s%s%s: %s\n", m->name, what, key ? " " : "", key ? key : "",
                 rc == 0 ? "success" : "operation failed");
    return rc;
}

/* ---- wire protocol ---- */

static int wire_open (struct pmi_method *m, bool single, flux_error_t *errp)
{
    if (single)
        unsetenv ("PMI_FD");
    else if (!getenv ("PMI_FD"))
        return errprintf (errp, "PMI_FD is not set");
    if (pmi_task_init (&m->task) < 0)
        return errprintf (errp, "the PMI server does not answer");
    m->rank = m->task.rank;
    m->size = m->task.size;
    return 0;
}

/* ---- libraries ---- */

struct symbol {
    const char *name;
    void **where;
};

static int load_symbols (struct pmi_library *lib, const struct symbol *table, flux_error_t *errp)
{
    for (; table->name; table++) {
        if (!(*table->where = dlsym (lib->dso, table->name)))
            return errprintf (errp, "there is no %s in it", table->name);
    }
    return 0;
}

static int load1 (struct pmi_method *m, flux_error_t *errp)
{
    struct pmi_library *l = &m->lib;
    const struct symbol table[] = {
        {"PMI_Init", (void **)&l->init1},
        {"PMI_Get_rank", (void **)&l->get_rank},
        {"PMI_Get_size", (void **)&l->get_size},
        {"PMI_KVS_Get_my_name", (void **)&l->get_name},
        {"PMI_KVS_Put", (void **)&l->put1},
        {"PMI_KVS_Get", (void **)&l->get1},
        {"PMI_KVS_Commit", (void **)&l->commit},
        {"PMI_Barrier", (void **)&l->barrier},
        {"PMI_Finalize", (void **)&l->finalize},
        {"PMI_Abort", (void **)&l->abort},
        {NULL, NULL},
    };
    int spawned;

    if (load_symbols (l, table, errp) < 0)
        return -1;
    if (l->init1 (&spawned) || l->get_rank (&m->rank) || l->get_size (&m->size) ||
        l->get_name (m->kvsname, sizeof (m->kvsname)))
        return errprintf (errp, "PMI_Init failed");
    return 0;
}

static int load2 (struct pmi_method *m, flux_error_t *errp)
{
    struct pmi_library *l = &m->lib;
    const struct symbol table[] = {
        {"PMI2_Init", (void **)&l->init2},        {"PMI2_Job_GetId", (void **)&l->get_name},
        {"PMI2_KVS_Put", (void **)&l->put2},      {"PMI2_KVS_Get", (void **)&l->get2},
        {"PMI2_KVS_Fence", (void **)&l->barrier}, {"PMI2_Finalize", (void **)&l->finalize},
        {"PMI2_Abort", (void **)&l->abort},       {NULL, NULL},
    };
    int spawned, appnum;

    if (load_symbols (l, table, errp) < 0)
        return -1;
    if (l->init2 (&spawned, &m->size, &m->rank, &appnum) ||
        l->get_name (m->kvsname, sizeof (m->kvsname)))
        return errprintf (errp, "PMI2_Init failed");
    return 0;
}

static int library_open (struct pmi_method *m, int version, const char *path, int flags,
                         flux_error_t *errp)
{
    if (!path)
        path = version == 1 ? "libpmi.so" : "libpmi2.so";
    if (!(m->lib.dso = dlopen (path, RTLD_NOW | RTLD_LOCAL)))
        return errprintf (errp, "%s", dlerror ());
    if ((flags & PMI_METHOD_NOFLUX) &&
        (dlsym (m->lib.dso, "flux_pmi_library") || strstr (path, "slurm-flux/")))
        return errprintf (errp, "%s is the one of Flux", path);
    m->version = version;
    m->cray = version == 2 && ((flags & PMI_METHOD_CRAY) || dlsym (m->lib.dso, CRAY_SYMBOL));
    return version == 1 ? load1 (m, errp) : load2 (m, errp);
}

/* ---- all of them ---- */

static int method_try (struct pmi_method *m, const char *name, const char *path, int flags,
                       flux_error_t *errp)
{
    int rc = -1;

    m->name = name;
    if (!strcmp (name, "simple"))
        rc = wire_open (m, false, errp);
    else if (!strcmp (name, "single"))
        rc = wire_open (m, true, errp);
    else if (!strcmp (name, "libpmi"))
        rc = library_open (m, 1, path, flags, errp);
    else if (!strcmp (name, "libpmi2"))
        rc = library_open (m, 2, path, flags, errp);
    else
        errprintf (errp, "not a method of PMI");
    return trace (m, "initialize", NULL, rc);
}

static int try_all (struct pmi_method *m, int flags, flux_error_t *errp)
{
    static const char *const names[] = {"simple", "libpmi2", "libpmi", "single"};
    bool launched = getenv ("PMI_RANK") || getenv ("PMI_SIZE") || getenv ("SLURM_PROCID");

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        if (!strncmp (names[i], "lib", 3) && !launched)
            continue; // a library would find nobody to talk to
        if (method_try (m, names[i], NULL, flags, errp) == 0)
            return 0;
    }
    return -1;
}

struct pmi_method *pmi_method_open (const char *uri, int flags, flux_error_t *errp)
{
    struct pmi_method *m = calloc (1, sizeof (*m));
    flux_error_t error = {""};
    char name[16];
    int rc = -1;

    if (m) {
        m->verbose = flags & PMI_METHOD_VERBOSE;
        if (!uri) {
            rc = try_all (m, flags, &error);
        } else {
            const char *path = strchr (uri, ':');
            snprintf (name, sizeof (name), "%.*s", (int)strcspn (uri, ":"), uri);
            static const char *const known[] = {"simple", "single", "libpmi", "libpmi2"};
            m->name = uri;
            errprintf (&error, "not a method of PMI");
            for (size_t i = 0; i < 4; i++) {
                if (!strcmp (known[i], name))
                    rc = method_try (m, known[i], path && path[1] ? path + 1 : NULL, flags, &error);
            }
        }
    }
    if (rc < 0) {
        errprintf (errp, "%s: %s", uri ? uri : "PMI", error.text);
        free (m);
        return NULL;
    }
    return m;
}

void pmi_method_close (struct pmi_method *m)
{
    trace (m, "finalize", NULL, m->version ? m->lib.finalize () : pmi_task_finalize (&m->task));
    free (m);
}

int pmi_method_rank (const struct pmi_method *m)
{
    return m->rank;
}

int pmi_method_size (const struct pmi_method *m)
{
    return m->size;
}

/* Cray's library takes no blanks and the like in values, and waits for ever for keys that nobody
 * has put. */
static int cray_put (struct pmi_method *m, const char *key, const char *value)
{
    char *text = base64_encode_alloc (value, strlen (value));
    int rc = text ? m->lib.put2 (key, text) : -1;

    free (text);
    return rc;
}

static int cray_get (struct pmi_method *m, const char *key, int from,
                     char value[PMI_METHOD_VALUE_MAX])
{
    char text[BASE64_ENCODED_LENGTH (PMI_METHOD_VALUE_MAX) + 1];
    size_t size;
    int len;

    if (!strncmp (key, "flux.", 5) ||
        m->lib.get2 (m->kvsname, from, key, text, sizeof (text), &len))
        return -1;
    char *plain = base64_decode_alloc (text, strlen (text), &size);
    if (!plain || size >= PMI_METHOD_VALUE_MAX) {
        free (plain);
        return -1;
    }
    memcpy (value, plain, size + 1);
    free (plain);
    return 0;
}

int pmi_method_put (struct pmi_method *m, const char *key, const char *value)
{
    int rc;

    if (m->cray)
        rc = cray_put (m, key, value);
    else if (m->version == 2)
        rc = m->lib.put2 (key, value);
    else if (m->version == 1)
        rc = m->lib.put1 (m->kvsname, key, value) || m->lib.commit (m->kvsname);
    else
        rc = pmi_task_put (&m->task, key, value);
    return trace (m, "put", key, rc ? -1 : 0);
}

int pmi_method_get (struct pmi_method *m, const char *key, int from,
                    char value[PMI_METHOD_VALUE_MAX])
{
    int rc, len;

    if (m->cray)
        rc = cray_get (m, key, from, value);
    else if (m->version == 2)
        rc = m->lib.get2 (m->kvsname, from, key, value, PMI_METHOD_VALUE_MAX, &len);
    else if (m->version == 1)
        rc = m->lib.get1 (m->kvsname, key, value, PMI_METHOD_VALUE_MAX);
    else
        rc = pmi_task_get (&m->task, key, value, PMI_METHOD_VALUE_MAX);
    return trace (m, "get", key, rc ? -1 : 0);
}

int pmi_method_barrier (struct pmi_method *m)
{
    int rc = m->version ? m->lib.barrier () : pmi_task_barrier (&m->task);

    return trace (m, "barrier", NULL, rc ? -1 : 0);
}

void pmi_method_abort (struct pmi_method *m, const char *text)
{
    if (m->version)
        m->lib.abort (1, text);
    else
        pmi_task_abort (&m->task, 1, text);
}
