/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the calls of the client library send, byte for byte, and what they make of the answers. */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "testsuite/unit/client/server.h"
#include "testsuite/unit/cmocka.h"

/* The server keeps the last request and answers with the lines it was given: JSON, or "" for an
 * empty response, or an errno after "!". It goes on with the next line for each, all at once for a
 * streaming request. */
struct record {
    char topic[64];
    char payload[1024];
    uint32_t nodeid;
    bool streaming;
    const char *answer[8];
    int next;
    flux_t *h;
    struct server *server;
};

static void answer_line (struct record *rec, struct msgio *io, const flux_msg_t *msg)
{
    const char *s = rec->answer[rec->next++];

    if (!s)
        return;
    if (*s == '!')
        server_respond (io, msg, atoi (s + 1), NULL);
    else
        server_respond (io, msg, 0, *s ? s : NULL);
}

static void serve (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    struct record *rec = arg;
    const char *topic = "", *s = NULL;

    flux_request_decode (msg, &topic, &s);
    snprintf (rec->topic, sizeof (rec->topic), "%s", topic);
    snprintf (rec->payload, sizeof (rec->payload), "%s", s ? s : "");
    flux_msg_get_nodeid (msg, &rec->nodeid);
    rec->streaming = flux_msg_is_streaming (msg);
    if (flux_msg_is_noresponse (msg))
        return;
    do
        answer_line (rec, io, msg);
    while (rec->streaming && rec->answer[rec->next]);
}

static void attr_get (struct msgio *io, const flux_msg_t *msg, void *arg)
{
    server_respond_pack (io, msg, "{s:s s:i}", "value", "sha1", "flags", 1);
}

static const struct server_row rows[] = {{"attr.get", attr_get}, {NULL, serve}};

static int setup (void **state)
{
    struct record *rec = calloc (1, sizeof (*rec));

    rec->h = server_start (rows, rec, &rec->server);
    *state = rec;
    return 0;
}

static int teardown (void **state)
{
    struct record *rec = *state;

    flux_close (rec->h);
    server_stop (rec->server);
    free (rec);
    return 0;
}

static void set_answers (struct record *rec, const char *a, const char *b, const char *c,
                         const char *d)
{
    rec->next = 0;
    rec->answer[0] = a;
    rec->answer[1] = b;
    rec->answer[2] = c;
    rec->answer[3] = d;
    rec->answer[4] = NULL;
}

#define ID 0x123456789abcULL

