/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/msgio.h"
#include "lib/shell/ioencode.h"
#include "testsuite/unit/shell/fakebroker.h"

struct fake_client {
    struct fakebroker *fb;
    struct fake_job *job;
    struct msgio *io;
    ev_io readable;
    char name[32];
    char *service;
    struct fake_client *next;
};

/* Answers to the broker's own requests carry these matchtags. */
#define OWN_MATCHTAG 4711
#define STREAM_MATCHTAG 4712

static struct fake_job *find_job (struct fakebroker *fb, uint64_t id)
{
    for (int i = 0; i < fb->njobs; i++)
        if (fb->jobs[i].id == id && !fb->jobs[i].exited)
            return &fb->jobs[i];
    return NULL;
}

static void send_to (struct fake_client *c, const flux_msg_t *msg)
{
    msgio_send (c->io, msg);
    while (msgio_flush (c->io) > 0)
        usleep (100);
}

static void answer (struct fake_client *c, const flux_msg_t *request, int errnum)
{
    if (flux_msg_is_noresponse (request))
        return;
    flux_msg_t *msg = flux_response_derive (request, errnum);
    send_to (c, msg);
    flux_msg_decref (msg);
}

static void append (struct fake_job *job, const char *path, const char *data, size_t len)
{
    struct buf *b = !strcmp (path, "guest.output")  ? &job->output
                    : !strcmp (path, "guest.input") ? &job->input
                                                    : &job->exec;
    if (job->exec.len == 0 && b == &job->output)
        job->output_first = true;
    buf_append (b, data, len);
}

static void handle_append (struct fake_client *c, const flux_msg_t *msg)
{
    const char *path, *data;
    size_t len;

    int rc = flux_msg_unpack (msg, "{s:s s:s%}", "path", &path, "data", &data, &len);
    if (rc == 0)
        append (c->job, path, data, len);
    c->job->appends++;
    answer (c, msg, rc < 0 ? EPROTO : 0);
}

static void handle_raise (struct fake_client *c, const flux_msg_t *msg)
{
    const char *note = "?";

    flux_msg_unpack (msg, "{s:s}", "note", &note);
    buf_printf (&c->job->raised, "%s\n", note);
    answer (c, msg, 0);
}

static void handle_service_add (struct fake_client *c, const flux_msg_t *msg)
{
    const char *service;

    if (flux_msg_unpack (msg, "{s:s}", "service", &service) == 0 && !c->service)
        c->service = strdup (service);
    answer (c, msg, 0);
}

/* To the client that registered the service, with the sender on the route stack. */
static void route_request (struct fake_client *c, flux_msg_t *msg, const char *topic)
{
    size_t n = strcspn (topic, ".");
    struct fake_client *to;

    LL_FOREACH (c->fb->clients, to)
    {
        if (to->service && strlen (to->service) == n && !strncmp (to->service, topic, n)) {
            flux_msg_route_push (msg, c->name);
            flux_msg_set_rolemask (msg, FLUX_ROLE_OWNER);
            flux_msg_set_userid (msg, getuid ());
            send_to (to, msg);
            return;
        }
    }
    answer (c, msg, ENOSYS);
}

/* group.reduce of all shells of one job at a time. */
static void handle_reduce (struct fake_client *c, const flux_msg_t *msg)
{
    struct fake_reduce *r = NULL;
    struct group_frame f;
    const void *data;
    size_t len;
    struct buf b = {0};

    if (flux_msg_get_payload (msg, &data, &len) < 0 || group_frame_decode (&f, data, len) < 0) {
        answer (c, msg, EPROTO);
        return;
    }
    for (int i = 0; i < FAKE_REDUCES && !r; i++)
        if (c->fb->reduces[i].count > 0 && c->fb->reduces[i].seq == f.seq &&
            !strcmp (c->fb->reduces[i].name, f.name))
            r = &c->fb->reduces[i];
    for (int i = 0; i < FAKE_REDUCES && !r; i++)
        if (c->fb->reduces[i].count == 0) {
            r = &c->fb->reduces[i];
            snprintf (r->name, sizeof (r->name), "%s", f.name);
            r->seq = f.seq;
            combine_init (&r->data);
        }
    combine_add (&r->data, &f);
    r->requests[r->count] = flux_msg_incref (msg);
    r->clients[r->count++] = c;
    if (idset_equal (r->data.have, f.need)) {
        struct group_frame all = f;
        combine_get (&r->data, &all);
        group_frame_encode (&all, &b);
        for (int i = 0; i < r->count; i++) {
            flux_msg_t *response = flux_response_derive (r->requests[i], 0);
            flux_msg_set_payload (response, b.data, b.len);
            send_to (r->clients[i], response);
            flux_msg_decref (response);
            flux_msg_decref (r->requests[i]);
        }
        buf_clear (&b);
        combine_clear (&r->data);
        r->count = 0;
    }
    group_frame_clear (&f);
}

