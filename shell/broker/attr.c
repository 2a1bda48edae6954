/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Broker attributes, see attr.h. */

#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <uthash.h>

#include <flux/request.h>

#include "lib/util/fsd.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/router.h"

enum {
    IMMUTABLE = 1, // a client may cache it; it looks for this very bit in a response
    READONLY = 2,  // the broker sets it, nobody else
    RUNTIME = 4,   // may change while the broker runs
};

struct known {
    const char *name; // a glob
    int flags;
};

static const struct known known_attrs[] = {
    {"rank", READONLY | IMMUTABLE},
    {"size", READONLY | IMMUTABLE},
    {"version", READONLY},
    {"rundir", 0},
    {"rundir-cleanup", IMMUTABLE},
    {"statedir", 0},
    {"statedir-cleanup", IMMUTABLE},
    {"security.owner", READONLY | IMMUTABLE},
    {"local-uri", IMMUTABLE},
    {"parent-uri", READONLY | IMMUTABLE},
    {"instance-level", READONLY | IMMUTABLE},
    {"jobid", READONLY | IMMUTABLE},
    {"jobid-path", READONLY | IMMUTABLE},
    {"parent-kvs-namespace", READONLY | IMMUTABLE},
    {"hostlist", IMMUTABLE},
    {"hostname", IMMUTABLE},
    {"broker.mapping", READONLY | IMMUTABLE},
    {"broker.critical-ranks", IMMUTABLE},
    {"broker.boot-method", READONLY | IMMUTABLE},
    {"broker.pid", READONLY | IMMUTABLE},
    {"broker.quorum", IMMUTABLE},
    {"broker.quorum-timeout", IMMUTABLE},
    {"broker.quorum-warn", IMMUTABLE},
    {"broker.shutdown-timeout", IMMUTABLE},
    {"broker.shutdown-warn", IMMUTABLE},
    {"broker.cleanup-timeout", 0},
    {"broker.rc1_path", 0},
    {"broker.rc3_path", 0},
    {"broker.rc2_none", 0},
    {"broker.starttime", READONLY | IMMUTABLE},
    {"broker.state", READONLY},
    {"broker.version", READONLY | IMMUTABLE},
    {"broker.recovery-mode", 0},
    {"broker.wrap", IMMUTABLE},
    {"slurm.grow", IMMUTABLE},
    {"slurm.poll", IMMUTABLE},
    {"broker.uuid", READONLY | IMMUTABLE},
    {"conf.shell_pluginpath", IMMUTABLE},
    {"config.path", IMMUTABLE},
    {"tbon.topo", 0},
    {"tbon.descendants", READONLY},
    {"tbon.level", READONLY},
    {"tbon.maxlevel", READONLY},
    {"tbon.endpoint", READONLY},
    {"tbon.parent-endpoint", READONLY},
    {"tbon.prefertcp", 0},
    {"tbon.interface-hint", RUNTIME | IMMUTABLE},
    {"tbon.torpid_min", 0},
    {"tbon.torpid_max", 0},
    {"tbon.tcp_user_timeout", 0},
    {"tbon.connect_timeout", 0},
    {"tbon.zmq_io_threads", 0},
    {"tbon.zmqdebug", 0},
    {"tbon.child_rcvhwm", 0},
    {"log-ring-size", IMMUTABLE},
    {"log-forward-level", IMMUTABLE},
    {"log-critical-level", IMMUTABLE},
    {"log-filename", 0},
    {"log-syslog-enable", IMMUTABLE},
    {"log-syslog-level", IMMUTABLE},
    {"log-stderr-mode", IMMUTABLE},
    {"log-stderr-level", RUNTIME},
    {"log-level", IMMUTABLE},
    {"heartbeat.period", IMMUTABLE},
    {"content.hash", IMMUTABLE},
    {"content.backing-path", READONLY | IMMUTABLE},
    {"content.dump", RUNTIME},
    {"content.restore", RUNTIME},
    {"resource.path", IMMUTABLE},
    {"sched.queue-policy", IMMUTABLE},
    {"sched.queue-depth", IMMUTABLE},
    {"sched.reservation-depth", IMMUTABLE},
    {"sched.match-policy", IMMUTABLE},
    {"slurm.*", READONLY},
    {"test.*", RUNTIME},
    {"test-nr.*", 0},
    {"test-ro.*", READONLY},
    {"test-im.*", IMMUTABLE},
    {"vendor.*", RUNTIME | IMMUTABLE},
};

