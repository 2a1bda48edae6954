#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Programs that are written for the C interface of flux-core, as its manual pages of section 3 describe
# it: they build as they are, and do what they should. One for each family of functions.

. "$(dirname "$0")/lib.sh"

[ -x "$top_builddir/shell/broker/flux-broker" ] || skip_all "flux-broker is not built"
CC=${CC:-gcc}

# build NAME: the program on stdin
build ()
{
    cat >"$1.c"
    compile_client "$1" -Wall -Wextra -Werror -Wno-unused-parameter -ljansson
}

# What programs are written for: data/api.h declares each function once more, which a compiler takes only
# when return value and arguments are the same.
test_case 'every function of the interface is declared as it is there, and exported' <<'END'
api=$top_srcdir/testsuite/data/api.h
{
    printf '#include <flux/core.h>\n#include <flux/idset.h>\n#include <flux/hostlist.h>\n#include <flux/taskmap.h>\n'
    printf '#include <flux/connector.h>\n'
    cat "$api"
    printf 'typedef void (*any_f) (void);\nany_f all[] = {\n'
    sed -n 's/^[^(]*[ *]\([a-z0-9_]*\) (.*);$/    (any_f) \&\1,/p' "$api"
    printf '};\nint main (void) { return sizeof (all) / sizeof (all[0]) == %d ? 0 : 1; }\n' "$(grep -c ';$' "$api")"
} >all.c
compile_client all -Wall -Werror -Wno-deprecated-declarations
./all
sed 's/^int flux_send (/long flux_send (/' all.c >wrong.c
! $CC -I"$top_srcdir/lib/include" -c wrong.c -o /dev/null 2>/dev/null
END

test_case 'messages: encode, decode, routes, payloads, match' <<'END'
build msg <<'EOF'
#include <assert.h>
#include <string.h>
#include <stdlib.h>
#include <flux/core.h>
int main (void)
{
    flux_msg_t *req = flux_request_encode ("a.b", "{\"x\":42}"), *rep, *copy;
    struct flux_match match = FLUX_MATCH_REQUEST;
    const char *topic, *s;
    const void *data;
    size_t len;
    int x, e;
    assert (req && flux_request_unpack (req, &topic, "{s:i}", "x", &x) == 0 && x == 42);
    match.topic_glob = "a.*";
    assert (flux_msg_cmp (req, match) && !flux_msg_cmp (req, FLUX_MATCH_EVENT));
    flux_msg_route_enable (req);
    assert (flux_msg_route_push (req, "me") == 0 && flux_msg_route_count (req) == 1);
    assert (flux_msg_set_nodeid (req, 3) == 0 && flux_msg_set_matchtag (req, 7) == 0);
    assert ((rep = flux_response_derive (req, 0)) && flux_msg_set_payload (rep, "ab", 2) == 0);
    assert (flux_response_decode_raw (rep, &topic, &data, &len) == 0 && len == 2 && !memcmp (data, "ab", 2));
    assert (strcmp (flux_msg_route_last (rep), "me") == 0);
    size_t size = flux_msg_encode_size (req);
    char *buf = malloc (size);
    assert (flux_msg_encode (req, buf, size) == 0 && (copy = flux_msg_decode (buf, size)));
    assert (flux_request_decode (copy, NULL, &s) == 0 && strcmp (s, "{\"x\":42}") == 0);
    flux_msg_t *err = flux_response_derive (req, 2);
    assert (flux_response_decode (err, NULL, NULL) == -1 && flux_msg_get_errnum (err, &e) == 0 && e == 2);
    flux_msg_t *ev = flux_event_pack ("top.ic", "{s:s}", "k", "v");
    assert (ev && flux_event_unpack (ev, &topic, "{s:s}", "k", &s) == 0 && strcmp (s, "v") == 0);
    free (buf);
    flux_msg_destroy (req); flux_msg_destroy (rep); flux_msg_destroy (copy); flux_msg_destroy (err); flux_msg_destroy (ev);
    return 0;
}
EOF
./msg
END

