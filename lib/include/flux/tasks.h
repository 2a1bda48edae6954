/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages between the tasks of a job, or of several jobs of an instance: see flux-tasks(7). Link
 * with -lflux-tasks (pkg-config flux-tasks).
 *
 * A task opens the broker of its node once and joins groups by name. Times are in seconds; each
 * call that waits ends with ETIMEDOUT when its time is up, and below 0 it waits for ever. Calls
 * give 0 or a number, or -1 (NULL) with errno; EHOSTUNREACH is a member or node that was lost,
 * ECONNRESET a lost broker. What comes in is handled in calls of this library only. Not
 * thread-safe: one thread at a time. */

#ifndef FLUX_TASKS_H
#define FLUX_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct flux_tasks flux_tasks_t;
typedef struct flux_group flux_group_t;

/* uri NULL is $FLUX_URI. The task's place comes from the environment of flux-run(1), or of srun(1)
 * with --flux=tasks. */
FLUX_EXPORT flux_tasks_t *flux_tasks_open (const char *uri, flux_error_t *errp);

/* Leaves all groups; their pointers are gone. NULL is fine. */
FLUX_EXPORT void flux_tasks_close (flux_tasks_t *t);

FLUX_EXPORT const char *flux_tasks_job (const flux_tasks_t *t); // id of the job or step, or ""
FLUX_EXPORT int flux_tasks_rank (const flux_tasks_t *t);        // in it; 0 without a job
FLUX_EXPORT int flux_tasks_size (const flux_tasks_t *t);        // tasks in it; 1 without a job
FLUX_EXPORT int flux_tasks_node (const flux_tasks_t *t);        // rank of the broker

/* For event loops: when the fd is readable, call flux_tasks_progress (t, 0). It handles what has
 * come in; with a time it waits for the first of it. 0, or -1 with ETIMEDOUT when nothing came. */
FLUX_EXPORT int flux_tasks_pollfd (flux_tasks_t *t);
FLUX_EXPORT int flux_tasks_progress (flux_tasks_t *t, double timeout);

/* ---- groups ---- */

enum {
    FLUX_GROUP_JOB = 0,      // a name within the task's job
    FLUX_GROUP_INSTANCE = 1, // a name within the instance (and the user)
};

enum {
    FLUX_GROUP_ANY = -1, // a rank: the next free one to join with, any sender to receive from
};

/* A name has no blanks and no ':' and at most 80 characters. A rank that a living member has is
 * EEXIST. Ranks are given in the order of joining and not given again by themselves. errp may be
 * NULL. */
FLUX_EXPORT flux_group_t *flux_group_join (flux_tasks_t *t, const char *name, int flags, int rank,
                                           double timeout, flux_error_t *errp);

/* The others don't wait for us any more. The group's pointer is gone in any case. */
FLUX_EXPORT int flux_group_leave (flux_group_t *g, double timeout);

/* What is known of the group. Members come, leave and die at any time; what these functions say
 * changes in calls that wait or make progress only, and so does the version. */
FLUX_EXPORT int flux_group_rank (const flux_group_t *g);
FLUX_EXPORT int flux_group_size (const flux_group_t *g);           // living members
FLUX_EXPORT int flux_group_next (const flux_group_t *g, int rank); // next member, from -1 on; or -1
FLUX_EXPORT bool flux_group_is_member (const flux_group_t *g, int rank);
FLUX_EXPORT bool flux_group_is_lost (const flux_group_t *g, int rank); // died
FLUX_EXPORT uint32_t flux_group_version (const flux_group_t *g);

/* Wait until there are so many members, or the version is another one than this. */
FLUX_EXPORT int flux_group_wait (flux_group_t *g, int size, double timeout);
FLUX_EXPORT int flux_group_wait_change (flux_group_t *g, uint32_t version, double timeout);

/* ---- messages ---- */

struct flux_group_message {
    int from;
    int tag;
    char *topic; // of what was published
    void *data;  // its end is followed by a NUL that is not counted
    size_t len;
};
FLUX_EXPORT void flux_group_message_clear (struct flux_group_message *m);

