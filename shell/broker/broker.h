/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The broker as a whole, for those of its files that tie its parts together: main.c makes and ends
 * it, states.c does what is to be done in each state, inputs.c takes what comes from outside. */

#ifndef FLUX_BROKER_BROKER_H
#define FLUX_BROKER_BROKER_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/conf.h>
#include <flux/message.h>

#include "lib/bootstrap/bootstrap.h"
#include "shell/broker/life.h"
#include "shell/broker/net.h"
#include "shell/broker/router.h"

struct broker {
    struct ev_loop *loop;
    struct attrs *attrs;
    struct bootstrap *bootstrap;
    const struct bootstrap_info *info;
    struct rundir *rundir;
    struct statedir *statedir; // rank 0
    struct archive *archive;   // while one is read or written
    struct router *router;
    struct net *net;   // NULL for one broker
    double lone_since; // when that one started
    struct listener *listener;
    struct life *life;
    struct log *log;
    struct heartbeat *heartbeat;
    struct services *services;
    struct program *program;
    char **program_argv;
    struct program *rc; // rc1 or rc3
    ev_timer timer;     // of the present state
    ev_timer slow;      // to tell whom it waits for
    ev_signal sigterm, sigint, sighup, sigusr1, sigusr2;
    bool end_pending; // to end once the brokers below have
    const flux_msg_t *shutdown_request;
    char **conf_values;      // of the command line
    flux_conf_t *given_conf; // until the service has it
    struct conf_service *conf;
    uint32_t quorum, lost; // brokers to wait for; those that left meanwhile
    bool started;          // all services
    bool jobs_ended;
    int program_status; // wait status of the initial program
    int exit_code;      // when something else went wrong
};

/* Say on stderr what is wrong; the exit code will be 1. */
void broker_complain (struct broker *b, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

bool broker_is_leader (const struct broker *b);

/* The timer of a state: a negative time is none. */
void broker_timer_start (struct broker *b, double seconds);

/* After a while, tell in the log which brokers it is that the state waits for. */
void broker_slow_start (struct broker *b, double seconds);

/* states.c */
void broker_enter_state (enum broker_state state, void *arg);
bool broker_children_online (struct broker *b);

/* inputs.c */
extern const struct net_ops broker_net_ops;
extern const struct handler_row broker_shutdown_rows[];
void broker_timer_cb (struct ev_loop *loop, ev_timer *w, int revents);
void broker_slow_cb (struct ev_loop *loop, ev_timer *w, int revents);
void broker_end_signal_cb (struct ev_loop *loop, ev_signal *w, int revents);
void broker_pass_signal_cb (struct ev_loop *loop, ev_signal *w, int revents);

#endif /* !FLUX_BROKER_BROKER_H */