test_case 'reactor: timers, idle, prepare and check, fds, signals, stat' <<'END'
build reactor <<'EOF'
#include <assert.h>
#include <signal.h>
#include <unistd.h>
#include <flux/core.h>
static int seen[8];
static void cb (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    int i = *(int *)arg;
    if (++seen[i] == 2 || i == 2 || i == 3)
        flux_watcher_stop (w);
    if (i == 0 && seen[0] == 1)
        raise (SIGUSR1);
}
int main (void)
{
    flux_reactor_t *r = flux_reactor_create (0);
    int id[] = {0, 1, 2, 3, 4, 5}, fd[2];
    flux_watcher_t *w[6];
    assert (r && pipe (fd) == 0 && write (fd[1], "x", 1) == 1);
    w[0] = flux_timer_watcher_create (r, 0.001, 0.001, cb, &id[0]);
    w[1] = flux_idle_watcher_create (r, cb, &id[1]);
    w[2] = flux_fd_watcher_create (r, fd[0], FLUX_POLLIN, cb, &id[2]);
    w[3] = flux_signal_watcher_create (r, SIGUSR1, cb, &id[3]);
    w[4] = flux_prepare_watcher_create (r, cb, &id[4]);
    w[5] = flux_check_watcher_create (r, cb, &id[5]);
    for (int i = 0; i < 6; i++) {
        assert (w[i]);
        flux_watcher_start (w[i]);
    }
    assert (flux_reactor_run (r, 0) >= 0);
    assert (seen[0] == 2 && seen[1] == 2 && seen[2] == 1 && seen[3] == 1 && seen[4] == 2 && seen[5] == 2);
    assert (flux_reactor_now (r) > 0);
    for (int i = 0; i < 6; i++)
        flux_watcher_destroy (w[i]);
    flux_reactor_destroy (r);
    return 0;
}
EOF
./reactor
END

test_case 'handles, attributes, RPC, futures: then, and_then, all, any' <<'END'
build rpc <<'EOF'
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
static int done;
static void pong (flux_future_t *f, void *arg)
{
    assert (flux_rpc_get (f, NULL) == 0);
    done++;
    flux_future_destroy (f);
}
static void second (flux_future_t *f, void *arg)
{
    flux_t *h = arg;
    assert (flux_future_get (f, NULL) == 0);
    flux_future_continue (f, flux_rpc_pack (h, "attr.get", FLUX_NODEID_ANY, 0, "{s:s}", "name", "size"));
    flux_future_destroy (f);
}
int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    uint32_t rank, size;
    const char *s;
    assert (h && flux_get_rank (h, &rank) == 0 && rank == 0 && flux_get_size (h, &size) == 0 && size == 2);
    assert ((s = flux_attr_get (h, "size")) && strcmp (s, "2") == 0 && !flux_attr_get (h, "nosuch") && errno == ENOENT);
    assert (flux_attr_set (h, "test.api", "x") == 0 && strcmp (flux_attr_get (h, "test.api"), "x") == 0);
    assert (flux_attr_set (h, "test.api", NULL) == 0 && !flux_attr_get (h, "test.api") && errno == ENOENT);
    assert (flux_attr_set (h, "rank", NULL) == -1 && errno == EPERM);
    for (rank = 0; rank < size; rank++)
        assert (flux_future_then (flux_rpc (h, "broker.ping", "{}", rank, 0), -1., pong, NULL) == 0);
    assert (flux_reactor_run (flux_get_reactor (h), 0) >= 0 && done == 2);
    flux_future_t *f = flux_rpc (h, "nosuch.method", NULL, FLUX_NODEID_ANY, 0);
    assert (flux_rpc_get (f, NULL) == -1 && errno == ENOSYS && flux_future_error_string (f));
    flux_future_destroy (f);
    f = flux_rpc (h, "broker.ping", "{}", 9, 0);
    assert (flux_rpc_get (f, NULL) == -1 && errno == EHOSTUNREACH);
    flux_future_destroy (f);
    f = flux_future_and_then (flux_rpc (h, "broker.ping", "{}", 1, 0), second, h);
    assert (flux_rpc_get_unpack (f, "{s:s}", "value", &s) == 0 && strcmp (s, "2") == 0);
    flux_future_destroy (f);
    f = flux_future_wait_all_create ();
    flux_future_push (f, "a", flux_rpc (h, "broker.ping", "{}", 0, 0));
    flux_future_push (f, "b", flux_rpc (h, "broker.ping", "{}", 1, 0));
    assert (flux_future_wait_for (f, 10.) == 0 && flux_rpc_get (flux_future_get_child (f, "b"), NULL) == 0);
    flux_future_destroy (f);
    assert (flux_aux_set (h, "k", strdup ("v"), free) == 0 && strcmp (flux_aux_get (h, "k"), "v") == 0);
    flux_close (h);
    return 0;
}
EOF
flux start -s2 ./rpc
END

