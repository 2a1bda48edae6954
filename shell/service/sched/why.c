/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Why a job can never run, see why.h. */

#include "shell/service/sched/ranks.h"
#include "shell/service/sched/why.h"

/* Nodes that meet the constraint. */
struct supply {
    uint64_t nodes, cores, gpus;
    uint64_t most_cores, most_gpus; // of one node
};

static struct supply count (struct inventory *inv, const struct constraint *constraint)
{
    const struct rv1 *R = inventory_R (inv);
    const struct graph *g = inventory_graph (inv);
    struct supply s = {0};

    for (size_t i = 0; R && i < R->nnodes; i++) {
        uint32_t v = ranks_node (g, R->node[i].rank);
        uint64_t cores = idset_count (rv1_node_cores (&R->node[i]));
        uint64_t gpus = idset_count (rv1_node_gpus (&R->node[i]));
        if (v == GRAPH_NONE || !constraint_match (constraint, g, v))
            continue;
        s.nodes++;
        s.cores += cores;
        s.gpus += gpus;
        s.most_cores = cores > s.most_cores ? cores : s.most_cores;
        s.most_gpus = gpus > s.most_gpus ? gpus : s.most_gpus;
    }
    return s;
}

static const char *plural (uint64_t n)
{
    return n == 1 ? "" : "s";
}

static bool too_many (struct buf *b, uint64_t want, uint64_t have, const char *what,
                      const char *where)
{
    if (want <= have)
        return false;
    buf_printf (b, "it asks for %llu %s%s%s", (unsigned long long)want, what, plural (want), where);
    if (have == 0)
        buf_puts (b, ", and there is none");
    else
        buf_printf (b, ", and there %s %llu", have == 1 ? "is" : "are", (unsigned long long)have);
    return true;
}

/* What the facts say: [node ->] slot -> core [, gpu]. */
static void blame_facts (const struct supply *s, const struct job_facts *f, struct buf *b)
{
    uint64_t slots = f->nslots ? f->nslots : 1, cores = f->cores, gpus = f->gpus;
    const char *where = f->nnodes > 0 ? " on each node" : " in a slot, which is on one node";

    if (too_many (b, f->nnodes, s->nodes, "node", ""))
        return;
    if (f->nnodes > 0) {
        cores *= slots;
        gpus *= slots;
    }
    if (too_many (b, cores, s->most_cores, "core", where) ||
        too_many (b, gpus, s->most_gpus, "GPU", where) || f->nnodes > 0)
        return;
    if (!too_many (b, slots * cores, s->cores, "core", " in all"))
        too_many (b, slots * gpus, s->gpus, "GPU", " in all");
}

static void blame_types (const struct graph *g, const struct request *req, struct buf *b)
{
    for (uint32_t i = 0; i < request_count (req); i++) {
        const struct request_resource *r = request_resource_at (req, i);
        const uint32_t *v;
        if (r->kind == REQUEST_RESOURCE && graph_find_type (g, r->type, &v) == 0) {
            buf_printf (b, "there is nothing of type %s", r->type);
            return;
        }
    }
}

void why_never (struct inventory *inv, const struct job *job, const struct request *req,
                struct buf *b)
{
    struct supply s = count (inv, req->constraint);

    if (req->constraint && s.nodes == 0) {
        buf_puts (b, "no node meets its constraint");
        return;
    }
    if (job->live && job->live->request)
        blame_types (inventory_graph (inv), req, b);
    else
        blame_facts (&s, &job->facts, b);
    if (b->len > 0 && req->constraint)
        buf_puts (b, " where its constraint holds");
}