static void handle_request (struct fake_client *c, flux_msg_t *msg)
{
    const char *topic = "";

    flux_msg_get_topic (msg, &topic);
    if (!strcmp (topic, "job-exec.append"))
        handle_append (c, msg);
    else if (!strcmp (topic, "job-manager.raise"))
        handle_raise (c, msg);
    else if (!strcmp (topic, "group.reduce"))
        handle_reduce (c, msg);
    else if (!strcmp (topic, "service.add"))
        handle_service_add (c, msg);
    else
        route_request (c, msg, topic);
}

static void own_response (struct fakebroker *fb, const flux_msg_t *msg, uint32_t matchtag)
{
    const char *text = NULL;
    int errnum = 0;

    flux_msg_get_errnum (msg, &errnum);
    if (matchtag == OWN_MATCHTAG)
        fb->answer = errnum;
    else if (errnum != 0)
        fb->stream_errnum = errnum;
    else if (flux_msg_get_string (msg, &text) == 0 && text)
        buf_printf (&fb->stream, "%s\n", text);
}

static void route_response (struct fakebroker *fb, flux_msg_t *msg)
{
    const char *last = flux_msg_route_last (msg);
    struct fake_client *to;
    uint32_t matchtag = 0;

    flux_msg_get_matchtag (msg, &matchtag);
    if (!last)
        own_response (fb, msg, matchtag);
    LL_FOREACH (fb->clients, to)
    {
        if (last && !strcmp (to->name, last)) {
            flux_msg_route_delete_last (msg);
            send_to (to, msg);
            return;
        }
    }
}

static void client_destroy (struct fake_client *c)
{
    LL_DELETE (c->fb->clients, c);
    ev_io_stop (c->fb->loop, &c->readable);
    msgio_destroy (c->io);
    free (c->service);
    free (c);
}

static void readable_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct fake_client *c = w->data;
    flux_msg_t *msg;
    int type;

    if (msgio_fill (c->io) < 0 && errno != EAGAIN) {
        client_destroy (c);
        return;
    }
    while ((msg = msgio_next (c->io))) {
        flux_msg_get_type (msg, &type);
        if (type == FLUX_MSGTYPE_REQUEST)
            handle_request (c, msg);
        else
            route_response (c->fb, msg);
        flux_msg_decref (msg);
    }
}

static void connect_cb (void *arg, uint64_t id, int fd)
{
    struct fakebroker *fb = arg;
    struct fake_client *c = calloc (1, sizeof (*c));

    c->fb = fb;
    c->job = find_job (fb, id);
    c->job->connected = true;
    c->io = msgio_create (fd);
    snprintf (c->name, sizeof (c->name), "%llx", (unsigned long long)id);
    ev_io_init (&c->readable, readable_cb, fd, EV_READ);
    c->readable.data = c;
    ev_io_start (fb->loop, &c->readable);
    LL_PREPEND (fb->clients, c);
}

static void started_cb (void *arg, uint64_t id, pid_t pid)
{
    find_job (arg, id)->started = true;
}

static void job_over (struct fakebroker *fb, struct fake_job *job)
{
    job->exited = true;
    fb->live--;
    if (fb->ended)
        fb->ended (fb, job);
    if (fb->live == 0)
        ev_break (fb->loop, EVBREAK_ALL);
}

static void take_result (struct fake_job *job, const char *result, size_t len)
{
    json_t *o = result ? json_loadb (result, len, 0, NULL) : NULL, *all = NULL, *entry;
    size_t index;

    json_unpack (o, "{s:i s?o}", "status", &job->status, "append", &all);
    json_array_foreach (all, index, entry)
    {
        const char *path, *text;
        size_t n;
        if (json_unpack (entry, "[ss%]", &path, &text, &n) == 0)
            append (job, path, text, n);
    }
    json_decref (o);
}