/* What an attribute is when it was not set. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"broker.quorum-timeout", "2m"},
    {"broker.quorum-warn", "60s"},
    {"broker.shutdown-timeout", "20s"},
    {"broker.shutdown-warn", "60s"},
    {"broker.cleanup-timeout", "20s"},
    {"tbon.prefertcp", "0"},
    {"tbon.interface-hint", "default-route"},
    {"tbon.torpid_min", "5s"},
    {"tbon.torpid_max", "30s"},
    {"tbon.tcp_user_timeout", "20s"},
    {"tbon.connect_timeout", "30s"},
    {"tbon.zmq_io_threads", "1"},
    {"tbon.zmqdebug", "0"},
    {"tbon.child_rcvhwm", "0"},
    {"log-ring-size", "1024"},
    {"log-forward-level", "3"},
    {"log-critical-level", "2"},
    {"log-syslog-enable", "0"},
    {"log-syslog-level", "2"},
    {"log-stderr-mode", "leader"},
    {"log-stderr-level", "3"},
    {"log-level", "7"},
    {"heartbeat.period", "2s"},
};

static const char *default_of (const char *name)
{
    for (size_t i = 0; i < sizeof (defaults) / sizeof (defaults[0]); i++) {
        if (strcmp (defaults[i].name, name) == 0)
            return defaults[i].value;
    }
    return NULL;
}

struct attr {
    char *name;
    char *value;
    UT_hash_handle hh;
};

struct attrs {
    struct attr *table;
};

static const struct known *known_lookup (const char *name)
{
    for (size_t i = 0; i < sizeof (known_attrs) / sizeof (known_attrs[0]); i++) {
        if (fnmatch (known_attrs[i].name, name, 0) == 0)
            return &known_attrs[i];
    }
    return NULL;
}

static void attr_free (struct attr *attr)
{
    if (attr) {
        free (attr->name);
        free (attr->value);
        free (attr);
    }
}

struct attrs *attrs_create (void)
{
    return calloc (1, sizeof (struct attrs));
}

void attrs_destroy (struct attrs *a)
{
    if (a) {
        int saved_errno = errno;
        struct attr *attr, *tmp;
        HASH_ITER (hh, a->table, attr, tmp)
        {
            HASH_DEL (a->table, attr);
            attr_free (attr);
        }
        free (a);
        errno = saved_errno;
    }
}

const char *attr_get (const struct attrs *a, const char *name)
{
    struct attr *attr;

    HASH_FIND_STR (a->table, name, attr);
    if (attr)
        return attr->value;
    const char *value = default_of (name);
    if (!value)
        errno = ENOENT;
    return value;
}

bool attr_is_set (const struct attrs *a, const char *name)
{
    struct attr *attr;

    HASH_FIND_STR (a->table, name, attr);
    return attr != NULL;
}

static int attr_add (struct attrs *a, const char *name, const char *value)
{
    struct attr *attr = calloc (1, sizeof (*attr));

    if (!attr || !(attr->name = strdup (name)) || !(attr->value = strdup (value))) {
        attr_free (attr);
        errno = ENOMEM;
        return -1;
    }
    HASH_ADD_KEYPTR (hh, a->table, attr->name, strlen (attr->name), attr);
    return 0;
}

int attr_set (struct attrs *a, const char *name, const char *value)
{
    struct attr *attr;

    if (!name || !*name) {
        errno = EINVAL;
        return -1;
    }
    HASH_FIND_STR (a->table, name, attr);
    if (!attr)
        return value ? attr_add (a, name, value) : 0;
    if (!value) {
        HASH_DEL (a->table, attr);
        attr_free (attr);
        return 0;
    }
    char *copy = strdup (value);
    if (!copy)
        return -1;
    free (attr->value);
    attr->value = copy;
    return 0;
}

int attr_set_uint (struct attrs *a, const char *name, uint64_t value)
{
    char buf[32];

    snprintf (buf, sizeof (buf), "%" PRIu64, value);
    return attr_set (a, name, buf);
}

static int check_value (const char *name, const char *value, flux_error_t *errp)
{
    char *end;
    long n;

    if (fnmatch ("log-*level", name, 0) != 0)
        return 0;
    n = strtol (value, &end, 10);
    if (end != value && !*end && n >= INT_MIN && n <= LOG_DEBUG)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "%s is not a severity of 0 to 7, nor negative for none", value);
}

int attr_set_cmdline (struct attrs *a, const char *assignment, flux_error_t *errp)
{
    const char *eq = strchr (assignment, '=');
    const char *value = eq ? eq + 1 : "1";
    flux_error_t error;
    int rc = -1;
    char *name = eq ? strndup (assignment, eq - assignment) : strdup (assignment);

    if (!name)
        return errprintf (errp, "out of memory");
    const struct known *known = known_lookup (name);
    if (!known) {
        errno = EINVAL;
        errprintf (errp, "%s: there is no such broker attribute", name);
    } else if ((known->flags & READONLY)) {
        errno = EINVAL;
        errprintf (errp, "%s: this broker attribute cannot be set", name);
    } else if (check_value (name, value, &error) < 0) {
        errprintf (errp, "%s: %s", name, error.text);
    } else if ((rc = attr_set (a, name, value)) < 0) {
        errprintf (errp, "%s: %s", name, strerror (errno));
    }
    free (name);
    return rc;
}

int attr_get_uint32 (const struct attrs *a, const char *name, uint32_t *value, flux_error_t *errp)
{
    const char *s = attr_get (a, name);
    char *end;

    if (!s)
        return 0;
    errno = 0;
    unsigned long n = strtoul (s, &end, 10);
    if (errno || end == s || *end || *s == '-' || n > UINT32_MAX) {
        errno = EINVAL;
        return errprintf (errp, "%s=%s: not a whole number of 0 or more", name, s);
    }
    *value = n;
    return 0;
}

int attr_get_duration (const struct attrs *a, const char *name, double *value, flux_error_t *errp)
{
    const char *s = attr_get (a, name);

    if (!s)
        return 0;
    if (strcmp (s, "none") == 0) {
        *value = -1;
        return 0;
    }
    if (fsd_parse_duration (s, value) < 0) {
        errno = EINVAL;
        return errprintf (errp, "%s=%s: not a duration such as 30s, 5m or 1h", name, s);
    }
    return 0;
}

static void get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct attrs *a = arg;
    const char *name, *value;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0 ||
        !(value = attr_get (a, name))) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    const struct known *known = known_lookup (name);
    router_respond_pack (rt, msg, "{s:s s:i}", "value", value, "flags",
                         known ? known->flags & IMMUTABLE : 0);
}

static void set_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct attrs *a = arg;
    const char *name, *value;
    flux_error_t error;
    int force = 0;

    if (flux_request_unpack (msg, NULL, "{s:s s:s s?b}", "name", &name, "value", &value, "force",
                             &force) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    const struct known *known = known_lookup (name);
    if (!known) {
        router_respond_error (rt, msg, ENOENT, "unknown attribute");
        return;
    }
    if (!force && attr_get (a, name) && !(known->flags & RUNTIME)) {
        router_respond_error (rt, msg, EINVAL, "attribute may not be updated");
        return;
    }
    if (check_value (name, value, &error) < 0) {
        router_respond_error (rt, msg, errno, error.text);
        return;
    }
    if (attr_set (a, name, value) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

static void rm_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct attrs *a = arg;
    const char *name;

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    const struct known *known = known_lookup (name);
    if (known && (known->flags & (READONLY | IMMUTABLE)))
        router_respond_error (rt, msg, EPERM, "attribute may not be removed");
    else if (attr_set (a, name, NULL) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

static void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct attrs *a = arg;
    struct attr *attr, *tmp;
    json_t *names = json_array ();

    HASH_ITER (hh, a->table, attr, tmp)
    json_array_append_new (names, json_string (attr->name));
    for (size_t i = 0; i < sizeof (defaults) / sizeof (defaults[0]); i++)
        if (!attr_is_set (a, defaults[i].name))
            json_array_append_new (names, json_string (defaults[i].name));
    router_respond_pack (rt, msg, "{s:o}", "names", names);
}

static const struct handler_row rows[] = {
    {"get", get_cb, FLUX_ROLE_ALL},
    {"list", list_cb, FLUX_ROLE_ALL},
    {"set", set_cb, FLUX_ROLE_OWNER},
    {"rm", rm_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

int attr_service_add (struct attrs *a, struct router *rt)
{
    return router_service_add (rt, "attr", rows, a);
}
