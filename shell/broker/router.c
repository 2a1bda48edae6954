/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Services, the way of each message, and the queue of the turn; see router.h. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>

#include <flux/response.h>

#include "lib/codec/payload.h"
#include "shell/broker/router_private.h"

/* So many queued messages are handled before the loop looks at its file descriptors again. */
#define TURN_LIMIT 20000

static void answer_default (struct router *rt, const flux_msg_t *msg, const char *method);

static struct service *service_lookup (struct router *rt, const char *topic, const char **methodp)
{
    struct service *svc = NULL;
    const char *end = topic + strlen (topic);

    /* Service names may hold dots ("job-exec.override"); the longest registered one wins. */
    while (end > topic) {
        HASH_FIND (hh, rt->services, topic, (size_t)(end - topic), svc);
        if (svc) {
            *methodp = *end == '.' ? end + 1 : "";
            return svc;
        }
        while (--end > topic && *end != '.')
            ;
    }
    return NULL;
}

static int service_insert (struct router *rt, struct service *svc)
{
    struct service *old;

    HASH_FIND_STR (rt->services, svc->name, old);
    if (old && !(old->yields && svc->client)) {
        errno = EEXIST;
        return -1;
    }
    if (old) {
        HASH_DEL (rt->services, old);
        svc->yielded = old;
    }
    HASH_ADD_KEYPTR (hh, rt->services, svc->name, strlen (svc->name), svc);
    return 0;
}

static void service_free (struct service *svc)
{
    if (svc) {
        service_free (svc->yielded);
        free (svc->client_name);
        free (svc);
    }
}

int router_service_add (struct router *rt, const char *name, const struct handler_row *rows,
                        void *arg)
{
    struct service *svc = calloc (1, sizeof (*svc));

    if (!svc)
        return -1;
    svc->name = name;
    svc->rows = rows;
    svc->arg = arg;
    svc->used = ev_now (rt->loop);
    if (service_insert (rt, svc) < 0) {
        service_free (svc);
        return -1;
    }
    return 0;
}

/* What it took the place of is there again. */
static void service_delete (struct router *rt, struct service *svc)
{
    struct service *own = svc->yielded;

    HASH_DEL (rt->services, svc);
    svc->yielded = NULL;
    service_free (svc);
    if (own)
        HASH_ADD_KEYPTR (hh, rt->services, own->name, strlen (own->name), own);
}

void router_service_remove (struct router *rt, const char *name)
{
    struct service *svc;

    if (!rt)
        return;
    HASH_FIND_STR (rt->services, name, svc);
    if (svc && svc->yielded) {
        service_free (svc->yielded);
        svc->yielded = NULL;
    } else if (svc && !svc->client) {
        service_delete (rt, svc);
    }
}

void router_service_yield (struct router *rt, const char *name)
{
    struct service *svc;

    HASH_FIND_STR (rt->services, name, svc);
    if (svc)
        svc->yields = true;
}

int service_add_client (struct router *rt, const char *name, struct client *client)
{
    struct service *svc = calloc (1, sizeof (*svc));

    if (!svc || !(svc->client_name = strdup (name)))
        goto error;
    svc->name = svc->client_name;
    svc->client = client;
    if (service_insert (rt, svc) < 0)
        goto error;
    return 0;
error:
    service_free (svc);
    return -1;
}

int service_remove_client (struct router *rt, const char *name, struct client *client)
{
    struct service *svc;

    HASH_FIND_STR (rt->services, name, svc);
    if (!svc || svc->client != client) {
        errno = ENOENT;
        return -1;
    }
    service_delete (rt, svc);
    return 0;
}

void service_remove_all_of_client (struct router *rt, struct client *client)
{
    struct service *svc, *tmp;

    HASH_ITER (hh, rt->services, svc, tmp)
    {
        if (svc->client == client)
            service_delete (rt, svc);
    }
}

static int compare_names (const void *a, const void *b)
{
    return strcmp ((*(struct service *const *)a)->name, (*(struct service *const *)b)->name);
}