static flux_future_t *do_submit (flux_t *h)
{
    return flux_job_submit (h, "{\"x\":1}", 16, FLUX_JOB_PRE_SIGNED | FLUX_JOB_WAITABLE);
}
static flux_future_t *do_wait (flux_t *h)
{
    return flux_job_wait (h, FLUX_JOBID_ANY);
}
static flux_future_t *do_cancel (flux_t *h)
{
    return flux_job_cancel (h, ID, NULL);
}
static flux_future_t *do_raise (flux_t *h)
{
    return flux_job_raise (h, ID, "oops", 3, "a note");
}
static flux_future_t *do_kill (flux_t *h)
{
    return flux_job_kill (h, ID, 15);
}
static flux_future_t *do_urgency (flux_t *h)
{
    return flux_job_set_urgency (h, ID, 31);
}
static flux_future_t *do_list (flux_t *h)
{
    return flux_job_list (h, 10, "[\"id\"]", FLUX_USERID_UNKNOWN, FLUX_JOB_STATE_RUNNING);
}
static flux_future_t *do_list_inactive (flux_t *h)
{
    return flux_job_list_inactive (h, 0, 1.5, "[\"id\"]");
}
static flux_future_t *do_list_id (flux_t *h)
{
    return flux_job_list_id (h, ID, "[\"state\"]");
}
static flux_future_t *do_event_watch (flux_t *h)
{
    return flux_job_event_watch (h, ID, "eventlog", FLUX_JOB_EVENT_WATCH_WAITCREATE);
}
static flux_future_t *do_lookup (flux_t *h)
{
    return flux_kvs_lookup (h, NULL, FLUX_KVS_READDIR, "a.b");
}
static flux_future_t *do_lookup_watch (flux_t *h)
{
    return flux_kvs_lookup (h, "ns", FLUX_KVS_WATCH | FLUX_KVS_WATCH_UNIQ, "a");
}
static flux_future_t *do_lookup_waitcreate (flux_t *h)
{
    return flux_kvs_lookup (h, "ns", FLUX_KVS_WAITCREATE, "a");
}
static flux_future_t *do_lookupat (flux_t *h)
{
    return flux_kvs_lookupat (h, 0, "a", "{\"ver\":1,\"type\":\"dirref\",\"data\":[\"sha1-00\"]}");
}
static flux_future_t *do_commit (flux_t *h)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    flux_kvs_txn_put (txn, 0, "a", "42");
    flux_kvs_txn_pack (txn, FLUX_KVS_APPEND, "b", "{s:i}", "x", 1);
    flux_kvs_txn_mkdir (txn, 0, "c");
    flux_kvs_txn_unlink (txn, 0, "d");
    flux_kvs_txn_symlink (txn, 0, "e", "ns", "t");
    flux_kvs_txn_put_raw (txn, 0, "f", NULL, 0);
    flux_future_t *f = flux_kvs_commit (h, NULL, FLUX_KVS_SYNC, txn);
    flux_kvs_txn_destroy (txn);
    return f;
}
static flux_future_t *do_compact (flux_t *h)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    flux_kvs_txn_put (txn, FLUX_KVS_APPEND, "a", "1");
    flux_kvs_txn_put (txn, 0, "b", "x");
    flux_kvs_txn_put (txn, FLUX_KVS_APPEND, "a", "2");
    flux_kvs_txn_put (txn, FLUX_KVS_APPEND, "a", "3");
    flux_future_t *f = flux_kvs_commit (h, NULL, FLUX_KVS_TXN_COMPACT, txn);
    flux_kvs_txn_destroy (txn);
    return f;
}
static flux_future_t *do_getroot (flux_t *h)
{
    return flux_kvs_getroot (h, NULL, 0);
}
static flux_future_t *do_ns_create (flux_t *h)
{
    return flux_kvs_namespace_create (h, "n", 5, 0);
}
static flux_future_t *do_ns_remove (flux_t *h)
{
    return flux_kvs_namespace_remove (h, "n");
}
static flux_future_t *do_publish (flux_t *h)
{
    return flux_event_publish (h, "a.b", FLUX_EVENT_PRIVATE, "{}");
}
static flux_future_t *do_publish_empty (flux_t *h)
{
    return flux_event_publish (h, "a.b", 0, NULL);
}
static flux_future_t *do_publish_pack (flux_t *h)
{
    return flux_event_publish_pack (h, "a", 0, "{s:i}", "x", 1);
}
static flux_future_t *do_subscribe (flux_t *h)
{
    return flux_event_subscribe_ex (h, "job", 0);
}
static flux_future_t *do_unsubscribe (flux_t *h)
{
    return flux_event_unsubscribe_ex (h, "job", 0);
}
static flux_future_t *do_service (flux_t *h)
{
    return flux_service_register (h, "mine");
}
static flux_future_t *do_unservice (flux_t *h)
{
    return flux_service_unregister (h, "mine");
}

#define ANY FLUX_NODEID_ANY

