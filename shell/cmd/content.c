/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux content: the content store (RFC 10). */

#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/blobref.h"
#include "shell/cmd/kvs.h"
#include "shell/cmd/verbs.h"

enum { BLOB_MAX = 1 << 30 };

static const struct cmd_opt bypass_opts[] = {
    {.name = "bypass-cache", .key = 'b', .help = "Ask the backing store itself"},
    {0},
};

static uint32_t target (const struct cmd *c)
{
    return cmd_has (c, "bypass-cache") ? 0 : FLUX_NODEID_ANY;
}

/* ---- gc */

static int run_gc (struct cmd *c)
{
    json_int_t before, kept, missing;
    flux_future_t *f;
    flux_t *h;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_rpc (h, "kvs.gc", NULL, 0, 0)) ||
        flux_rpc_get_unpack (f, "{s:I s:I s:I}", "before", &before, "kept", &kept, "missing",
                             &missing) < 0)
        kvs_die (c, f, "gc");
    printf ("%lld of %lld blobs are kept\n", (long long)kept, (long long)before);
    if (missing > 0)
        fprintf (stderr, "flux-content: %lld blobs are referred to and missing\n",
                 (long long)missing);
    flux_future_destroy (f);
    flux_close (h);
    return missing > 0;
}

static const struct cmd_verb verb_gc = {
    .name = "gc",
    .summary = "Throw away blobs that nothing refers to",
    .run = run_gc,
};

/* ---- load */

static size_t digest_of (const struct cmd *c, const char *ref, unsigned char *digest)
{
    size_t n = blobref_decode (ref, digest);

    if (n == 0)
        cmd_die (c, "%s: not a blobref", ref);
    return n;
}

static void load_one (const struct cmd *c, flux_t *h, const char *ref)
{
    unsigned char digest[BLOBREF_DIGEST_MAX];
    size_t n = digest_of (c, ref, digest), len;
    const void *data;
    const char *topic = cmd_has (c, "bypass-cache") ? "content-backing.load" : "content.load";
    flux_future_t *f = flux_rpc_raw (h, topic, digest, n, target (c), 0);

    if (!f || flux_rpc_get_raw (f, &data, &len) < 0)
        kvs_die (c, f, ref);
    if (len > 0)
        fwrite (data, 1, len, stdout);
    flux_future_destroy (f);
}

static int run_load (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    char line[128];
    int n = c->argc;

    for (int i = 0; i < c->argc; i++)
        load_one (c, h, c->argv[i]);
    for (; c->argc == 0 && fgets (line, sizeof (line), stdin); n++) {
        line[strcspn (line, "\n")] = '\0';
        load_one (c, h, line);
    }
    flux_close (h);
    return n > 0 ? 0 : cmd_fail (c, "no blobref was given");
}

static const struct cmd_verb verb_load = {
    .name = "load",
    .args = "[BLOBREF...]",
    .summary = "Print blobs (blobrefs also on standard input)",
    .opts = {bypass_opts},
    .run = run_load,
};

/* ---- store */

static const struct cmd_opt store_opts[] = {
    {.name = "chunksize", .arg = "N", .help = "Store as several blobs of N bytes"},
    {0},
};

static void store_one (const struct cmd *c, flux_t *h, const char *hash, const char *data,
                       size_t len)
{
    const char *topic = cmd_has (c, "bypass-cache") ? "content-backing.store" : "content.store";
    flux_future_t *f = flux_rpc_raw (h, topic, data, len, target (c), 0);
    const void *digest;
    size_t n;

    if (!f || flux_rpc_get_raw (f, &digest, &n) < 0)
        kvs_die (c, f, "store");
    char ref[BLOBREF_MAX];
    if (blobref_encode (hash, digest, n, ref, sizeof (ref)) < 0)
        cmd_die (c, "the digest is too long");
    printf ("%s\n", ref);
    flux_future_destroy (f);
}

static int run_store (struct cmd *c)
{
    flux_t *h;
    const char *hash;
    char *data;
    ssize_t len;
    size_t chunk;

    kvs_operands (c, 0, 0);
    chunk = cmd_int (c, "chunksize", 0, 0, BLOB_MAX);
    h = cmd_open (c);
    if (!(hash = flux_attr_get (h, "content.hash")))
        kvs_die (c, NULL, "content.hash");
    if ((len = fd_read_all (STDIN_FILENO, BLOB_MAX, &data)) < 0)
        return cmd_fail (c, "standard input: %s", strerror (errno));
    if (chunk == 0 || len == 0)
        store_one (c, h, hash, data, len);
    else
        for (size_t at = 0; at < (size_t)len; at += chunk)
            store_one (c, h, hash, data + at, chunk < len - at ? chunk : len - at);
    free (data);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_store = {
    .name = "store",
    .summary = "Store standard input and print its blobref",
    .opts = {bypass_opts, store_opts},
    .run = run_store,
};

/* ---- flush, dropcache */

static int simple (struct cmd *c, const char *topic)
{
    flux_t *h;
    flux_future_t *f;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_rpc (h, topic, NULL, FLUX_NODEID_ANY, 0)) || flux_future_get (f, NULL) < 0)
        kvs_die (c, f, topic);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static int run_flush (struct cmd *c)
{
    return simple (c, "content.flush");
}