json_t *router_services (struct router *rt)
{
    struct service **list = calloc (HASH_COUNT (rt->services) + 1, sizeof (*list));
    json_t *o = json_array ();
    size_t n = 0;

    for (struct service *svc = rt->services; list && svc; svc = svc->hh.next) {
        if (!svc->client)
            list[n++] = svc;
    }
    if (n > 0)
        qsort (list, n, sizeof (*list), compare_names);
    for (size_t i = 0; i < n; i++)
        json_array_append_new (o, json_pack ("{s:s s:f}", "name", list[i]->name, "idle",
                                             ev_now (rt->loop) - list[i]->used));
    free (list);
    return o;
}

static void call_handler (struct router *rt, const struct handler_row *row, const flux_msg_t *msg,
                          void *arg)
{
    uint32_t rolemask = 0;

    flux_msg_get_rolemask (msg, &rolemask);
    if (!(rolemask & (row->role | FLUX_ROLE_OWNER)))
        router_respond_error (rt, msg, EPERM, "Request requires owner credentials");
    else
        row->handler (rt, msg, arg);
}

static void service_dispatch (struct router *rt, struct service *svc, const char *method,
                              const flux_msg_t *msg)
{
    if (svc->client) {
        if (client_send (svc->client, msg) < 0)
            router_respond_error (rt, msg, errno, NULL);
        return;
    }
    svc->used = ev_now (rt->loop);
    for (const struct handler_row *row = svc->rows; row->topic; row++) {
        if (strcmp (row->topic, method) == 0) {
            call_handler (rt, row, msg, svc->arg);
            return;
        }
    }
    answer_default (rt, msg, method);
}

/* A request for this rank: true when a service took it. */
static bool dispatch_request (struct router *rt, const flux_msg_t *msg)
{
    const char *topic, *method;
    struct service *svc;

    if (flux_msg_get_topic (msg, &topic) < 0 || !(svc = service_lookup (rt, topic, &method)))
        return false;
    service_dispatch (rt, svc, method, msg);
    return true;
}

static void refuse_no_service (struct router *rt, const flux_msg_t *msg)
{
    const char *topic = NULL;
    char text[128];

    flux_msg_get_topic (msg, &topic);
    int len = topic ? strcspn (topic, ".") : 0;
    snprintf (text, sizeof (text), "No service matching %.*s is registered", len > 80 ? 80 : len,
              topic ? topic : "");
    router_respond_error (rt, msg, ENOSYS, text);
}

static void send_up (struct router *rt, const flux_msg_t *msg)
{
    if (!rt->overlay) {
        refuse_no_service (rt, msg);
    } else if (rt->overlay->send_parent (rt->overlay_arg, msg) < 0) {
        router_respond_error (rt, msg, errno, "the overlay parent cannot be reached");
    } else {
        track_request (rt, msg, TRACK_PARENT);
    }
}

static void request_here_or_up (struct router *rt, const flux_msg_t *msg)
{
    if (dispatch_request (rt, msg))
        return;
    if (rt->rank == 0)
        refuse_no_service (rt, msg);
    else
        send_up (rt, msg);
}

/* A message that came from the parent never goes back up: it would go in a circle. */
static void request_to_rank (struct router *rt, uint32_t rank, const flux_msg_t *msg,
                             bool from_parent)
{
    int child = -1;

    if (rank >= rt->size || !rt->overlay) {
        router_respond_error (rt, msg, EHOSTUNREACH, "there is no such rank");
    } else if ((child = rt->overlay->child_route (rt->overlay_arg, rank)) >= 0) {
        if (rt->overlay->send_child (rt->overlay_arg, child, msg) < 0)
            router_respond_error (rt, msg, errno, "the rank cannot be reached");
        else
            track_request (rt, msg, child);
    } else if (rt->rank == 0 || from_parent) {
        router_respond_error (rt, msg, EHOSTUNREACH, "the rank is offline");
    } else {
        send_up (rt, msg);
    }
}

static void route_request (struct router *rt, const flux_msg_t *msg, bool from_parent)
{
    uint32_t nodeid = FLUX_NODEID_ANY;

    flux_msg_get_nodeid (msg, &nodeid);
    if (flux_msg_has_flag (
            msg,
            FLUX_MSGFLAG_UPSTREAM)) { // RFC 3: nodeid is the sender's rank, which is passed over
        if (nodeid != rt->rank)
            request_here_or_up (rt, msg);
        else if (rt->rank == 0)
            refuse_no_service (rt, msg);
        else
            send_up (rt, msg);
    } else if (nodeid == FLUX_NODEID_ANY) {
        request_here_or_up (rt, msg);
    } else if (nodeid == rt->rank) {
        if (!dispatch_request (rt, msg))
            refuse_no_service (rt, msg);
    } else {
        request_to_rank (rt, nodeid, msg, from_parent);
    }
}