static void exited_cb (void *arg, uint64_t id, int wait_status, const char *result, size_t len)
{
    struct fake_job *job = find_job (arg, id);

    job->wait_status = wait_status;
    take_result (job, result, len);
    job_over (arg, job);
}

static void failed_cb (void *arg, uint64_t id, int errnum, const char *text)
{
    struct fake_job *job = find_job (arg, id);

    job->failed = true;
    job_over (arg, job);
}

static const struct spawner_ops ops = {started_cb, connect_cb, exited_cb, failed_cb};

static const char *shell_path (void)
{
    const char *top = getenv ("top_builddir");
    static char path[4096];

    snprintf (path, sizeof (path), "%s/shell/job/flux-shell", top ? top : ".");
    return path;
}

struct fakebroker *fakebroker_create (void)
{
    struct fakebroker *fb = calloc (1, sizeof (*fb));
    flux_error_t error;

    fb->loop = ev_loop_new (EVFLAG_AUTO);
    if (!(fb->sp = spawner_create (fb->loop, shell_path (), NULL, NULL, &ops, fb, &error))) {
        fprintf (stderr, "spawner_create: %s\n", error.text);
        exit (1);
    }
    return fb;
}

void fakebroker_destroy (struct fakebroker *fb)
{
    spawner_destroy (fb->sp);
    while (fb->clients)
        client_destroy (fb->clients);
    for (int i = 0; i < fb->njobs; i++) {
        buf_clear (&fb->jobs[i].exec);
        buf_clear (&fb->jobs[i].output);
        buf_clear (&fb->jobs[i].input);
        buf_clear (&fb->jobs[i].raised);
    }
    buf_clear (&fb->stream);
    ev_loop_destroy (fb->loop);
    free (fb);
}

static json_t *ranks_of (int nshells)
{
    json_t *a = json_array ();

    for (int i = 0; i < nshells; i++)
        json_array_append_new (a, json_integer (i));
    return a;
}

char *fake_request_multi (uint64_t id, const char *command, int ntasks, const char *options,
                          int rank, int nshells)
{
    char cores[32], ranks[32], hosts[32];
    int per_node = (ntasks + nshells - 1) / nshells;

    snprintf (cores, sizeof (cores), per_node > 1 ? "0-%d" : "0", per_node - 1);
    snprintf (ranks, sizeof (ranks), nshells > 1 ? "0-%d" : "0", nshells - 1);
    snprintf (hosts, sizeof (hosts), "node[0-%d]", nshells - 1);
    json_t *o =
        json_pack ("{s:I s:i s:i s:o s:i s:{s:s s:s} s:{s:i s:{s:[{s:s s:{s:s}}] s:f s:f s:[s]}}"
                   " s:{s:i s:[{s:s s:i s:s s:[{s:s s:i}]}] s:[{s:o s:s s:{s:i}}]"
                   "    s:{s:{s:f s:{s:s s:s} s:{s:o}}}}}",
                   "id", (json_int_t)(id - rank), "shell_rank", rank, "nshells", nshells, "ranks",
                   ranks_of (nshells), "userid", (int)getuid (), "attrs", "local-uri",
                   "local:///none", "rundir", getenv ("TMPDIR") ? getenv ("TMPDIR") : "/tmp", "R",
                   "version", 1, "execution", "R_lite", "rank", ranks, "children", "core", cores,
                   "starttime", 0., "expiration", 0., "nodelist", hosts, "jobspec", "version", 1,
                   "resources", "type", "slot", "count", ntasks, "label", "task", "with", "type",
                   "core", "count", 1, "tasks", "command", json_loads (command, 0, NULL), "slot",
                   "task", "count", "per_slot", 1, "attributes", "system", "duration", 0.,
                   "environment", "PATH", "/usr/bin:/bin", "LANG", "C.UTF-8", "shell", "options",
                   options ? json_loads (options, 0, NULL)
                           : json_pack ("{s:{s:{s:s s:s}}}", "input", "stdin", "type", "file",
                                        "path", "/dev/null"));
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;
    json_decref (o);
    return s;
}

char *fake_request (uint64_t id, const char *command, int ntasks, const char *options)
{
    return fake_request_multi (id, command, ntasks, options, 0, 1);
}

struct fake_job *fakebroker_start (struct fakebroker *fb, uint64_t id, char *request)
{
    struct fake_job *job = &fb->jobs[fb->njobs++ % FAKE_JOBS_MAX];

