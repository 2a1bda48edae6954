/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>
#include <flux/event.h>
#include <flux/rpc.h>
#include <flux/service.h>

#include "lib/util/base64.h"
#include "lib/util/fail.h"

/* One request with one string in it. */
static flux_future_t *name_rpc (flux_t *h, const char *topic, int flags, const char *key,
                                const char *val)
{
    if (!h || !val)
        return fail_null (EINVAL);
    return flux_rpc_pack (h, topic, FLUX_NODEID_ANY, flags, "{s:s}", key, val);
}

flux_future_t *flux_event_subscribe_ex (flux_t *h, const char *topic, int flags)
{
    return name_rpc (h, "event.subscribe", flags, "topic", topic);
}

flux_future_t *flux_event_unsubscribe_ex (flux_t *h, const char *topic, int flags)
{
    return name_rpc (h, "event.unsubscribe", flags, "topic", topic);
}

flux_future_t *flux_service_register (flux_t *h, const char *name)
{
    return name_rpc (h, "service.add", 0, "service", name);
}

flux_future_t *flux_service_unregister (flux_t *h, const char *name)
{
    return name_rpc (h, "service.remove", 0, "service", name);
}

static int wait_done (flux_future_t *f)
{
    int rc = f ? flux_future_get (f, NULL) : -1;

    flux_future_destroy (f);
    return rc;
}

int flux_event_subscribe (flux_t *h, const char *topic)
{
    if (h && (flux_flags_get (h) & FLUX_O_TEST_NOSUB))
        return 0;
    return wait_done (flux_event_subscribe_ex (h, topic, 0));
}

int flux_event_unsubscribe (flux_t *h, const char *topic)
{
    if (h && (flux_flags_get (h) & FLUX_O_TEST_NOSUB))
        return 0;
    return wait_done (flux_event_unsubscribe_ex (h, topic, 0));
}

/* The payload travels in base64, whatever it is. */
flux_future_t *flux_event_publish_raw (flux_t *h, const char *topic, int flags, const void *data,
                                       size_t len)
{
    flux_future_t *f;

    if (!h || !topic || (flags & ~FLUX_EVENT_PRIVATE))
        return fail_null (EINVAL);
    if (!data || len == 0)
        return flux_rpc_pack (h, "event.publish", 0, 0, "{s:s s:i}", "topic", topic, "flags",
                              flags);
    char *text = base64_encode_alloc (data, len);
    if (!text)
        return NULL;
    f = flux_rpc_pack (h, "event.publish", 0, 0, "{s:s s:i s:s}", "topic", topic, "flags", flags,
                       "payload", text);
    free (text);
    return f;
}

flux_future_t *flux_event_publish (flux_t *h, const char *topic, int flags, const char *s)
{
    return flux_event_publish_raw (h, topic, flags, s, s ? strlen (s) + 1 : 0);
}

flux_future_t *flux_event_publish_pack (flux_t *h, const char *topic, int flags, const char *fmt,
                                        ...)
{
    va_list ap;

    if (!fmt)
        return fail_null (EINVAL);
    va_start (ap, fmt);
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    char *s = json_is_object (o) ? json_dumps (o, JSON_COMPACT) : NULL;
    json_decref (o);
    flux_future_t *f = s ? flux_event_publish (h, topic, flags, s) : fail_null (EINVAL);
    free (s);
    return f;
}

int flux_event_publish_get_seq (flux_future_t *f, int *seq)
{
    int n;

    if (!f) {
        errno = EINVAL;
        return -1;
    }
    if (flux_rpc_get_unpack (f, "{s:i}", "seq", &n) < 0)
        return -1;
    if (seq)
        *seq = n;
    return 0;
}
