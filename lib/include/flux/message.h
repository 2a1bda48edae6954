/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages (RFC 3). A message is counted: flux_msg_destroy() and flux_msg_decref() are the same and
 * free it with the last reference. Getters return pointers into the message, which live until that
 * field is set again or the message is freed. Functions that return int give 0, or -1 with errno:
 * EINVAL for a misuse, EPROTO when the message lacks what was asked for. */

#ifndef FLUX_MESSAGE_H
#define FLUX_MESSAGE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FLUX_MSGTYPE_REQUEST = 0x01,
    FLUX_MSGTYPE_RESPONSE = 0x02,
    FLUX_MSGTYPE_EVENT = 0x04,
    FLUX_MSGTYPE_CONTROL = 0x08,
    FLUX_MSGTYPE_ANY = 0x0f,
    FLUX_MSGTYPE_MASK = 0x0f,
};

enum {
    FLUX_MSGFLAG_TOPIC = 0x01,
    FLUX_MSGFLAG_PAYLOAD = 0x02,
    FLUX_MSGFLAG_NORESPONSE = 0x04, // nobody waits for a response
    FLUX_MSGFLAG_ROUTE = 0x08,      // has a route stack, which may be empty
    FLUX_MSGFLAG_UPSTREAM = 0x10,   // nodeid is the sender: pass it by, go up
    FLUX_MSGFLAG_PRIVATE = 0x20,    // event for its sender and the instance owner only
    FLUX_MSGFLAG_STREAMING = 0x40,  // part of an RPC with many responses
    FLUX_MSGFLAG_USER1 = 0x80,      // means what the two ends agreed on
};

enum {
    FLUX_NODEID_ANY = 0xFFFFFFFF,
    FLUX_NODEID_UPSTREAM = 0xFFFFFFFE, // for flux_rpc() only, it is never in a message
};

enum {
    FLUX_USERID_UNKNOWN = 0xFFFFFFFF,
};

enum {
    FLUX_MATCHTAG_NONE = 0,
};

/* Roles (RFC 12). */
enum {
    FLUX_ROLE_NONE = 0,
    FLUX_ROLE_OWNER = 1,
    FLUX_ROLE_USER = 2,
    FLUX_ROLE_LOCAL = 4, // the message has not left the broker it came in at
    FLUX_ROLE_ADMIN = 8,
    FLUX_ROLE_ALL = 0xFFFFFFFF,
};
#define FLUX_ROLE_PRIVILEGED (FLUX_ROLE_OWNER | FLUX_ROLE_ADMIN)

/* What a message is compared with. Each of the three says "any" with the value in brackets. */
struct flux_match {
    int typemask;           // types (0)
    uint32_t matchtag;      // (FLUX_MATCHTAG_NONE)
    const char *topic_glob; // fnmatch(3) pattern (NULL, "" or "*")
};

FLUX_EXPORT struct flux_match flux_match_init (int typemask, uint32_t matchtag,
                                               const char *topic_glob);

/* Print a topic_glob into m; flux_match_free() frees it. */
FLUX_EXPORT int flux_match_asprintf (struct flux_match *m, const char *topic_glob_fmt, ...)
    __attribute__ ((format (printf, 2, 3)));
FLUX_EXPORT void flux_match_free (struct flux_match m);

#define FLUX_MATCH_ANY flux_match_init (FLUX_MSGTYPE_ANY, FLUX_MATCHTAG_NONE, NULL)
#define FLUX_MATCH_EVENT flux_match_init (FLUX_MSGTYPE_EVENT, FLUX_MATCHTAG_NONE, NULL)
#define FLUX_MATCH_REQUEST flux_match_init (FLUX_MSGTYPE_REQUEST, FLUX_MATCHTAG_NONE, NULL)
#define FLUX_MATCH_RESPONSE flux_match_init (FLUX_MSGTYPE_RESPONSE, FLUX_MATCHTAG_NONE, NULL)

/* type is one FLUX_MSGTYPE_*. A request starts with nodeid ANY, everything else at 0, userid
 * UNKNOWN and no role, without a route stack. */