static const struct {
    flux_future_t *(*call) (flux_t *h);
    const char *topic;
    uint32_t nodeid;
    bool streaming;
    const char *payload;
} calls[] = {
    {do_submit, "job-ingest.submit", ANY, false,
     "{\"J\":\"{\\\"x\\\":1}\",\"urgency\":16,\"flags\":4}"},
    {do_wait, "job-manager.wait", ANY, false, "{\"id\":-1}"},
    {do_cancel, "job-manager.raise", ANY, false,
     "{\"id\":20015998343868,\"type\":\"cancel\",\"severity\":0}"},
    {do_raise, "job-manager.raise", ANY, false,
     "{\"id\":20015998343868,\"type\":\"oops\",\"severity\":3,\"note\":\"a note\"}"},
    {do_kill, "job-manager.kill", ANY, false, "{\"id\":20015998343868,\"signum\":15}"},
    {do_urgency, "job-manager.urgency", ANY, false, "{\"id\":20015998343868,\"urgency\":31}"},
    {do_list, "job-list.list", ANY, false,
     "{\"max_entries\":10,\"attrs\":[\"id\"],"
     "\"constraint\":{\"and\":[{\"userid\":[-1]},{\"states\":[48]}]}}"},
    {do_list_inactive, "job-list.list", ANY, false,
     "{\"max_entries\":0,\"since\":1.5,\"attrs\":[\"id\"],\"constraint\":{\"states\":[64]}}"},
    {do_list_id, "job-list.list-id", ANY, false, "{\"id\":20015998343868,\"attrs\":[\"state\"]}"},
    {do_event_watch, "job-info.eventlog-watch", ANY, true,
     "{\"id\":20015998343868,\"path\":\"eventlog\",\"flags\":1}"},
    {do_lookup, "kvs.lookup", ANY, false,
     "{\"key\":\"a.b\",\"namespace\":\"primary\",\"flags\":1}"},
    {do_lookup_watch, "kvs-watch.lookup", ANY, true,
     "{\"key\":\"a\",\"namespace\":\"ns\",\"flags\":132}"},
    {do_lookup_waitcreate, "kvs-watch.lookup", ANY, false,
     "{\"key\":\"a\",\"namespace\":\"ns\",\"flags\":8}"},
    {do_lookupat, "kvs.lookup", ANY, false,
     "{\"key\":\"a\",\"flags\":0,"
     "\"rootdir\":{\"ver\":1,\"type\":\"dirref\",\"data\":[\"sha1-00\"]}}"},
    {do_commit, "kvs.commit", ANY, false,
     "{\"namespace\":\"primary\",\"flags\":4,\"ops\":["
     "{\"key\":\"a\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"NDI=\"}},"
     "{\"key\":\"b\",\"flags\":32,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"eyJ4IjoxfQ==\"}"
     "},"
     "{\"key\":\"c\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"dir\",\"data\":{}}},"
     "{\"key\":\"d\",\"flags\":0,\"dirent\":null},"
     "{\"key\":\"e\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"symlink\","
     "\"data\":{\"namespace\":\"ns\",\"target\":\"t\"}}},"
     "{\"key\":\"f\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"\"}}]}"},
    {do_compact, "kvs.commit", ANY, false,
     "{\"namespace\":\"primary\",\"flags\":0,\"ops\":["
     "{\"key\":\"a\",\"flags\":32,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"MTIz\"}},"
     "{\"key\":\"b\",\"flags\":0,\"dirent\":{\"ver\":1,\"type\":\"val\",\"data\":\"eA==\"}}]}"},
    {do_getroot, "kvs.getroot", ANY, false, "{\"namespace\":\"primary\",\"flags\":0}"},
    {do_ns_create, "kvs.namespace-create", 0, false,
     "{\"namespace\":\"n\",\"rootref\":\"sha1-c0a9faf907dda6216fd73bf81d0b3b21a1a8cb91\","
     "\"owner\":5,\"flags\":0}"},
    {do_ns_remove, "kvs.namespace-remove", 0, false, "{\"namespace\":\"n\"}"},
    {do_publish, "event.publish", 0, false, "{\"topic\":\"a.b\",\"flags\":1,\"payload\":\"e30A\"}"},
    {do_publish_empty, "event.publish", 0, false, "{\"topic\":\"a.b\",\"flags\":0}"},
    {do_publish_pack, "event.publish", 0, false,
     "{\"topic\":\"a\",\"flags\":0,\"payload\":\"eyJ4IjoxfQA=\"}"},
    {do_subscribe, "event.subscribe", ANY, false, "{\"topic\":\"job\"}"},
    {do_unsubscribe, "event.unsubscribe", ANY, false, "{\"topic\":\"job\"}"},
    {do_service, "service.add", ANY, false, "{\"service\":\"mine\"}"},
    {do_unservice, "service.remove", ANY, false, "{\"service\":\"mine\"}"},
};

static void test_requests (void **state)
{
    struct record *rec = *state;

    for (size_t i = 0; i < sizeof (calls) / sizeof (calls[0]); i++) {
        set_answers (rec, "!61", NULL, NULL, NULL);
        flux_future_t *f = calls[i].call (rec->h);
        assert_non_null (f);
        assert_int_equal (flux_future_get (f, NULL), -1);
        assert_int_equal (errno, ENODATA);
        assert_string_equal (rec->topic, calls[i].topic);
        assert_string_equal (rec->payload, calls[i].payload);
        assert_int_equal (rec->nodeid, calls[i].nodeid);
        assert_int_equal (rec->streaming, calls[i].streaming);
        flux_future_destroy (f);
    }
}