# From within an instance in an instance: "..", "/" and beyond lead to the outer one.
test_case 'flux_open: paths to ancestors; the URI of a parent from another host' <<'END'
build ancestor <<'EOF'
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
int main (void)
{
    static const char *outer[] = {"..", "../", "../..", "../../..", "/", "./..", "../."}, *bad[] = {"/..", "a", "..."};
    flux_t *h = flux_open (".", 0), *up;
    const char *s;
    char *parent;
    flux_error_t e;
    assert (h && !strcmp (flux_attr_get (h, "instance-level"), "1"));
    parent = strdup (flux_attr_get (h, "parent-uri"));
    for (size_t i = 0; i < sizeof (outer) / sizeof (outer[0]); i++) {
        assert ((up = flux_open_ex (outer[i], 0, &e)));
        assert (!strcmp (flux_attr_get (up, "instance-level"), "0") && !strcmp (flux_attr_get (up, "local-uri"), parent));
        assert (!flux_attr_get (up, "parent-uri") && errno == ENOENT);
        flux_close (up);
    }
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert (!flux_open_ex (bad[i], 0, &e) && *e.text);
    setenv ("FLUX_PROXY_REMOTE", "me@there:22", 1); /* as flux proxy does */
    s = flux_attr_get (h, "parent-uri");
    assert (!strncmp (s, "ssh://me@there:22/", 18) && !strcmp (s + 17, parent + 8));
    unsetenv ("FLUX_PROXY_REMOTE");
    assert (!strcmp (flux_attr_get (h, "parent-uri"), parent));
    unsetenv ("FLUX_URI");
    assert (!flux_open_ex (NULL, 0, &e) && strstr (e.text, "FLUX_URI"));
    assert (!flux_open_ex ("..", 0, &e) && *e.text);
    free (parent);
    flux_close (h);
    return 0;
}
EOF
flux start flux alloc -n1 ./ancestor
END

test_case 'services: message handlers, streaming, cancel, disconnect' <<'END'
build service <<'EOF'
#include <assert.h>
#include <errno.h>
#include <flux/core.h>
static void count_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    int n;
    if (flux_request_unpack (msg, NULL, "{s:i}", "n", &n) < 0 || !flux_msg_is_streaming (msg)) {
        flux_respond_error (h, msg, EPROTO, "not so");
        return;
    }
    for (int i = 0; i < n; i++)
        flux_respond_pack (h, msg, "{s:i}", "i", i);
    flux_respond_error (h, msg, ENODATA, NULL);
}
static const struct flux_msg_handler_spec tab[] = {
    {FLUX_MSGTYPE_REQUEST, "api.count", count_cb, 0}, FLUX_MSGHANDLER_TABLE_END};
