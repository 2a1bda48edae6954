/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the commands share; nobody else includes it. */

#ifndef FLUX_RESOURCE_QUERY_COMMAND_H
#define FLUX_RESOURCE_QUERY_COMMAND_H

#include <jansson.h>

#include "lib/util/buf.h"
#include "shell/resource_query/query.h"

#define RULE "INFO: =============================\n"

/* A command: 0, or -1 to quit. What is wrong is said, and the session goes on. */
int cmd_match (struct query *q, int argc, char **argv);
int cmd_multi_match (struct query *q, int argc, char **argv);
int cmd_update (struct query *q, int argc, char **argv);
int cmd_cancel (struct query *q, int argc, char **argv);
int cmd_partial_cancel (struct query *q, int argc, char **argv);
int cmd_attach (struct query *q, int argc, char **argv);
int cmd_remove (struct query *q, int argc, char **argv);
int cmd_namespace_info (struct query *q, int argc, char **argv);
int cmd_find (struct query *q, int argc, char **argv);
int cmd_set_property (struct query *q, int argc, char **argv);
int cmd_get_property (struct query *q, int argc, char **argv);
int cmd_set_status (struct query *q, int argc, char **argv);
int cmd_get_status (struct query *q, int argc, char **argv);

/* Say so; 0. */
int query_malformed (void);
int query_cannot_open (const char *path);

/* NULL after it is said why. */
json_t *query_read_json (const char *path);

/* What is remembered of jobs and times. */
struct query_job *query_find_job (struct query *q, uint64_t id);
void query_note_job (struct query *q, uint64_t id, int64_t at, const char *jobspec, double elapse);
void query_note_time (struct query *q, double elapse);

/* A result: as the writer has it (query_print_text() empties it), then what is said of it. */
void query_write_text (struct query *q, const struct result *res, const struct request *req,
                       struct buf *text);
void query_print_text (struct query *q, struct buf *text);
void query_print_matched (struct query *q, uint64_t id, match_op_t op, int64_t at, double elapse);
void query_print_unmatched (struct query *q, uint64_t id, bool never, double elapse);

#endif /* !FLUX_RESOURCE_QUERY_COMMAND_H */
