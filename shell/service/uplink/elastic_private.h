/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the service share: elastic.c has the requests, elastic_grow.c and
 * elastic_shrink.c the steps. Functions that end the change answer its request. */

#ifndef FLUX_SERVICE_UPLINK_ELASTIC_PRIVATE_H
#define FLUX_SERVICE_UPLINK_ELASTIC_PRIVATE_H

#include <ev.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/future.h>
#include <flux/message.h>
#include <flux/types.h>

#include "lib/job/rv1.h"
#include "shell/broker/router.h"
#include "shell/service/resource/resource.h"
#include "shell/service/uplink/choose.h"
#include "shell/service/uplink/elastic.h"
#include "shell/service/uplink/recruit.h"
#include "shell/service/uplink/uplink.h"

enum phase {
    PHASE_NONE,
    PHASE_ASKED, // the instance above is to answer
    PHASE_RANKS, // rank 0 makes room for more ranks
    PHASE_WAITS, // for brokers to come, or to leave
};

/* A broker that is told to leave. One that has others below it will not: it is told again when
 * those have left, if they are to. */
struct leave {
    struct elastic *e;
    uint32_t rank;
    uint32_t matchtag; // 0: nothing is under way
    bool refused;
};

struct elastic {
    struct router *rt;
    struct uplink *up;
    struct resource *resource;
    struct sched *sched;
    const struct attrs *attrs;
    struct recruits *recruits;
    /* The change under way */
    enum phase phase;
    bool growing;
    const flux_msg_t *msg;
    flux_future_t *f;
    uint32_t matchtag;
    json_t *R;            // to come, as the instance above says it; or what there was
    struct rv1 *less;     // what is given back
    struct idset *waits;  // ranks to come or to leave
    struct leave *leaves; // what ranks are told, one after the other
    size_t nleaves;
    size_t gone;          // of them, when those that refused were told last
    flux_error_t failure; // why what was got is given back
    ev_timer timer;
};

/* elastic.c */
void elastic_fail (struct elastic *e, int errnum, const char *why);
void elastic_succeed (struct elastic *e);
void elastic_start_timer (struct elastic *e, double seconds);
/* Ask the instance above; takes payload. */
int elastic_ask (struct elastic *e, const char *topic, json_t *payload,
                 void (*cb) (flux_future_t *f, void *arg));
/* The instance's R without `less`; and undo it. */
int elastic_drop (struct elastic *e, const struct rv1 *less, flux_error_t *errp);
void elastic_take_again (struct elastic *e);
/* Let the instance above have e->less: the last step. */
void elastic_give_back (struct elastic *e);

/* elastic_grow.c: more was granted; are the new ranks there; they do not come. */
void elastic_got_more (flux_future_t *f, void *arg);
void elastic_check_come (struct elastic *e);
void elastic_give_up (struct elastic *e, const char *why);

/* elastic_shrink.c: what is to go, into e->less; it may; have its ranks left. */
int elastic_choose (struct elastic *e, const char *targets, struct choose_wish *wish,
                    flux_error_t *errp);
void elastic_allowed (flux_future_t *f, void *arg);
void elastic_check_left (struct elastic *e);

#endif /* !FLUX_SERVICE_UPLINK_ELASTIC_PRIVATE_H */