static void test_lookup_get (void **state)
{
    struct record *rec = *state;
    const char *s, *ns, *target;
    const void *data;
    size_t len;
    int x;

    set_answers (rec, "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":\"eyJ4IjoxfQ==\"}}", NULL,
                 NULL, NULL);
    flux_future_t *f = flux_kvs_lookup (rec->h, NULL, 0, "k");
    assert_int_equal (flux_kvs_lookup_get (f, &s), 0);
    assert_string_equal (s, "{\"x\":1}");
    assert_int_equal (flux_kvs_lookup_get_raw (f, &data, &len), 0);
    assert_int_equal (len, 7);
    assert_int_equal (flux_kvs_lookup_get_unpack (f, "{s:i}", "x", &x), 0);
    assert_int_equal (x, 1);
    assert_int_equal (flux_kvs_lookup_get_unpack (f, "{s:i}", "y", &x), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (flux_kvs_lookup_get_treeobj (f, &s), 0);
    assert_string_equal (s, "{\"data\":\"eyJ4IjoxfQ==\",\"type\":\"val\",\"ver\":1}");
    assert_string_equal (flux_kvs_lookup_get_key (f), "k");
    assert_int_equal (flux_kvs_lookup_get_dir (f, NULL), -1);
    assert_int_equal (flux_kvs_lookup_get_symlink (f, NULL, NULL), -1);
    assert_int_equal (flux_kvs_lookup_cancel (f), -1);
    flux_future_destroy (f);

    set_answers (rec,
                 "{\"val\":{\"ver\":1,\"type\":\"symlink\",\"data\":{\"target\":\"t\","
                 "\"namespace\":\"n\"}}}",
                 NULL, NULL, NULL);
    f = flux_kvs_lookup (rec->h, NULL, FLUX_KVS_READLINK, "k");
    assert_int_equal (flux_kvs_lookup_get_symlink (f, &ns, &target), 0);
    assert_string_equal (ns, "n");
    assert_string_equal (target, "t");
    assert_int_equal (flux_kvs_lookup_get (f, &s), -1);
    flux_future_destroy (f);

    static const char *const bad[] = {
        "{}",
        "{\"val\":3}",
        "{\"val\":{\"ver\":2,\"type\":\"val\",\"data\":\"\"}}",
        "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":3}}",
        "{\"val\":{\"ver\":1,\"type\":\"dirref\",\"data\":[]}}",
        "{\"val\":{\"ver\":1,\"type\":\"dir\",\"data\":{\"a\":1}}}",
        "",
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        set_answers (rec, bad[i], NULL, NULL, NULL);
        f = flux_kvs_lookup (rec->h, NULL, 0, "k");
        assert_int_equal (flux_kvs_lookup_get (f, &s), -1);
        assert_int_equal (errno, EPROTO);
        flux_future_destroy (f);
    }
}

static void test_lookup_dir (void **state)
{
    struct record *rec = *state;
    const flux_kvsdir_t *dir;
    const char *name;
    char seen[16] = "";

    set_answers (rec,
                 "{\"val\":{\"ver\":1,\"type\":\"dir\",\"data\":{"
                 "\"b\":{\"ver\":1,\"type\":\"val\",\"data\":\"\"},"
                 "\"a\":{\"ver\":1,\"type\":\"dirref\",\"data\":[\"sha1-1\"]},"
                 "\"c\":{\"ver\":1,\"type\":\"symlink\",\"data\":{\"target\":\"t\"}}}}}",
                 NULL, NULL, NULL);
    flux_future_t *f = flux_kvs_lookup (rec->h, NULL, FLUX_KVS_READDIR, "x.y");
    assert_int_equal (flux_kvs_lookup_get_dir (f, &dir), 0);
    flux_kvsitr_t *itr = flux_kvsitr_create (dir);
    while ((name = flux_kvsitr_next (itr)))
        strcat (seen, name);
    assert_string_equal (seen, "abc");
    flux_kvsitr_rewind (itr);
    assert_string_equal (flux_kvsitr_next (itr), "a");
    assert_int_equal (flux_kvsdir_get_size (dir), 3);
    assert_true (flux_kvsdir_isdir (dir, "a"));
    assert_false (flux_kvsdir_isdir (dir, "b"));
    assert_true (flux_kvsdir_issymlink (dir, "c"));
    assert_true (flux_kvsdir_exists (dir, "b"));
    assert_false (flux_kvsdir_exists (dir, "z"));
    char *key = flux_kvsdir_key_at (dir, "a");
    assert_string_equal (key, "x.y.a");
    free (key);
    flux_future_destroy (f);
    flux_kvsitr_destroy (itr); // held the directory
}