    if (fb->njobs > FAKE_JOBS_MAX)
        fb->njobs = FAKE_JOBS_MAX;
    *job = (struct fake_job){.id = id, .status = -1, .wait_status = -1};
    if (spawner_start (fb->sp, id, request, strlen (request)) < 0) {
        fprintf (stderr, "spawner_start: %s\n", strerror (errno));
        exit (1);
    }
    free (request);
    fb->live++;
    return job;
}

static void timeout_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct fakebroker *fb = w->data;

    fb->timed_out = true;
    ev_break (loop, EVBREAK_ALL);
}

static void timer_start (struct fakebroker *fb, double timeout)
{
    fb->timed_out = false;
    ev_now_update (fb->loop);
    ev_timer_init (&fb->timeout, timeout_cb, timeout, 0.);
    fb->timeout.data = fb;
    ev_timer_start (fb->loop, &fb->timeout);
}

bool fakebroker_run (struct fakebroker *fb, double timeout)
{
    timer_start (fb, timeout);
    if (fb->live > 0)
        ev_run (fb->loop, 0);
    ev_timer_stop (fb->loop, &fb->timeout);
    return !fb->timed_out;
}

void fakebroker_run_until (struct fakebroker *fb, const bool *flag, double timeout)
{
    timer_start (fb, timeout);
    while (!fb->timed_out && !(flag && *flag))
        ev_run (fb->loop, EVRUN_ONCE);
    ev_timer_stop (fb->loop, &fb->timeout);
}

static bool send_request (struct fakebroker *fb, uint64_t id, const char *method, json_t *o,
                          uint32_t matchtag)
{
    struct fake_client *c;
    char topic[256], name[32];

    snprintf (name, sizeof (name), "%llx", (unsigned long long)id);
    LL_FOREACH (fb->clients, c)
    if (!strcmp (c->name, name))
        break;
    if (c && c->service) {
        snprintf (topic, sizeof (topic), "%s.%s", c->service, method);
        char *s = json_dumps (o, JSON_COMPACT);
        flux_msg_t *msg = flux_request_encode (topic, s);
        flux_msg_route_enable (msg);
        flux_msg_set_matchtag (msg, matchtag);
        if (matchtag == STREAM_MATCHTAG)
            flux_msg_set_streaming (msg);
        flux_msg_set_rolemask (msg, FLUX_ROLE_OWNER);
        flux_msg_set_userid (msg, getuid ());
        send_to (c, msg);
        flux_msg_decref (msg);
        free (s);
    }
    json_decref (o);
    return c && c->service;
}

int fakebroker_request (struct fakebroker *fb, uint64_t id, const char *method, json_t *o)
{
    fb->answer = -1;
    bool sent = send_request (fb, id, method, o, OWN_MATCHTAG);
    for (int i = 0; i < 500 && fb->answer < 0 && sent; i++)
        fakebroker_run_until (fb, NULL, 0.01);
    return fb->answer;
}

void fakebroker_stream (struct fakebroker *fb, uint64_t id, const char *method, json_t *o)
{
    fb->stream_errnum = -1;
    buf_reset (&fb->stream);
    if (!send_request (fb, id, method, o, STREAM_MATCHTAG))
        fb->stream_errnum = ENOSYS;
}

char *fake_output (const struct fake_job *job, const char *stream, const char *rank)
{
    struct buf out = {0};
    const char *p = job->output.data, *st, *ra;
    size_t used = 0;

    while (p && used < job->output.len) {
        json_error_t error;
        json_t *o = json_loadb (p + used, job->output.len - used, JSON_DISABLE_EOF_CHECK, &error);
        char *data = NULL;
        size_t len;
        if (!o)
            break;
        if (ioencode_decode (json_object_get (o, "context"), &st, &ra, &data, &len, NULL) == 0 &&
            !strcmp (st, stream) && (!rank || !strcmp (ra, rank)) && data)
            buf_append (&out, data, len);
        free (data);
        json_decref (o);
        used += error.position + 1;
    }
    return buf_steal (&out, NULL);
}

json_t *fake_event (const struct buf *log, const char *name)
{
    size_t used = 0;

    while (log->data && used < log->len) {
        json_error_t error;
        json_t *o = json_loadb (log->data + used, log->len - used, JSON_DISABLE_EOF_CHECK, &error);
        if (!o)
            return NULL;
        if (!strcmp (json_string_value (json_object_get (o, "name")), name))
            return o;
        json_decref (o);
        used += error.position + 1;
    }
    return NULL;
}