static int run_dropcache (struct cmd *c)
{
    return simple (c, "content.dropcache");
}

static const struct cmd_verb verb_flush = {
    .name = "flush",
    .summary = "Wait until this broker's blobs are all stored",
    .run = run_flush,
};

static const struct cmd_verb verb_dropcache = {
    .name = "dropcache",
    .summary = "Make this broker forget blobs that can be loaded again",
    .run = run_dropcache,
};

/* ---- checkpoint */

static const struct cmd_opt list_opts[] = {
    {.name = "no-header", .key = 'n', .help = "Print no header"},
    {.name = "json", .key = 'j', .help = "Print each as a line of JSON"},
    {0},
};

static int print_checkpoint (struct cmd *c, size_t index, json_t *o)
{
    const char *ref;
    double t = 0.;
    int seq = 0;
    char date[32];
    struct tm tm;
    time_t sec;

    if (json_unpack (o, "{s:s s?i s?F}", "rootref", &ref, "sequence", &seq, "timestamp", &t) < 0)
        return cmd_fail (c, "checkpoint: %s", strerror (EPROTO));
    sec = t;
    strftime (date, sizeof (date), "%Y-%m-%dT%TZ", gmtime_r (&sec, &tm));
    printf ("%-10zu %-10d %-20s %s\n", index, seq, date, ref);
    return 0;
}

static int run_list (struct cmd *c)
{
    flux_t *h;
    flux_future_t *f;
    json_t *list, *o;
    size_t i;
    int rc = 0;

    kvs_operands (c, 0, 0);
    h = cmd_open (c);
    if (!(f = flux_rpc (h, "content.checkpoint-get", NULL, 0, 0)) ||
        flux_rpc_get_unpack (f, "{s:o}", "value", &list) < 0)
        kvs_die (c, f, "checkpoint");
    if (!cmd_has (c, "json") && !cmd_has (c, "no-header"))
        printf ("%-10s %-10s %-20s %s\n", "Index", "Sequence", "Time", "Rootref");
    json_array_foreach (list, i, o)
    {
        if (cmd_has (c, "json")) {
            json_dumpf (o, stdout, JSON_COMPACT);
            putchar ('\n');
        } else
            rc |= print_checkpoint (c, i, o);
    }
    flux_future_destroy (f);
    flux_close (h);
    return rc;
}

static const struct cmd_verb verb_list = {
    .name = "list",
    .summary = "List the checkpoints, the newest first",
    .opts = {list_opts},
    .run = run_list,
};

static int run_update (struct cmd *c)
{
    flux_t *h;
    flux_future_t *f;
    unsigned char digest[BLOBREF_DIGEST_MAX];

    kvs_operands (c, 1, 1);
    digest_of (c, c->argv[0], digest);
    h = cmd_open (c);
    if (!(f = flux_rpc_pack (h, "content.checkpoint-put", 0, 0, "{s:{s:i s:s s:i s:f}}", "value",
                             "version", 1, "rootref", c->argv[0], "sequence", 0, "timestamp",
                             flux_reactor_time ())) ||
        flux_future_get (f, NULL) < 0)
        kvs_die (c, f, "checkpoint");
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}

static const struct cmd_verb verb_update = {
    .name = "update",
    .args = "BLOBREF",
    .summary = "Add a checkpoint with this root",
    .run = run_update,
};

static const struct cmd_verb *const checkpoint_subs[] = {&verb_list, &verb_update, NULL};

static const struct cmd_verb verb_checkpoint = {
    .name = "checkpoint",
    .args = "COMMAND [ARG...]",
    .summary = "Roots that are found again after a restart",
    .subs = checkpoint_subs,
};

static const struct cmd_verb *const subs[] = {
    &verb_load, &verb_store, &verb_flush, &verb_dropcache, &verb_checkpoint, &verb_gc, NULL};

const struct cmd_verb cmd_verb_content = {
    .name = "content",
    .args = "COMMAND [ARG...]",
    .summary = "Load and store blobs",
    .subs = subs,
};