static void route_response (struct router *rt, flux_msg_t *msg)
{
    const char *last = flux_msg_route_last (msg);
    struct client *client;

    if (!last) {
        rpc_table_answer (rt, msg);
    } else if ((client = client_lookup (rt, last))) {
        flux_msg_route_delete_last (msg);
        client_send (client, msg);
    } else if (rt->overlay) {
        rt->overlay->respond (rt->overlay_arg, msg); // a peer that is gone waits no more
    }
}

static void route (struct router *rt, flux_msg_t *msg, bool from_parent)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_REQUEST)
        route_request (rt, msg, from_parent);
    else if (type == FLUX_MSGTYPE_RESPONSE)
        route_response (rt, msg);
    else if (type == FLUX_MSGTYPE_EVENT)
        router_event_input (rt, msg);
}

void router_input (struct router *rt, flux_msg_t *msg)
{
    route (rt, msg, false);
    flux_msg_decref (msg);
}

void router_input_peer (struct router *rt, flux_msg_t *msg, bool from_parent)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type != FLUX_MSGTYPE_RESPONSE || track_response (rt, msg))
        route (rt, msg, from_parent);
    flux_msg_decref (msg);
}

void router_parent_lost (struct router *rt)
{
    track_fail (rt, TRACK_PARENT, "the overlay link was lost");
}

void router_child_lost (struct router *rt, uint32_t rank)
{
    track_fail (rt, rank, "the overlay link was lost");
}

void router_send_request (struct router *rt, flux_msg_t *msg)
{
    router_enqueue (rt, msg);
}

void router_send_response (struct router *rt, flux_msg_t *msg)
{
    if (flux_msg_route_last (msg)) {
        route_response (rt, msg);
        flux_msg_decref (msg);
    } else {
        router_enqueue (rt, msg); // a callback of this broker never runs in the answerer's stack
    }
}

int router_enqueue (struct router *rt, flux_msg_t *msg)
{
    struct queued *q = malloc (sizeof (*q));

    if (!q) {
        flux_msg_decref (msg);
        errno = ENOMEM;
        return -1;
    }
    q->msg = msg;
    q->next = NULL;
    if (rt->queue_tail)
        rt->queue_tail->next = q;
    else
        rt->queue_head = q;
    rt->queue_tail = q;
    return 0;
}

static flux_msg_t *dequeue (struct router *rt)
{
    struct queued *q = rt->queue_head;

    if (!q)
        return NULL;
    flux_msg_t *msg = q->msg;
    rt->queue_head = q->next;
    if (!rt->queue_head)
        rt->queue_tail = NULL;
    free (q);
    return msg;
}

int router_at_turn_end (struct router *rt, turn_end_f cb, void *arg)
{
    for (size_t i = 0; i < rt->turn_end_count; i++) {
        if (rt->turn_end[i].cb == cb && rt->turn_end[i].arg == arg)
            return 0;
    }
    if (rt->turn_end_count == rt->turn_end_size) {
        size_t size = rt->turn_end_size ? rt->turn_end_size * 2 : 16;
        struct turn_end *new = realloc (rt->turn_end, size * sizeof (*new));
        if (!new)
            return -1;
        rt->turn_end = new;
        rt->turn_end_size = size;
    }
    rt->turn_end[rt->turn_end_count++] = (struct turn_end){cb, arg};
    return 0;
}

void router_turn_end_forget (struct router *rt, turn_end_f cb, void *arg)
{
    for (size_t i = 0; i < rt->turn_end_count; i++) {
        if (rt->turn_end[i].cb == cb && rt->turn_end[i].arg == arg) {
            rt->turn_end_count--;
            memmove (rt->turn_end + i, rt->turn_end + i + 1,
                     (rt->turn_end_count - i) * sizeof (rt->turn_end[0]));
            return;
        }
    }
}

/* Take the first of the list, so that a callback may add itself again. */
static bool run_one_turn_end (struct router *rt)
{
    if (rt->turn_end_count == 0)
        return false;
    struct turn_end te = rt->turn_end[0];
    rt->turn_end_count--;
    memmove (rt->turn_end, rt->turn_end + 1, rt->turn_end_count * sizeof (te));
    te.cb (rt, te.arg);
    return true;
}

