/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>
#include <flux/msglist.h>

struct node {
    struct node *prev;
    struct node *next;
    const flux_msg_t *msg;
};

struct flux_msglist {
    struct node *head;
    struct node *cursor; // what first/next/last returned
    struct node *resume; // what next returns when the cursor's node was deleted
    int count;
};

struct flux_msglist *flux_msglist_create (void)
{
    return calloc (1, sizeof (struct flux_msglist));
}

static const flux_msg_t *take (struct flux_msglist *l, struct node *n)
{
    const flux_msg_t *msg = n->msg;

    if (l->cursor == n) {
        l->cursor = NULL;
        l->resume = n->next;
    } else if (l->resume == n)
        l->resume = n->next;
    DL_DELETE (l->head, n);
    free (n);
    l->count--;
    return msg;
}

void flux_msglist_destroy (struct flux_msglist *l)
{
    int saved_errno = errno;

    if (l) {
        while (l->head)
            flux_msg_decref (take (l, l->head));
        free (l);
    }
    errno = saved_errno;
}

static struct node *node_create (struct flux_msglist *l, const flux_msg_t *msg)
{
    struct node *n;

    if (!l || !msg) {
        errno = EINVAL;
        return NULL;
    }
    if ((n = calloc (1, sizeof (*n)))) {
        n->msg = flux_msg_incref (msg);
        l->count++;
    }
    return n;
}

int flux_msglist_push (struct flux_msglist *l, const flux_msg_t *msg)
{
    struct node *n = node_create (l, msg);

    if (!n)
        return -1;
    DL_PREPEND (l->head, n);
    return 0;
}

int flux_msglist_append (struct flux_msglist *l, const flux_msg_t *msg)
{
    struct node *n = node_create (l, msg);

    if (!n)
        return -1;
    DL_APPEND (l->head, n);
    return 0;
}

void flux_msglist_delete (struct flux_msglist *l)
{
    if (l && l->cursor)
        flux_msg_decref (take (l, l->cursor));
}

const flux_msg_t *flux_msglist_pop (struct flux_msglist *l)
{
    return l && l->head ? take (l, l->head) : NULL;
}

static const flux_msg_t *move (struct flux_msglist *l, struct node *n)
{
    l->cursor = n;
    l->resume = NULL;
    return n ? n->msg : NULL;
}

const flux_msg_t *flux_msglist_first (struct flux_msglist *l)
{
    return l ? move (l, l->head) : NULL;
}

const flux_msg_t *flux_msglist_next (struct flux_msglist *l)
{
    return l ? move (l, l->cursor ? l->cursor->next : l->resume) : NULL;
}

const flux_msg_t *flux_msglist_last (struct flux_msglist *l)
{
    return l ? move (l, l->head ? l->head->prev : NULL) : NULL;
}

int flux_msglist_count (struct flux_msglist *l)
{
    return l ? l->count : 0;
}