FLUX_EXPORT flux_msg_t *flux_msg_create (int type);
FLUX_EXPORT void flux_msg_destroy (flux_msg_t *msg);
FLUX_EXPORT const flux_msg_t *flux_msg_incref (const flux_msg_t *msg);
FLUX_EXPORT void flux_msg_decref (const flux_msg_t *msg);

/* A new message with the same content, but for aux items; the payload is shared, not copied, and
 * left out when `payload` is false. */
FLUX_EXPORT flux_msg_t *flux_msg_copy (const flux_msg_t *msg, bool payload);

/* Hang something on a message; it does not travel. With name NULL it cannot be got again and is
 * only destroyed with the message. */
FLUX_EXPORT int flux_msg_aux_set (const flux_msg_t *msg, const char *name, void *aux,
                                  flux_free_f destroy);
FLUX_EXPORT void *flux_msg_aux_get (const flux_msg_t *msg, const char *name);

/* The flat encoding of the parts, each after its length (RFC 3, "Message Framing"), without the
 * magic value and size in front. */
FLUX_EXPORT ssize_t flux_msg_encode_size (const flux_msg_t *msg);
FLUX_EXPORT int flux_msg_encode (const flux_msg_t *msg, void *buf, size_t size);
FLUX_EXPORT flux_msg_t *flux_msg_decode (const void *buf, size_t size);

/* Setting the type sets the type's own fields to their first values, but a response keeps its
 * matchtag. */
FLUX_EXPORT int flux_msg_set_type (flux_msg_t *msg, int type);
FLUX_EXPORT int flux_msg_get_type (const flux_msg_t *msg, int *type);

FLUX_EXPORT bool flux_msg_has_flag (const flux_msg_t *msg, int flag);
FLUX_EXPORT int flux_msg_set_flag (flux_msg_t *msg, int flag);
FLUX_EXPORT int flux_msg_clear_flag (flux_msg_t *msg, int flag);

/* Streaming and noresponse exclude each other: setting one clears the other. */
FLUX_EXPORT int flux_msg_set_private (flux_msg_t *msg);
FLUX_EXPORT bool flux_msg_is_private (const flux_msg_t *msg);
FLUX_EXPORT int flux_msg_set_streaming (flux_msg_t *msg);
FLUX_EXPORT bool flux_msg_is_streaming (const flux_msg_t *msg);
FLUX_EXPORT int flux_msg_set_noresponse (flux_msg_t *msg);
FLUX_EXPORT bool flux_msg_is_noresponse (const flux_msg_t *msg);

/* NULL removes the topic. A control message has none. */
FLUX_EXPORT int flux_msg_set_topic (flux_msg_t *msg, const char *topic);
FLUX_EXPORT int flux_msg_get_topic (const flux_msg_t *msg, const char **topic);

/* The payload is copied. NULL or size 0 removes it. */
FLUX_EXPORT int flux_msg_set_payload (flux_msg_t *msg, const void *buf, size_t size);
FLUX_EXPORT int flux_msg_get_payload (const flux_msg_t *msg, const void **buf, size_t *size);
FLUX_EXPORT bool flux_msg_has_payload (const flux_msg_t *msg);

/* A payload that is text, with its NUL on the wire. No payload at all reads as NULL. */
FLUX_EXPORT int flux_msg_set_string (flux_msg_t *msg, const char *s);
FLUX_EXPORT int flux_msg_get_string (const flux_msg_t *msg, const char **s);

/* A payload that is a JSON object, in jansson's pack and unpack formats. The parsed object is kept
 * with the message; objects and strings that unpack returns belong to it. */
FLUX_EXPORT int flux_msg_pack (flux_msg_t *msg, const char *fmt, ...);
FLUX_EXPORT int flux_msg_vpack (flux_msg_t *msg, const char *fmt, va_list ap);
FLUX_EXPORT int flux_msg_unpack (const flux_msg_t *msg, const char *fmt, ...);
FLUX_EXPORT int flux_msg_vunpack (const flux_msg_t *msg, const char *fmt, va_list ap);

/* Why the last pack or unpack of this message failed; "" when it did not. */
FLUX_EXPORT const char *flux_msg_last_error (const flux_msg_t *msg);

FLUX_EXPORT int flux_msg_set_nodeid (flux_msg_t *msg, uint32_t nodeid);
FLUX_EXPORT int flux_msg_get_nodeid (const flux_msg_t *msg, uint32_t *nodeid);