static void test_lookup_watch (void **state)
{
    struct record *rec = *state;
    const char *s;

    set_answers (rec, "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":\"MQ==\"}}", "",
                 "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":\"Mg==\"}}", "!61");
    flux_future_t *f =
        flux_kvs_lookup (rec->h, NULL, FLUX_KVS_WATCH | FLUX_KVS_WATCH_INITIAL_SENTINEL, "k");
    assert_int_equal (flux_kvs_lookup_get (f, &s), 0);
    assert_string_equal (s, "1");
    flux_future_reset (f);
    assert_int_equal (flux_kvs_lookup_get (f, &s), 0);
    assert_null (s);
    flux_future_reset (f);
    assert_int_equal (flux_kvs_lookup_get (f, &s), 0);
    assert_string_equal (s, "2");
    flux_future_reset (f);
    assert_int_equal (flux_kvs_lookup_get (f, &s), -1);
    assert_int_equal (errno, ENODATA);
    flux_future_destroy (f);

    set_answers (rec, "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":\"MQ==\"}}", NULL, NULL, NULL);
    f = flux_kvs_lookup (rec->h, NULL, FLUX_KVS_WATCH, "k");
    assert_int_equal (flux_kvs_lookup_get (f, &s), 0);
    assert_int_equal (flux_kvs_lookup_cancel (f), 0);
    set_answers (rec, "{}", NULL, NULL, NULL);
    flux_future_t *f2 = flux_rpc (rec->h, "sync", NULL, 0, 0);
    flux_future_get (f2, NULL);
    flux_future_destroy (f2);
    flux_future_destroy (f);
}

static void test_roots (void **state)
{
    struct record *rec = *state;
    const char *s;
    int seq;
    uint32_t owner;

    set_answers (rec, "{\"rootref\":\"sha1-ab\",\"rootseq\":7,\"owner\":-2,\"flags\":0}", NULL,
                 NULL, NULL);
    flux_future_t *f = flux_kvs_getroot (rec->h, NULL, 0);
    assert_int_equal (flux_kvs_getroot_get_treeobj (f, &s), 0);
    assert_string_equal (s, "{\"data\":[\"sha1-ab\"],\"type\":\"dirref\",\"ver\":1}");
    assert_int_equal (flux_kvs_getroot_get_blobref (f, &s), 0);
    assert_string_equal (s, "sha1-ab");
    assert_int_equal (flux_kvs_getroot_get_sequence (f, &seq), 0);
    assert_int_equal (seq, 7);
    assert_int_equal (flux_kvs_getroot_get_owner (f, &owner), 0);
    assert_true (owner == 0xfffffffe);
    flux_future_destroy (f);
    f = flux_future_create (NULL, NULL); // not of flux_kvs_getroot()
    flux_future_fulfill (f, NULL, NULL);
    assert_int_equal (flux_kvs_getroot_get_treeobj (f, &s), -1);
    assert_int_equal (errno, EINVAL);
    flux_future_destroy (f);

    set_answers (rec, "{\"rootref\":\"sha1-ab\",\"rootseq\":7}", "{}", NULL, NULL);
    assert_int_equal (flux_kvs_get_version (rec->h, NULL, &seq), 0);
    assert_int_equal (seq, 7);
    assert_int_equal (flux_kvs_wait_version (rec->h, "x", 8), 0);
    assert_string_equal (rec->payload, "{\"rootseq\":8,\"namespace\":\"x\"}");
}

