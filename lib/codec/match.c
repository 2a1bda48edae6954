/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/msg.h"

struct flux_match flux_match_init (int typemask, uint32_t matchtag, const char *topic_glob)
{
    return (struct flux_match){typemask, matchtag, topic_glob};
}

int flux_match_asprintf (struct flux_match *m, const char *topic_glob_fmt, ...)
{
    va_list ap;
    char *s;

    va_start (ap, topic_glob_fmt);
    int n = vasprintf (&s, topic_glob_fmt, ap);
    va_end (ap);
    if (n < 0)
        return -1;
    m->topic_glob = s;
    return 0;
}

void flux_match_free (struct flux_match m)
{
    int saved_errno = errno;
    free ((char *)m.topic_glob);
    errno = saved_errno;
}

static bool topic_matches (const char *glob, const char *topic)
{
    if (!glob || !*glob || strcmp (glob, "*") == 0)
        return true;
    if (!topic)
        return false;
    if (glob[strcspn (glob, "*?[")] == '\0')
        return strcmp (glob, topic) == 0;
    return fnmatch (glob, topic, 0) == 0;
}

bool flux_msg_cmp (const flux_msg_t *msg, struct flux_match match)
{
    if (!msg || (match.typemask != 0 && !(msg->type & match.typemask)))
        return false;
    if (match.matchtag != FLUX_MATCHTAG_NONE && !flux_msg_cmp_matchtag (msg, match.matchtag))
        return false;
    return topic_matches (match.topic_glob, msg->topic);
}