/* Send to a member. It returns when the message is on its way; it waits while the receiver has not
 * taken what it was sent before (256 KiB or 64 messages; 8 MiB over a direct link). Messages from
 * one to another arrive once and in order. EMSGSIZE above 64 MiB; ENOENT for a rank that is no
 * member. An error of a message that was on its way is told by the next send to that member, or by
 * flush. */
FLUX_EXPORT int flux_group_send (flux_group_t *g, int to, int tag, const void *data, size_t len,
                                 double timeout);

/* Wait until all that was sent has been taken by its receivers. */
FLUX_EXPORT int flux_group_flush (flux_group_t *g, double timeout);

/* Take the first message from this member, or FLUX_GROUP_ANY, with this tag, or any below 0. The
 * caller clears it. EHOSTUNREACH when that member is lost and nothing of it is left. */
FLUX_EXPORT int flux_group_recv (flux_group_t *g, int from, int tag, struct flux_group_message *m,
                                 double timeout);

/* From how many bytes on messages to other nodes go over a direct link: 64 KiB, or
 * $FLUX_TASKS_DIRECT ("off", or a number). SIZE_MAX is never. */
FLUX_EXPORT void flux_tasks_set_direct (flux_tasks_t *t, size_t bytes);

/* ---- topics ---- */

/* Hear what members publish under topics that begin with prefix, in the same order everywhere. */
FLUX_EXPORT int flux_group_subscribe (flux_group_t *g, const char *prefix, double timeout);
FLUX_EXPORT int flux_group_unsubscribe (flux_group_t *g, const char *prefix, double timeout);

/* Waits only when much is on its way to rank 0. EMSGSIZE above 1 MiB. */
FLUX_EXPORT int flux_group_publish (flux_group_t *g, const char *topic, const void *data,
                                    size_t len, double timeout);

/* Take the next one. EOVERFLOW, once, when messages were dropped because they were not taken: past
 * 64 MiB in this process or 16 MiB at the broker. flux_group_dropped() says how many there were so
 * far, of this group or, where the broker dropped them, of all groups of the task. */
FLUX_EXPORT int flux_group_recv_topic (flux_group_t *g, struct flux_group_message *m,
                                       double timeout);
FLUX_EXPORT uint64_t flux_group_dropped (const flux_group_t *g);

/* ---- collective operations ----
 *
 * All living members call the same ones in the same order; who joins takes part from then on. When
 * a member dies, the next operation that it had no part in fails with EHOSTUNREACH, for all; those
 * after it go on without it. After ETIMEDOUT the same call goes on waiting, any other is EBUSY. */

FLUX_EXPORT int flux_group_barrier (flux_group_t *g, double timeout);

/* From member `root` to all. data and len count at root only. The caller clears m. */
FLUX_EXPORT int flux_group_bcast (flux_group_t *g, int root, const void *data, size_t len,
                                  struct flux_group_message *m, double timeout);

/* Of all, to all: parts[i] is from member parts[i].from, ascending; the caller frees them. At most
 * 64 MiB together. */
FLUX_EXPORT int flux_group_gather (flux_group_t *g, const void *data, size_t len,
                                   struct flux_group_message **parts, size_t *count,
                                   double timeout);
FLUX_EXPORT void flux_group_parts_free (struct flux_group_message *parts, size_t count);

enum {
    FLUX_GROUP_SUM = 1, // integers wrap; reals may differ in the last bits from run to run
    FLUX_GROUP_MIN = 2,
    FLUX_GROUP_MAX = 3,
    FLUX_GROUP_AND = 4, // bits; integers only
    FLUX_GROUP_OR = 5,
};

/* Element by element, in place. All give the same count (EINVAL), at most 4096. */
FLUX_EXPORT int flux_group_allreduce_int (flux_group_t *g, int op, int64_t *values, size_t count,
                                          double timeout);
FLUX_EXPORT int flux_group_allreduce_real (flux_group_t *g, int op, double *values, size_t count,
                                           double timeout);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_TASKS_H */