static void test_copy (void **state)
{
    struct record *rec = *state;

    set_answers (rec, "{\"val\":{\"ver\":1,\"type\":\"val\",\"data\":\"MQ==\"}}",
                 "{\"rootref\":\"sha1-ab\",\"rootseq\":7}",
                 "{\"rootref\":\"sha1-ab\",\"rootseq\":8}", NULL);
    flux_future_t *f = flux_kvs_copy (rec->h, NULL, "a", "n", "b", 0);
    int seq;
    assert_int_equal (flux_kvs_commit_get_sequence (f, &seq), 0);
    assert_int_equal (seq, 7);
    assert_string_equal (rec->payload,
                         "{\"namespace\":\"n\",\"flags\":0,\"ops\":[{\"key\":\"b\",\"flags\":0,"
                         "\"dirent\":{\"data\":\"MQ==\",\"type\":\"val\",\"ver\":1}}]}");
    flux_future_destroy (f);
    rec->next = 0;
    f = flux_kvs_move (rec->h, NULL, "a", "n", "b", 0);
    assert_int_equal (flux_kvs_commit_get_sequence (f, &seq), 0);
    assert_int_equal (seq, 8);
    assert_string_equal (rec->payload, "{\"namespace\":\"primary\",\"flags\":0,\"ops\":[{\"key\":"
                                       "\"a\",\"flags\":0,\"dirent\":null}]}");
    flux_future_destroy (f);
    set_answers (rec, "!2", NULL, NULL, NULL);
    f = flux_kvs_move (rec->h, NULL, "a", NULL, "b", 0);
    assert_int_equal (flux_future_get (f, NULL), -1);
    assert_int_equal (errno, ENOENT);
    flux_future_destroy (f);
}

static void test_txn_errors (void **state)
{
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();

    assert_true (flux_kvs_txn_is_empty (txn));
    assert_int_equal (flux_kvs_txn_put (txn, 0, "", "x"), -1);
    assert_int_equal (flux_kvs_txn_put (txn, FLUX_KVS_WATCH, "a", "x"), -1);
    assert_int_equal (flux_kvs_txn_mkdir (txn, FLUX_KVS_APPEND, "a"), -1);
    assert_int_equal (flux_kvs_txn_put_treeobj (txn, 0, "a", "{\"ver\":1}"), -1);
    assert_int_equal (flux_kvs_txn_put_treeobj (txn, 0, "a", "x"), -1);
    assert_int_equal (flux_kvs_txn_symlink (txn, 0, "a", NULL, NULL), -1);
    assert_int_equal (flux_kvs_txn_pack (txn, 0, "a", "{s:"), -1);
    assert_int_equal (errno, EINVAL);
    assert_true (flux_kvs_txn_is_empty (txn));
    flux_kvs_txn_put (txn, FLUX_KVS_APPEND, "a", "1");
    flux_kvs_txn_put (txn, 0, "a", "2");
    struct record *rec = *state;
    assert_null (flux_kvs_commit (rec->h, NULL, FLUX_KVS_TXN_COMPACT, txn));
    assert_int_equal (errno, EINVAL);
    assert_int_equal (flux_kvs_txn_clear (txn), 0);
    assert_true (flux_kvs_txn_is_empty (txn));
    flux_kvs_txn_destroy (txn);
}