/* Before the loop waits: all queued messages, then the work put off to the end of the turn. */
static void finish_turn (struct router *rt)
{
    flux_msg_t *msg;
    int budget = TURN_LIMIT;

    do {
        while (budget > 0 && (msg = dequeue (rt))) {
            budget--;
            router_input (rt, msg);
        }
    } while (budget > 0 && (run_one_turn_end (rt) || rt->queue_head));
    if (rt->queue_head || rt->turn_end_count > 0)
        ev_idle_start (rt->loop, &rt->idle);
    else
        ev_idle_stop (rt->loop, &rt->idle);
}

static void prepare_cb (struct ev_loop *loop, ev_prepare *w, int revents)
{
    finish_turn (w->data);
}

static void idle_cb (struct ev_loop *loop, ev_idle *w, int revents)
{
}

struct router *router_create (struct ev_loop *loop, uint32_t rank, uint32_t size, uint32_t owner)
{
    struct router *rt = calloc (1, sizeof (*rt));

    if (!rt)
        return NULL;
    rt->loop = loop;
    rt->rank = rank;
    rt->size = size;
    rt->owner = owner;
    ev_prepare_init (&rt->prepare, prepare_cb);
    rt->prepare.data = rt;
    ev_prepare_start (loop, &rt->prepare);
    ev_unref (loop);
    ev_idle_init (&rt->idle, idle_cb);
    if (!(rt->rpcs = rpc_table_create ()) || !(rt->events = event_table_create (rt)) ||
        !(rt->clients = client_table_create ()) || !(rt->tracks = track_table_create ())) {
        router_destroy (rt);
        return NULL;
    }
    return rt;
}

void router_destroy (struct router *rt)
{
    if (!rt)
        return;
    int saved_errno = errno;
    struct service *svc, *tmp;
    flux_msg_t *msg;

    client_table_destroy (rt->clients);
    track_table_destroy (rt->tracks);
    event_table_destroy (rt->events);
    rpc_table_destroy (rt->rpcs);
    while ((msg = dequeue (rt)))
        flux_msg_decref (msg);
    HASH_ITER (hh, rt->services, svc, tmp)
    {
        HASH_DEL (rt->services, svc);
        service_free (svc);
    }
    ev_ref (rt->loop);
    ev_prepare_stop (rt->loop, &rt->prepare);
    ev_idle_stop (rt->loop, &rt->idle);
    free (rt->turn_end);
    free (rt);
    errno = saved_errno;
}

void router_set_overlay (struct router *rt, const struct router_overlay_ops *ops, void *arg)
{
    rt->overlay = ops;
    rt->overlay_arg = arg;
}

uint32_t router_rank (const struct router *rt)
{
    return rt->rank;
}

void router_set_size (struct router *rt, uint32_t size)
{
    rt->size = size;
}

uint32_t router_size (const struct router *rt)
{
    return rt->size;
}

struct ev_loop *router_loop (const struct router *rt)
{
    return rt->loop;
}

bool router_rank_below (const struct router *rt, uint32_t rank)
{
    return rank == rt->rank ||
           (rt->overlay && rt->overlay->child_route (rt->overlay_arg, rank) >= 0);
}

static flux_msg_t *make_response (struct router *rt, const flux_msg_t *request, int errnum)
{
    // flux-core's clients drop a response without a role
    struct flux_msg_cred cred = {rt->owner, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};
    flux_msg_t *msg = flux_response_derive (request, errnum);

    if (msg && flux_msg_set_cred (msg, cred) < 0) {
        flux_msg_decref (msg);
        return NULL;
    }
    return msg;
}

static int respond (struct router *rt, const flux_msg_t *request, int errnum, const void *data,
                    size_t len)
{
    if (flux_msg_is_noresponse (request))
        return 0;
    flux_msg_t *msg = make_response (rt, request, errnum);
    if (!msg || (data && flux_msg_set_payload (msg, data, len) < 0)) {
        flux_msg_decref (msg);
        return -1;
    }
    router_send_response (rt, msg);
    return 0;
}