static int sum;
static void next (flux_future_t *f, void *arg)
{
    int i;
    if (flux_rpc_get_unpack (f, "{s:i}", "i", &i) == 0) {
        sum += i + 1;
        flux_future_reset (f);
        return;
    }
    assert (errno == ENODATA);
    flux_future_destroy (f);
    flux_reactor_stop (arg);
}
int main (void)
{
    flux_t *h = flux_open (NULL, 0), *c = flux_open (NULL, 0);
    flux_reactor_t *r = flux_get_reactor (h);
    flux_msg_handler_t **handlers;
    assert (h && c && flux_set_reactor (c, r) == 0);
    flux_future_t *f = flux_service_register (h, "api");
    assert (flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    assert (flux_msg_handler_addvec (h, tab, NULL, &handlers) == 0);
    f = flux_rpc_pack (c, "api.count", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i}", "n", 4);
    assert (flux_future_then (f, -1., next, r) == 0 && flux_reactor_run (r, 0) >= 0 && sum == 10);
    f = flux_service_unregister (h, "api");
    assert (flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    flux_msg_handler_delvec (handlers);
    flux_close (c);
    flux_close (h);
    return 0;
}
EOF
flux start ./service
END

# RFC 6: a request whose answers are many says so, or is refused at once.
test_case 'services with many answers refuse requests that wait for one' <<'END'
build one <<'EOF'
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <flux/core.h>
int main (void)
{
    static const char *rpcs[][2] = {
        {"kvs-watch.lookup", "{\"key\":\"a\",\"namespace\":\"primary\",\"flags\":20}"},
        {"job-info.eventlog-watch", "{\"id\":1,\"path\":\"eventlog\",\"flags\":0}"},
        {"job-info.update-watch", "{\"id\":1,\"key\":\"R\",\"flags\":0}"},
        {"job-manager.events-journal", "{\"full\":true}"},
        {"resource.acquire", "{}"},
        {"log.dmesg", "{\"follow\":true,\"nobacklog\":false}"},
        {"overlay.monitor", "{}"},
        {"overlay.trace", "{\"typemask\":15,\"topic_glob\":\"*\",\"nodeid\":-1}"},
        {"module.trace", "{\"typemask\":15,\"topic_glob\":\"*\",\"names\":[]}"},
    };
    flux_t *h = flux_open (NULL, 0);
    for (size_t i = 0; i < sizeof (rpcs) / sizeof (rpcs[0]); i++) {
        flux_future_t *f = flux_rpc (h, rpcs[i][0], rpcs[i][1], FLUX_NODEID_ANY, 0);
        puts (rpcs[i][0]);
        assert (f && flux_rpc_get (f, NULL) == -1 && errno == EPROTO);
        flux_future_destroy (f);
    }
    flux_close (h);
    return 0;
}
EOF
flux start -s2 ./one
END

test_case 'events: subscribe, publish, private' <<'END'
build event <<'EOF'
#include <assert.h>
#include <string.h>
#include <flux/core.h>
int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    const char *topic, *s;
    int seq;
    assert (h && flux_event_subscribe (h, "api.") == 0);
    flux_future_t *f = flux_event_publish_pack (h, "api.one", 0, "{s:s}", "k", "v");
    assert (f && flux_event_publish_get_seq (f, &seq) == 0 && seq > 0);
    flux_future_destroy (f);
    struct flux_match m = FLUX_MATCH_EVENT;
    m.topic_glob = "api.*";
    flux_msg_t *msg = flux_recv (h, m, 0);
    assert (msg && flux_event_unpack (msg, &topic, "{s:s}", "k", &s) == 0);
    assert (strcmp (topic, "api.one") == 0 && strcmp (s, "v") == 0);
    flux_msg_destroy (msg);
    assert (flux_event_unsubscribe (h, "api.") == 0);
    flux_close (h);
    return 0;
}
EOF
flux start ./event
END

test_case 'KVS: transactions, lookup, watch, namespaces, getroot, copy' <<'END'
build kvs <<'EOF'
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <flux/core.h>
static void commit (flux_t *h, const char *ns, flux_kvs_txn_t *txn)
{
    flux_future_t *f = flux_kvs_commit (h, ns, 0, txn);
    assert (f && flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    flux_kvs_txn_destroy (txn);
}
int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    const char *s, *key;
    const flux_kvsdir_t *dir;
    int i, n = 0, seq;
    assert (flux_kvs_txn_put (txn, 0, "d.a", "one") == 0 && flux_kvs_txn_pack (txn, 0, "d.b", "i", 2) == 0);
    assert (flux_kvs_txn_mkdir (txn, 0, "e") == 0 && flux_kvs_txn_symlink (txn, 0, "l", NULL, "d.a") == 0);
    commit (h, NULL, txn);
    flux_future_t *f = flux_kvs_lookup (h, NULL, 0, "l");
    assert (flux_kvs_lookup_get (f, &s) == 0 && strcmp (s, "one") == 0);
    flux_future_destroy (f);
    f = flux_kvs_lookup (h, NULL, 0, "d.b");
    assert (flux_kvs_lookup_get_unpack (f, "i", &i) == 0 && i == 2);
    flux_future_destroy (f);
    f = flux_kvs_lookup (h, NULL, FLUX_KVS_READDIR, "d");
    assert (flux_kvs_lookup_get_dir (f, &dir) == 0 && flux_kvsdir_get_size (dir) == 2);
    flux_kvsitr_t *itr = flux_kvsitr_create (dir);
    while ((key = flux_kvsitr_next (itr)))
        n++;
    flux_kvsitr_destroy (itr);
    flux_future_destroy (f);
    assert (n == 2);
    f = flux_kvs_copy (h, NULL, "d", NULL, "d2", 0);
    assert (flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    f = flux_kvs_lookup (h, NULL, 0, "d2.nosuch");
    assert (flux_kvs_lookup_get (f, &s) == -1 && errno == ENOENT);
    flux_future_destroy (f);
    f = flux_kvs_namespace_create (h, "apins", FLUX_USERID_UNKNOWN, 0);
    assert (flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    txn = flux_kvs_txn_create ();
    flux_kvs_txn_put (txn, FLUX_KVS_APPEND, "x", "1");
    commit (h, "apins", txn);
    f = flux_kvs_lookup (h, "apins", FLUX_KVS_WATCH, "x");
    assert (flux_kvs_lookup_get (f, &s) == 0 && strcmp (s, "1") == 0);
    assert (flux_kvs_lookup_cancel (f) == 0);
    flux_future_reset (f);
    assert (flux_kvs_lookup_get (f, &s) == -1 && errno == ENODATA);
    flux_future_destroy (f);
    f = flux_kvs_getroot (h, "apins", 0);
    assert (flux_kvs_getroot_get_sequence (f, &seq) == 0 && seq >= 1);
    flux_future_destroy (f);
    f = flux_kvs_namespace_remove (h, "apins");
    assert (flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
EOF
flux start ./kvs
END

test_case 'idset, hostlist, job ids, configuration, version' <<'END'
build sets <<'EOF'
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
int main (void)
{
    struct idset *ids = idset_decode ("[1-3,7]");
    struct hostlist *hl = hostlist_decode ("n[1-3],x");
    char buf[32], *s;
    flux_jobid_t id;
    int major = -1, x;
    flux_error_t e;
    assert (ids && idset_count (ids) == 4 && idset_test (ids, 7) && idset_first (ids) == 1 && idset_last (ids) == 7);
    assert (idset_range_set (ids, 4, 6) == 0 && (s = idset_encode (ids, IDSET_FLAG_RANGE)) && !strcmp (s, "1-7"));
    free (s);
    idset_destroy (ids);
    assert (hl && hostlist_count (hl) == 4 && !strcmp (hostlist_nth (hl, 3), "x") && hostlist_find (hl, "n2") == 1);
    assert ((s = hostlist_encode (hl)) && !strcmp (s, "n[1-3],x"));
    free (s);
    hostlist_destroy (hl);
    assert (flux_job_id_parse ("f2", &id) == 0 && flux_job_id_encode (id, "hex", buf, sizeof (buf)) == 0);
    flux_conf_t *conf = flux_conf_pack ("{s:{s:i}}", "t", "k", 5);
    assert (conf && flux_conf_unpack (conf, &e, "{s:{s:i}}", "t", "k", &x) == 0 && x == 5);
    flux_conf_decref (conf);
    assert (flux_conf_builtin_get ("confdir", FLUX_CONF_AUTO)[0] == '/');
    assert (strstr (flux_conf_builtin_get ("shell_path", FLUX_CONF_INSTALLED), "/flux-shell"));
    errno = 0;
    assert (!flux_conf_builtin_get ("nothing", FLUX_CONF_AUTO) && errno == EINVAL);
    assert (flux_core_version (&major, NULL, NULL) == FLUX_CORE_VERSION_HEX && major == FLUX_CORE_VERSION_MAJOR);
    assert (!strcmp (flux_core_version_string (), FLUX_CORE_VERSION_STRING));
    return 0;
}
EOF
./sets
END

test_case 'stats: what a statsd server gets' <<'END'
build stats <<'EOF'
#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <flux/core.h>
static char *get (int fd)
{
    static char buf[2000];
    ssize_t n = recv (fd, buf, sizeof (buf) - 1, 0);
    assert (n > 0);
    buf[n] = '\0';
    return buf;
}
int main (void)
{
    struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    socklen_t len = sizeof (sin);
    int fd = socket (AF_INET, SOCK_DGRAM, 0);
    char addr[64];
    flux_t *h = flux_open (NULL, 0);
    assert (h && !flux_stats_enabled (h, NULL));
    flux_stats_count (h, "nobody", 1);
    assert (bind (fd, (struct sockaddr *)&sin, len) == 0 && getsockname (fd, (struct sockaddr *)&sin, &len) == 0);
    snprintf (addr, sizeof (addr), "127.0.0.1:%d", ntohs (sin.sin_port));
    setenv ("FLUX_FRIPP_STATSD", addr, 1);
    assert (flux_stats_enabled (h, NULL) && !flux_stats_enabled (h, "c"));
    flux_stats_set_period (h, 0);
    flux_stats_count (h, "c", 7);
    assert (!strcmp (get (fd), "flux.0.c:7|C\n") && flux_stats_enabled (h, "c"));
    flux_stats_set_prefix (h, "my.{{rank}}.%s", "x");
    flux_stats_gauge_set (h, "g", 3);
    assert (!strcmp (get (fd), "my.0.x.g:3|g\n"));
    flux_stats_gauge_inc (h, "g", 2);
    assert (!strcmp (get (fd), "my.0.x.g:+2|g\n"));
    flux_stats_gauge_inc (h, "g", -2);
    assert (!strcmp (get (fd), "my.0.x.g:-2|g\n"));
    flux_stats_timing (h, "t", 1.5);
    assert (!strncmp (get (fd), "my.0.x.t:1.5", 12));
    flux_stats_set_period (h, .05); // gathered: one packet with the last values
    flux_stats_gauge_set (h, "g", 10);
    flux_stats_gauge_inc (h, "g", 5);
    flux_stats_count (h, "c", 8);
    flux_stats_count (h, "c", 9);
    flux_future_t *f = flux_future_create (NULL, NULL);
    flux_future_set_flux (f, h);
    flux_future_set_reactor (f, flux_get_reactor (h));
    flux_watcher_t *w = flux_timer_watcher_create (flux_get_reactor (h), .2, 0., NULL, NULL);
    flux_watcher_start (w);
    flux_reactor_run (flux_get_reactor (h), 0);
    assert (!strcmp (get (fd), "my.0.x.c:9|C\nmy.0.x.g:15|g\n"));
    flux_watcher_destroy (w);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
EOF
flux start ./stats
END

# 100 MiB are more than a message of JSON can have.
test_case 'kvs: large values are put as they are, beside small ones, again and later' <<'END'
build large <<'EOF'
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <flux/core.h>
static int done;
static void committed (flux_future_t *f, void *arg)
{
    const char *ref;
    assert (flux_kvs_commit_get_rootref (f, &ref) == 0 && !strncmp (ref, "sha", 3));
    flux_future_destroy (f);
    done++;
}
static void check (flux_t *h, const char *ns, const char *key, const char *want, size_t len)
{
    const void *data;
    size_t n;
    flux_future_t *f = flux_kvs_lookup (h, ns, 0, key);
    assert (f && flux_kvs_lookup_get_raw (f, &data, &n) == 0 && n == len && !memcmp (data, want, len));
    flux_future_destroy (f);
}
int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    size_t huge = 100 << 20, big = 3 << 20;
    char *p = malloc (huge);
    flux_future_t *f;
    int seq;

    for (size_t i = 0; i < huge; i++)
        p[i] = i * 2654435761u >> 24;
    assert (flux_kvs_txn_put_raw (txn, 0, "d.huge", p, huge) == 0);
    assert (flux_kvs_txn_put (txn, 0, "d.small", "small") == 0);
    assert ((f = flux_kvs_commit (h, NULL, 0, txn)) && flux_future_get (f, NULL) == 0);
    assert (flux_kvs_commit_get_sequence (f, &seq) == 0 && seq > 0);
    flux_future_destroy (f);
    assert (flux_kvs_txn_clear (txn) == 0 && flux_kvs_txn_is_empty (txn));
    /* twice the same, in two namespaces; and the txn may go before they are through */
    assert ((f = flux_kvs_namespace_create (h, "other", FLUX_USERID_UNKNOWN, 0)) && flux_future_get (f, NULL) == 0);
    flux_future_destroy (f);
    assert (flux_kvs_txn_put_raw (txn, 0, "big", p, big) == 0);
    assert (flux_kvs_txn_put_raw (txn, 0, "big2", p + 1, big) == 0);
    assert (flux_kvs_txn_put_raw (txn, FLUX_KVS_APPEND, "log", p, big) == 0);
    assert ((f = flux_kvs_commit (h, NULL, 0, txn)) && flux_future_then (f, -1., committed, NULL) == 0);
    assert ((f = flux_kvs_commit (h, "other", 0, txn)) && flux_future_then (f, -1., committed, NULL) == 0);
    flux_kvs_txn_destroy (txn);
    assert (flux_reactor_run (flux_get_reactor (h), 0) >= 0 && done == 2);
    for (int i = 0; i < 2; i++) {
        check (h, i ? "other" : NULL, "big", p, big);
        check (h, i ? "other" : NULL, "big2", p + 1, big);
        check (h, i ? "other" : NULL, "log", p, big);
    }
    check (h, NULL, "d.small", "small", 5);
    /* what fails, fails as ever; one that is given up is gone */
    txn = flux_kvs_txn_create ();
    assert (flux_kvs_txn_put_raw (txn, 0, "big", p, big) == 0);
    assert ((f = flux_kvs_commit (h, "nowhere", 0, txn)) && flux_future_get (f, NULL) < 0);
    flux_future_destroy (f);
    flux_future_destroy (flux_kvs_commit (h, NULL, 0, txn));
    flux_kvs_txn_destroy (txn);
    check (h, NULL, "big", p, big);
    fwrite (p, 1, huge, stdout);
    free (p);
    flux_close (h);
    return 0;
}
EOF
timeout -k 5 50 flux start -s2 bash -e -c 'flux exec -r 1 ./large >want; flux kvs get --raw d.huge | cmp - want
    flux kvs get -t d.huge | grep -q valref'
END

test_done