static void test_submit_signs (void **state)
{
    struct record *rec = *state;
    uint32_t userid;
    flux_error_t e;
    flux_jobid_t id;

    set_answers (rec, "{\"id\":77}", NULL, NULL, NULL);
    flux_future_t *f = flux_job_submit (rec->h, "{\"x\":1}", 16, 0);
    assert_int_equal (flux_job_submit_get_id (f, &id), 0);
    assert_int_equal (id, 77);
    flux_future_destroy (f);
    json_t *o = json_loads (rec->payload, 0, NULL);
    const char *J = json_string_value (json_object_get (o, "J"));
    char *s = flux_unwrap_string (J, true, &userid, &e);
    assert_string_equal (s, "{\"x\":1}");
    assert_int_equal (userid, getuid ());
    free (s);
    json_decref (o);

    // by hand: userid 1000, payload "foo"
    static const char golden[] =
        "dmVyc2lvbgBpMQB1c2VyaWQAaTEwMDAAbWVjaGFuaXNtAHNub25lAA==.Zm9v.none";
    s = flux_unwrap_string (golden, false, &userid, &e);
    assert_string_equal (s, "foo");
    assert_int_equal (userid, 1000);
    free (s);
    static const char *const bad[] = {
        "",
        ".",
        "..none",
        "a.b.none",
        "dmVyc2lvbgBpMQA=.Zm9v.none",
        "dmVyc2lvbgBpMQB1c2VyaWQAaTEwMDAAbWVjaGFuaXNtAHNub25lAA==.Zm9v.munge",
        "dmVyc2lvbgBpMQB1c2VyaWQAaTEwMDAAbWVjaGFuaXNtAHNub25lAA==.Zm9",
        "dmVyc2lvbgBpMQB1c2VyaWQA.Zm9v.none",
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert_null (flux_unwrap_string (bad[i], false, &userid, &e));
}

static void test_events (void **state)
{
    struct record *rec = *state;
    const char *s;

    set_answers (rec, "{\"event\":\"{}\"}", "", "!61", NULL);
    flux_future_t *f = flux_job_event_watch (rec->h, 1, "eventlog", 2);
    assert_int_equal (flux_job_event_watch_get (f, &s), 0);
    assert_string_equal (s, "{}");
    flux_future_reset (f);
    assert_int_equal (flux_job_event_watch_get (f, &s), 0);
    assert_null (s);
    flux_future_reset (f);
    assert_int_equal (flux_job_event_watch_get (f, &s), -1);
    assert_int_equal (errno, ENODATA);
    flux_future_destroy (f);

    bool success;
    set_answers (rec, "{\"id\":5,\"success\":false,\"errstr\":\"bad\"}", NULL, NULL, NULL);
    flux_jobid_t id;
    f = flux_job_wait (rec->h, 5);
    assert_int_equal (flux_job_wait_get_status (f, &success, &s), 0);
    assert_false (success);
    assert_string_equal (s, "bad");
    assert_int_equal (flux_job_wait_get_id (f, &id), 0);
    assert_int_equal (id, 5);
    flux_future_destroy (f);
}

#define EVENT(t, name, ctx)                                                                        \
    "{\"event\":\"{\\\"timestamp\\\":" t ",\\\"name\\\":\\\"" name "\\\"" ctx "}\\n\"}"

static void test_result (void **state)
{
    static const struct {
        const char *third;
        const char *want;
    } cases[] = {
        {EVENT ("3.5", "finish", ",\\\"context\\\":{\\\"status\\\":0}"),
         "{\"id\":9,\"exception_occurred\":false,\"t_submit\":1.0,\"t_run\":2.0,"
         "\"t_cleanup\":3.5,\"waitstatus\":0,\"result\":1}"},
        {EVENT ("3.5", "finish", ",\\\"context\\\":{\\\"status\\\":256}"),
         "{\"id\":9,\"exception_occurred\":false,\"t_submit\":1.0,\"t_run\":2.0,"
         "\"t_cleanup\":3.5,\"waitstatus\":256,\"result\":2}"},
        {EVENT ("3", "exception",
                ",\\\"context\\\":{\\\"type\\\":\\\"cancel\\\",\\\"severity\\\":0,"
                "\\\"note\\\":\\\"n\\\"}"),
         "{\"id\":9,\"exception_occurred\":true,\"t_submit\":1.0,\"t_run\":2.0,"
         "\"exception_type\":\"cancel\",\"exception_note\":\"n\",\"exception_severity\":0,"
         "\"result\":4}"},
    };
    struct record *rec = *state;

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        const char *s;
        int result;
        set_answers (rec, EVENT ("1.0", "submit", ""), EVENT ("2.0", "alloc", ""), cases[i].third,
                     "!61");
        flux_future_t *f = flux_job_result (rec->h, 9, 0);
        assert_int_equal (flux_job_result_get (f, &s), 0);
        assert_string_equal (s, cases[i].want);
        assert_int_equal (flux_job_result_get_unpack (f, "{s:i}", "result", &result), 0);
        flux_future_destroy (f);
    }
    set_answers (rec, "!2", NULL, NULL, NULL);
    flux_future_t *f = flux_job_result (rec->h, 9, 0);
    assert_int_equal (flux_job_result_get (f, NULL), -1);
    assert_int_equal (errno, ENOENT);
    flux_future_destroy (f);
    set_answers (rec, "{\"event\":\"x\"}", NULL, NULL, NULL);
    f = flux_job_result (rec->h, 9, 0);
    assert_int_equal (flux_job_result_get (f, NULL), -1);
    assert_int_equal (errno, EPROTO);
    flux_future_destroy (f);
    f = flux_job_result (rec->h, 9, 0);
    flux_future_destroy (f);
}

