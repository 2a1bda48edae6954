/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Every limit on what a peer may send, in one place. Sizes are in bytes. */

#ifndef FLUX_CODEC_LIMITS_H
#define FLUX_CODEC_LIMITS_H

#define CODEC_MESSAGE_MAX (128u << 20) // flat message; holds 64 MiB of data in base64
#define CODEC_TOPIC_MAX 1023           // without the NUL
#define CODEC_ROUTE_MAX 255            // one route id, without the NUL; a UUID has 36
#define CODEC_ROUTES_MAX 512           // entries on a route stack
#define CODEC_FRAMES_MAX (CODEC_ROUTES_MAX + 4)

#define MSGIO_READ_SIZE (16u << 10) // one read; larger messages get their own buffer
#define MSGIO_SHARE_MIN (4u << 10)  // payloads from here on are written in place, not copied
#define MSGIO_OUT_MAX (CODEC_MESSAGE_MAX + (16u << 20)) // queued for one peer that does not read
#define CLIENT_BACKLOG_MAX (4u << 20)    // of a long list, queued for a client; then the list waits
#define CLIENT_PUBLISHED_MAX (16u << 20) // of what tasks publish, queued for a client; then drops
#define MSGIO_IOV_MAX 64                 // segments in one writev

#endif /* !FLUX_CODEC_LIMITS_H */
