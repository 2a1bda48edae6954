/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An example of a broker module: a service that greets, counts whom it greeted, and tells the
 * others of it by an event.
 *
 *     cc -shared -fPIC -o hello.so hello.c $(pkg-config --cflags flux-slurm)
 *     flux module load ./hello.so greeting=Hallo
 *     flux module list
 *     flux module stats hello
 *     flux module remove hello
 *
 * On all brokers of the instance: flux exec -r all flux module load $PWD/hello.so. Without the
 * slash, `flux module load hello` looks into the folders of FLUX_MODULE_PATH.
 *
 * A module needs no -lflux-slurm: the program that loads it has the library. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>

struct hello {
    const char *greeting;
    int count;
};

/* hello.greet {"name":s} -> {"text":s, "count":i} */
static void greet_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct hello *hello = arg;
    const char *name;
    char text[256];

    if (flux_request_unpack (msg, NULL, "{s:s}", "name", &name) < 0) {
        flux_respond_error (h, msg, errno, NULL);
        return;
    }
    hello->count++;
    snprintf (text, sizeof (text), "%s, %s!", hello->greeting, name);
    flux_respond_pack (h, msg, "{s:s s:i}", "text", text, "count", hello->count);
    flux_future_destroy (flux_event_publish_pack (h, "hello.greeted", 0, "{s:s}", "name", name));
    if (flux_module_debug_test (h, 1, false)) // flux module debug --setbit=1 hello
        flux_log (h, LOG_INFO, "greeted %s", name);
}

/* Takes the place of the counters of messages that every module tells. */
static void stats_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    struct hello *hello = arg;

    flux_respond_pack (h, msg, "{s:i}", "greeted", hello->count);
}

/* The service's name is put in front: it may have been loaded under another one. */
static const struct flux_msg_handler_spec handlers[] = {
    {FLUX_MSGTYPE_REQUEST, "greet", greet_cb, FLUX_ROLE_USER},
    {FLUX_MSGTYPE_REQUEST, "stats-get", stats_cb, FLUX_ROLE_USER},
    FLUX_MSGHANDLER_TABLE_END,
};

/* argv[0] is the first argument. To return -1 before the reactor runs lets the load fail. */
static int parse_args (struct hello *hello, flux_t *h, int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (strncmp (argv[i], "greeting=", 9) == 0) {
            hello->greeting = argv[i] + 9;
        } else {
            flux_log (h, LOG_ERR, "unknown argument: %s", argv[i]);
            errno = EINVAL;
            return -1;
        }
    }
    return 0;
}

FLUX_EXPORT int mod_main (flux_t *h, int argc, char **argv);

int mod_main (flux_t *h, int argc, char **argv)
{
    struct hello hello = {.greeting = "Hello"};
    flux_msg_handler_t **mh;
    int rc;

    if (parse_args (&hello, h, argc, argv) < 0 ||
        flux_msg_handler_addvec_ex (h, flux_aux_get (h, "flux::name"), handlers, &hello, &mh) < 0)
        return -1;
    rc = flux_reactor_run (flux_get_reactor (h), 0); // until NAME.shutdown
    flux_msg_handler_delvec (mh);
    return rc < 0 ? -1 : 0;
}