int router_respond_take (struct router *rt, const flux_msg_t *request, char *payload)
{
    if (flux_msg_is_noresponse (request)) {
        free (payload);
        return 0;
    }
    flux_msg_t *msg = make_response (rt, request, 0);
    if (!msg || msg_set_payload_take (msg, payload, strlen (payload) + 1) < 0) {
        free (payload);
        flux_msg_decref (msg);
        return -1;
    }
    router_send_response (rt, msg);
    return 0;
}

int router_respond (struct router *rt, const flux_msg_t *request, const char *payload)
{
    return respond (rt, request, 0, payload, payload ? strlen (payload) + 1 : 0);
}

int router_respond_raw (struct router *rt, const flux_msg_t *request, const void *data, size_t len)
{
    return respond (rt, request, 0, data, len);
}

int router_respond_error (struct router *rt, const flux_msg_t *request, int errnum,
                          const char *errtext)
{
    return respond (rt, request, errnum ? errnum : EINVAL, errtext,
                    errtext ? strlen (errtext) + 1 : 0);
}

char *router_vpack (const char *fmt, va_list ap)
{
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;

    json_decref (o);
    if (!s)
        errno = EINVAL;
    return s;
}

int router_respond_pack (struct router *rt, const flux_msg_t *request, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    char *s = router_vpack (fmt, ap);
    va_end (ap);
    if (!s)
        return router_respond_error (rt, request, ENOMEM, "the answer could not be encoded");
    int rc = router_respond (rt, request, s);
    free (s);
    return rc;
}

/* Methods that every service has (RFC 5's module debugging, flux-core's flux-ping(1)). */

static void answer_ping (struct router *rt, const flux_msg_t *msg)
{
    const char *payload = NULL;
    uint32_t userid = 0, rolemask = 0;
    char *route = flux_msg_route_string (msg);
    json_t *in = NULL, *out = NULL;

    flux_msg_get_string (msg, &payload);
    flux_msg_get_userid (msg, &userid);
    flux_msg_get_rolemask (msg, &rolemask);
    if (!payload || !(in = json_loads (payload, 0, NULL)) || !json_is_object (in)) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else {
        out = json_pack ("{s:s s:I s:I s:i}", "route", route ? route : "", "userid",
                         (json_int_t)userid, "rolemask", (json_int_t)rolemask, "rank", rt->rank);
        json_object_update (in, out);
        char *s = json_dumps (in, JSON_COMPACT);
        router_respond (rt, msg, s);
        free (s);
    }
    json_decref (in);
    json_decref (out);
    free (route);
}

static void answer_rusage (struct router *rt, const flux_msg_t *msg)
{
    struct rusage ru = {0};

    getrusage (RUSAGE_SELF, &ru);
    router_respond_pack (rt, msg,
                         "{s:f s:f s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I s:I}",
                         "utime", ru.ru_utime.tv_sec + 1e-6 * ru.ru_utime.tv_usec, "stime",
                         ru.ru_stime.tv_sec + 1e-6 * ru.ru_stime.tv_usec, "maxrss",
                         (json_int_t)ru.ru_maxrss, "ixrss", (json_int_t)ru.ru_ixrss, "idrss",
                         (json_int_t)ru.ru_idrss, "isrss", (json_int_t)ru.ru_isrss, "minflt",
                         (json_int_t)ru.ru_minflt, "majflt", (json_int_t)ru.ru_majflt, "nswap",
                         (json_int_t)ru.ru_nswap, "inblock", (json_int_t)ru.ru_inblock, "oublock",
                         (json_int_t)ru.ru_oublock, "msgsnd", (json_int_t)ru.ru_msgsnd, "msgrcv",
                         (json_int_t)ru.ru_msgrcv, "nsignals", (json_int_t)ru.ru_nsignals, "nvcsw",
                         (json_int_t)ru.ru_nvcsw, "nivcsw", (json_int_t)ru.ru_nivcsw);
}

static void answer_default (struct router *rt, const flux_msg_t *msg, const char *method)
{
    if (strcmp (method, "ping") == 0)
        answer_ping (rt, msg);
    else if (strcmp (method, "rusage") == 0)
        answer_rusage (rt, msg);
    else if (strcmp (method, "stats-get") == 0)
        router_respond (rt, msg, "{}");
    else if (strcmp (method, "disconnect") != 0)
        router_respond_error (rt, msg, ENOSYS, "No such method");
}
