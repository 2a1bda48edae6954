/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the formats of jobs cost: prints the time of one operation each. Not a test; run it by hand:
 * make testsuite/bench/bench_job && testsuite/bench/bench_job */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "lib/job/eventlog.h"
#include "lib/job/fluid.h"
#include "lib/job/jobspec.h"
#include "lib/job/jobspec_build.h"
#include "lib/job/rv1.h"
#include "lib/util/monotime.h"

#define TIME(what, n, statement)                                                                   \
    do {                                                                                           \
        double t0 = monotime_now ();                                                               \
        for (int i_ = 0; i_ < (n); i_++) {                                                         \
            statement;                                                                             \
        }                                                                                          \
        printf ("%-44s %10.3f us\n", what, (monotime_now () - t0) * 1e6 / (n));                    \
    } while (0)

static char *make_jobspec (int nenv)
{
    char **env = calloc (nenv + 1, sizeof (*env));
    char *argv[] = {"hostname", NULL};
    struct jobspec_request req = {.argc = 1, .argv = argv, .cwd = "/home/user", .ntasks = 4};

    for (int i = 0; i < nenv; i++) {
        env[i] = malloc (80);
        snprintf (env[i], 80, "VARIABLE_%d=/some/path/of/a/usual/length:/and/one/more/%d", i, i);
    }
    req.environ = env;
    json_t *o = jobspec_build (&req, NULL);
    char *s = json_dumps (o, JSON_COMPACT);
    json_decref (o);
    for (int i = 0; i < nenv; i++)
        free (env[i]);
    free (env);
    return s;
}

static void bench_jobspec (int nenv)
{
    char *s = make_jobspec (nenv), what[64];
    size_t len = strlen (s);
    struct buf b = {0};

    snprintf (what, sizeof (what), "jobspec decode, %d variables, %zu bytes", nenv, len);
    TIME (what, 20000, jobspec_destroy (jobspec_decode (s, len, NULL)));
    const char *env;
    size_t env_len;
    TIME ("the same, lean", 20000,
          jobspec_destroy (jobspec_decode_lean (s, len, &env, &env_len, NULL)));
    struct jobspec *js = jobspec_decode (s, len, NULL);
    TIME ("jobspec encode", 20000, (buf_reset (&b), jobspec_encode_buf (&b, js)));
    jobspec_destroy (js);
    buf_clear (&b);
    free (s);
}

static void bench_R (const char *what, const char *s, int n)
{
    char text[64];
    struct buf b = {0};

    snprintf (text, sizeof (text), "R decode, %s", what);
    TIME (text, n, rv1_destroy (rv1_decode (s, strlen (s), NULL)));
    struct rv1 *rs = rv1_decode (s, strlen (s), NULL);
    snprintf (text, sizeof (text), "R encode, %s", what);
    TIME (text, n, (buf_reset (&b), rv1_encode_buf (&b, rs)));
    snprintf (text, sizeof (text), "R copy, %s", what);
    TIME (text, n, rv1_destroy (rv1_copy (rs)));
    snprintf (text, sizeof (text), "R minus itself, %s", what);
    TIME (text, n, rv1_destroy (rv1_diff (rs, rs)));
    rv1_destroy (rs);
    buf_clear (&b);
}

static void bench_sets (void)
{
    struct idset *set = idset_create (1 << 20, 0);
    unsigned int seed = 1;

    TIME ("idset set at random in 2^20", 1000000, idset_set (set, rand_r (&seed) >> 11));
    unsigned int id = 0;
    TIME ("idset next", 600000, id = idset_next (set, id));
    TIME ("idset clear at random", 1000000, idset_clear (set, rand_r (&seed) >> 11));
    idset_destroy (set);
    set = idset_create (1 << 14, IDSET_FLAG_INITFULL | IDSET_FLAG_AUTOGROW);
    TIME ("idset alloc and free", 1000000, (idset_alloc (set, &id), idset_free (set, id)));
    idset_destroy (set);
    TIME ("idset decode 0-127", 1000000, idset_destroy (idset_decode ("0-127")));
    struct hostlist *hl = hostlist_decode ("n[0-9999]"), *odd = hostlist_create ();
    TIME ("hostlist find in one range", 1000000, hostlist_find (hl, "n7777"));
    TIME ("hostlist nth", 1000000, hostlist_nth (hl, i_ % 10000));
    for (int i = 0; i < 20000; i += 2) {
        char name[32];
        snprintf (name, sizeof (name), "n%d", i);
        hostlist_append (odd, name);
    }
    TIME ("hostlist find in 10,000 ranges", 1000000, hostlist_find (odd, "n7776"));
    hostlist_destroy (hl);
    hostlist_destroy (odd);
}

int main (void)
{
    struct fluid_generator gen;
    uint64_t id = 0;
    char text[FLUID_STRING_SIZE];
    struct buf b = {0};

    bench_jobspec (0);
    bench_jobspec (60);
    bench_R ("1 node",
             "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"3\",\"children\":{"
             "\"core\":\"0-3\"}}],\"nodelist\":[\"node3\"],\"starttime\":1676560542.5,"
             "\"expiration\":1676562342.5}}",
             100000);
    bench_R ("10,000 nodes",
             "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-9999\",\"children\":{"
             "\"core\":\"0-127\",\"gpu\":\"0-3\"}}],\"nodelist\":[\"node[0-9999]\"]}}",
             50);
    fluid_init (&gen, 0, 0);
    TIME ("FLUID generate", 1000000, fluid_generate (&gen, &id));
    TIME ("FLUID to f58", 1000000, fluid_encode (id, FLUID_F58_PLAIN, text, sizeof (text)));
    TIME ("FLUID from f58", 1000000, fluid_parse (text, &id));
    TIME ("eventlog append", 300000,
          (buf_reset (&b), eventlog_append (&b, 1676560542.5, "start", "{\"a\":1}")));
    TIME ("eventlog decode", 300000, json_decref (eventlog_entry_decode (b.data, b.len, NULL)));
    buf_clear (&b);
    bench_sets ();
    return 0;
}
