/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "shell/broker/conf_service.h"
#include "shell/broker/router.h"
#include "shell/service/module/modconf.h"

struct modconf {
    struct router *rt;
    struct conf_service *conf;
    modconf_names_f names_of;
    void *names_arg;
    /* the round under way */
    char *json;
    json_t *names;
    size_t index; // whose turn it is
    uint32_t matchtag;
};

static const char *name_at (const struct modconf *mc, size_t i)
{
    return json_string_value (json_array_get (mc->names, i));
}

static void end_round (struct modconf *mc, int errnum, const char *errtext)
{
    json_decref (mc->names);
    free (mc->json);
    mc->names = NULL;
    mc->json = NULL;
    mc->matchtag = 0;
    conf_service_stage_done (mc->conf, errnum, errtext);
}

static void give_back_old (struct modconf *mc)
{
    char topic[128];
    char *old = json_dumps (conf_service_get (mc->conf), JSON_COMPACT);

    for (size_t i = 0; old && i < mc->index; i++) {
        snprintf (topic, sizeof (topic), "%s.config-reload", name_at (mc, i));
        router_rpc (mc->rt, topic, FLUX_NODEID_ANY, FLUX_RPC_NORESPONSE, old, NULL, NULL);
    }
    free (old);
}

static void ask_next (struct modconf *mc);

/* A module that ended meanwhile, or that is not interested, does not refuse. */
static void answer_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct modconf *mc = arg;
    const char *why = NULL;
    char text[256];

    if (flux_response_decode (msg, NULL, NULL) == 0 || errno == ENOSYS || errno == EHOSTUNREACH) {
        mc->index++;
        ask_next (mc);
        return;
    }
    int errnum = errno;
    if (flux_response_decode_error (msg, &why) < 0)
        why = strerror (errnum);
    snprintf (text, sizeof (text), "module %s refused it: %s", name_at (mc, mc->index), why);
    give_back_old (mc);
    end_round (mc, errnum, text);
}

static void ask_next (struct modconf *mc)
{
    const char *name = name_at (mc, mc->index);
    char topic[128];

    if (!name) {
        end_round (mc, 0, NULL);
        return;
    }
    snprintf (topic, sizeof (topic), "%s.config-reload", name);
    mc->matchtag = router_rpc (mc->rt, topic, FLUX_NODEID_ANY, 0, mc->json, answer_cb, mc);
    if (mc->matchtag == 0)
        end_round (mc, errno, NULL);
}

static void begin (const char *json, void *arg)
{
    struct modconf *mc = arg;

    if (mc->matchtag > 0) // the parent's next one overtakes
        router_rpc_forget (mc->rt, mc->matchtag);
    json_decref (mc->names);
    free (mc->json);
    mc->index = 0;
    mc->names = mc->names_of (mc->names_arg);
    if (!(mc->json = strdup (json)) || !mc->names)
        end_round (mc, ENOMEM, NULL);
    else
        ask_next (mc);
}

struct modconf *modconf_create (struct router *rt, struct conf_service *conf, modconf_names_f names,
                                void *arg)
{
    struct modconf *mc = calloc (1, sizeof (*mc));

    if (mc) {
        *mc = (struct modconf){.rt = rt, .conf = conf, .names_of = names, .names_arg = arg};
        conf_service_set_stage (conf, begin, mc);
    }
    return mc;
}

void modconf_destroy (struct modconf *mc)
{
    if (mc) {
        if (mc->matchtag > 0)
            router_rpc_forget (mc->rt, mc->matchtag);
        conf_service_set_stage (mc->conf, NULL, NULL);
        json_decref (mc->names);
        free (mc->json);
        free (mc);
    }
}