FLUX_EXPORT int flux_msg_set_userid (flux_msg_t *msg, uint32_t userid);
FLUX_EXPORT int flux_msg_get_userid (const flux_msg_t *msg, uint32_t *userid);
FLUX_EXPORT int flux_msg_set_rolemask (flux_msg_t *msg, uint32_t rolemask);
FLUX_EXPORT int flux_msg_get_rolemask (const flux_msg_t *msg, uint32_t *rolemask);

struct flux_msg_cred {
    uint32_t userid;
    uint32_t rolemask;
};
FLUX_EXPORT int flux_msg_get_cred (const flux_msg_t *msg, struct flux_msg_cred *cred);
FLUX_EXPORT int flux_msg_set_cred (flux_msg_t *msg, struct flux_msg_cred cred);

/* 0 for the owner, or for a user who is `userid`; otherwise -1 with EPERM (RFC 12). */
FLUX_EXPORT int flux_msg_cred_authorize (struct flux_msg_cred cred, uint32_t userid);
FLUX_EXPORT int flux_msg_authorize (const flux_msg_t *msg, uint32_t userid);

FLUX_EXPORT bool flux_msg_is_local (const flux_msg_t *msg);

/* Responses only. */
FLUX_EXPORT int flux_msg_set_errnum (flux_msg_t *msg, int errnum);
FLUX_EXPORT int flux_msg_get_errnum (const flux_msg_t *msg, int *errnum);

/* Events only. */
FLUX_EXPORT int flux_msg_set_seq (flux_msg_t *msg, uint32_t seq);
FLUX_EXPORT int flux_msg_get_seq (const flux_msg_t *msg, uint32_t *seq);

/* Control messages only. */
FLUX_EXPORT int flux_msg_set_control (flux_msg_t *msg, int type, int status);
FLUX_EXPORT int flux_msg_get_control (const flux_msg_t *msg, int *type, int *status);

/* Requests and responses only. A message that still has routes never compares equal: its matchtag
 * is another sender's. */
FLUX_EXPORT int flux_msg_set_matchtag (flux_msg_t *msg, uint32_t matchtag);
FLUX_EXPORT int flux_msg_get_matchtag (const flux_msg_t *msg, uint32_t *matchtag);
FLUX_EXPORT bool flux_msg_cmp_matchtag (const flux_msg_t *msg, uint32_t matchtag);

FLUX_EXPORT bool flux_msg_cmp (const flux_msg_t *msg, struct flux_match match);

/* For people who read traces. A timestamp below 0 is not printed. */
FLUX_EXPORT void flux_msg_fprint (FILE *f, const flux_msg_t *msg);
FLUX_EXPORT void flux_msg_fprint_ts (FILE *f, const flux_msg_t *msg, double timestamp);

/* "request", "response", "event", "control", or "unknown". */
FLUX_EXPORT const char *flux_msg_typestr (int type);

/* The route stack. "First" is the oldest entry: the sender of a request, the final receiver of a
 * response. "Last" is the newest: where a request just came from, where a response goes next.
 * Without a route stack push, delete_last and count fail with EPROTO, first and last are NULL. A
 * returned id lives until the stack changes. */
FLUX_EXPORT void flux_msg_route_enable (flux_msg_t *msg);
FLUX_EXPORT void flux_msg_route_disable (flux_msg_t *msg);
FLUX_EXPORT void flux_msg_route_clear (flux_msg_t *msg);
FLUX_EXPORT int flux_msg_route_push (flux_msg_t *msg, const char *id);
FLUX_EXPORT int flux_msg_route_delete_last (flux_msg_t *msg);
FLUX_EXPORT const char *flux_msg_route_first (const flux_msg_t *msg);
FLUX_EXPORT const char *flux_msg_route_last (const flux_msg_t *msg);
FLUX_EXPORT int flux_msg_route_count (const flux_msg_t *msg);

/* First to last, 8 characters of each, with '!' between. The caller frees it. */
FLUX_EXPORT char *flux_msg_route_string (const flux_msg_t *msg);

/* The two have the same sender, or neither has one. */
FLUX_EXPORT bool flux_msg_route_match_first (const flux_msg_t *msg1, const flux_msg_t *msg2);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_MESSAGE_H */