static void test_timeleft (void **state)
{
    struct record *rec = *state;
    double left;
    flux_error_t e;

    unsetenv ("FLUX_JOB_ID");
    set_answers (rec, "{\"R\":{\"execution\":{\"expiration\":0.0}}}", NULL, NULL, NULL);
    assert_int_equal (flux_job_timeleft (rec->h, &e, &left), 0);
    assert_true (isinf (left));
    setenv ("FLUX_JOB_ID", "42", 1);
    set_answers (rec, "{\"job\":{\"expiration\":1.0,\"state\":16}}", "{\"job\":{\"state\":64}}",
                 "{\"job\":{\"state\":8}}", "!2");
    assert_int_equal (flux_job_timeleft (rec->h, &e, &left), 0);
    assert_true (left == 0.);
    assert_int_equal (flux_job_timeleft (rec->h, &e, &left), 0);
    assert_true (left == 0.);
    assert_int_equal (flux_job_timeleft (rec->h, &e, &left), -1);
    assert_string_equal (e.text, "job 42 has not started");
    assert_int_equal (flux_job_timeleft (rec->h, &e, &left), -1);
    unsetenv ("FLUX_JOB_ID");
}

static void on_log (const char *buf, int len, void *arg)
{
    char *all = arg;

    snprintf (all + strlen (all), 512 - strlen (all), "%.*s|", len, buf);
}

static void test_log (void **state)
{
    struct record *rec = *state;
    char got[512] = "";
    char stamp[64];
    int n = 0;

    flux_log_set_redirect (rec->h, on_log, got);
    flux_log_set_hostname (rec->h, "host");
    flux_log_set_appname (rec->h, "app");
    flux_log_set_procid (rec->h, "7");
    errno = EPERM;
    assert_int_equal (flux_log (rec->h, LOG_INFO, "one\ntwo\n"), 0);
    assert_int_equal (errno, EPERM);
    assert_int_equal (sscanf (got, "<48>1 %63s host app 7 - - one|%n", stamp, &n), 1);
    assert_int_equal (strlen (stamp), strlen ("2026-01-02T03:04:05.678901Z"));
    assert_int_equal (strlen (got + n), n - 0);
    assert_non_null (strstr (got, " - - two|"));
    got[0] = '\0';
    flux_log_error (rec->h, "oops");
    assert_int_equal (errno, EPERM);
    assert_non_null (strstr (got, " - - oops: Operation not permitted|"));
    assert_memory_equal (got, "<24>1 ", 6);
}

static void test_hosts (void **state)
{
    struct record *rec = *state;
    static const struct {
        const char *targets;
        const char *want; // or NULL with the error
        const char *error;
    } rows[] = {
        {"0-1,4", "n[0-1],m", NULL},
        {"m,n1", "1,4", NULL},
        {"n[0-3]", "0-3", NULL},
        {"", "", NULL},
        {"5", NULL, "rank 5 is not in host map"},
        {"4294967294", NULL, "host 4294967294 not found in host map"},
        {"n9", NULL, "host n9 not found in host map"},
        {"n[", NULL, "target must be a valid idset or hostlist"},
    };

    flux_attr_set_cacheonly (rec->h, "hostlist", "n[0-3],m");
    for (size_t i = 0; i < sizeof (rows) / sizeof (rows[0]); i++) {
        flux_error_t e = {""};
        char *s = flux_hostmap_lookup (rec->h, rows[i].targets, &e);
        if (rows[i].want)
            assert_string_equal (s, rows[i].want);
        else {
            assert_null (s);
            assert_string_equal (e.text, rows[i].error);
        }
        free (s);
    }
    assert_string_equal (flux_get_hostbyrank (rec->h, 4), "m");
    assert_string_equal (flux_get_hostbyrank (rec->h, 5), "(null)");
    assert_string_equal (flux_get_hostbyrank (rec->h, FLUX_NODEID_ANY), "any");
    assert_string_equal (flux_get_hostbyrank (rec->h, FLUX_NODEID_UPSTREAM), "upstream");
    assert_int_equal (flux_get_rankbyhost (rec->h, "n2"), 2);
    assert_int_equal (flux_get_rankbyhost (rec->h, "x"), -1);
}

#define TEST(t) cmocka_unit_test_setup_teardown (t, setup, teardown)

int main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (test_requests),     TEST (test_lookup_get),   TEST (test_lookup_dir),
        TEST (test_lookup_watch), TEST (test_roots),        TEST (test_copy),
        TEST (test_txn_errors),   TEST (test_submit_signs), TEST (test_events),
        TEST (test_result),       TEST (test_timeleft),     TEST (test_log),
        TEST (test_hosts),
    };
    unsetenv ("FLUX_KVS_NAMESPACE");
    return cmocka_run_group_tests (tests, NULL, NULL);
}
