#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Plugins of the job manager: the example in contrib, and one that uses the rest of the API.

. "$(dirname "$0")/lib.sh"

SITE=$top_builddir/contrib/jobtap-plugins/.libs/site-policy.so
[ -f "$SITE" ] || skip_all "the example plugin is not built"

in_flux ()
{
    cat >script
    flux start "$@" bash -eu script
}

# build NAME <source
build ()
{
    { printf '#include <errno.h>\n#include <jansson.h>\n#include <stdlib.h>\n#include <string.h>\n#include <flux/jobtap.h>\n'
      cat; } >$1.c
    compile_plugin "$1"
}

test_case 'the example: limits, priorities, annotations, a dependency of its own' <<'END'
in_flux --test-size=2 <<'EOS'
expect_equal '' "$(flux jobtap list)"
expect_match '^\.priority-default$' "$(flux jobtap list -a)"
expect_fail flux submit --dependency=approval:boss true 2>err
expect_equal 'flux-submit: dependency scheme "approval" not supported' "$(cat err)"
flux jobtap load $SITE max-nodes=1
expect_equal site-policy.so "$(flux jobtap list)"
expect_fail flux submit -N2 true 2>err
expect_equal 'flux-submit: 2 nodes are more than the 1 of this site' "$(cat err)"
[ "$(flux jobs -an | wc -l)" = 0 ]
a=$(flux submit --dependency=approval:boss true)
b=$(flux submit --dependency=approval:other true)
flux jobtap query site-policy.so | jq -e '."max-nodes" == 1 and .waiting == 2 and .name == "site-policy.so"'
expect_equal 'D approval=boss' "$(flux jobs -no '{status_abbrev} {dependencies}' $a)"
cat >rpc.c <<'EOC'
#include <flux/core.h>
#include <stdio.h>
int main (void)
{
    int n = -1;
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f = h ? flux_rpc_pack (h, "job-manager.site-policy.approve", 0, 0, "{s:s}", "name", "boss") : NULL;
    if (!f || flux_rpc_get_unpack (f, "{s:i}", "count", &n) < 0)
        return 1;
    flux_future_destroy (f);
    flux_close (h);
    return n != 1;
}
EOC
compile_client rpc
./rpc
flux job wait-event -t 20 $a clean >/dev/null
expect_equal '200 small' "$(flux jobs -no '{priority} {annotations.site.class}' $a)"
expect_equal D "$(flux jobs -no '{status_abbrev}' $b)"
expect_fail flux jobtap load $SITE 2>err
expect_match 'already loaded' "$(cat err)"
flux cancel $b
flux jobtap remove 'site-*'
expect_equal '' "$(flux jobtap list)"
flux submit -N2 --wait --quiet true
expect_fail flux jobtap remove nothing 2>err
expect_match 'nothing' "$(cat err)"
EOS
END

test_case 'urgency 0 and 31 count before what a plugin says; hold, release' <<'END'
in_flux <<'EOS'
flux jobtap load $SITE
a=$(flux submit --urgency=0 true)
expect_equal 0 "$(flux jobs -no '{priority}' $a)"
flux job urgency $a 16 >/dev/null
flux job wait-event -t 20 $a clean >/dev/null
expect_equal 200 "$(flux jobs -no '{priority}' $a)"
EOS
END

build tracer <<'END'
static char log[65536];

static int note (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    json_int_t id;
    int state = -1, prev = -1;

    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:I s:i s?i}", "id", &id, "state", &state, "prev_state", &prev);
    snprintf (log + strlen (log), sizeof (log) - strlen (log), "%s %d %d\n", topic, state, prev);
    if (strcmp (topic, "job.new") == 0) {
        if (flux_jobtap_job_subscribe (p, FLUX_JOBTAP_CURRENT_JOB) < 0 ||
            flux_jobtap_job_aux_set (p, FLUX_JOBTAP_CURRENT_JOB, "x", strdup ("y"), free) < 0)
            return -1;
    }
    return 0;
}

static int depend (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    note (p, topic, args, data);
    // an event while the callback runs: it is written afterwards
    if (flux_jobtap_dependency_add (p, FLUX_JOBTAP_CURRENT_JOB, "mine") < 0)
        return -1;
    if (flux_jobtap_dependency_add (p, FLUX_JOBTAP_CURRENT_JOB, "mine") == 0 || errno != EEXIST)
        return -1;
    return flux_jobtap_dependency_remove (p, FLUX_JOBTAP_CURRENT_JOB, "mine");
}

static int run (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    json_t *R;
    note (p, topic, args, data);
    if (flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:o}", "R", &R) < 0 ||
        strcmp (flux_jobtap_job_aux_get (p, FLUX_JOBTAP_CURRENT_JOB, "x"), "y") != 0)
        return -1;
    if (flux_jobtap_prolog_start (p, "pro") < 0)
        return -1;
    flux_jobtap_event_post_pack (p, FLUX_JOBTAP_CURRENT_JOB, "hello", "{s:i}", "n", 1);
    flux_jobtap_raise_exception (p, FLUX_JOBTAP_CURRENT_JOB, "warn", 3, "number %d", 7);
    return flux_jobtap_prolog_finish (p, FLUX_JOBTAP_CURRENT_JOB, "pro", 0);
}

static int cleanup (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    flux_job_result_t result;
    const char *end;
    note (p, topic, args, data);
    if (flux_jobtap_get_job_result (p, FLUX_JOBTAP_CURRENT_JOB, &result) < 0 ||
        flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:{s:s}}", "end_event", "name", &end) < 0 ||
        flux_jobtap_job_event_posted (p, FLUX_JOBTAP_CURRENT_JOB, "hello") != 1 ||
        flux_jobtap_job_event_posted (p, FLUX_JOBTAP_CURRENT_JOB, "helloo") != 0)
        return -1;
    snprintf (log + strlen (log), sizeof (log) - strlen (log), "ended by %s result %d\n", end, result);
    if (flux_jobtap_epilog_start (p, "epi") < 0)
        return -1;
    return flux_jobtap_epilog_finish (p, FLUX_JOBTAP_CURRENT_JOB, "epi", 0);
}

static int query (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    return flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:s}", "log", log);
}

static int conf (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    int bad = 0;
    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:{s?b}}", "conf", "bad", &bad);
    return bad ? flux_jobtap_error (p, args, "this is %s", "bad") : 0;
}

static int update (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    const char *value;
    if (flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_IN, "{s:s}", "value", &value) < 0 || strcmp (value, "no") == 0)
        return flux_jobtap_error (p, args, "%s is no value", value);
    return flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:i s:{s:i}}", "validated", 1, "updates", "attributes.system.more", 5);
}

int flux_plugin_init (flux_plugin_t *p)
{
    const struct flux_plugin_handler table[] = {
        {"job.state.depend", depend, NULL},
        {"job.state.run", run, NULL},
        {"job.state.cleanup", cleanup, NULL},
        {"job.event.finish", note, NULL},
        {"job.update.attributes.system.what", update, NULL},
        {"job.event.*", NULL, NULL},
        {"job.*", note, NULL},
        {"plugin.query", query, NULL},
        {"conf.update", conf, NULL},
        {NULL, NULL, NULL},
    };
    return flux_plugin_register (p, "tracer", table);
}
END

test_case 'all callbacks of a life in their order; events posted from them' <<'END'
in_flux <<'EOS'
flux jobtap load ./tracer.so
id=$(flux submit true)
flux job wait-event -t 20 $id clean >/dev/null
flux jobtap query tracer.so | jq -rj .log | grep -v '^job.event' >log
cat >want <<'EOW'
job.create 1 -1
job.validate 1 -1
job.new 1 -1
job.state.depend 2 1
job.state.priority 4 2
job.state.sched 8 4
job.state.run 16 8
job.state.cleanup 32 16
ended by finish result 1
job.state.inactive 64 32
job.inactive-add 64 -1
job.destroy 64 -1
EOW
expect_same_file want log
flux jobtap query tracer.so | jq -r .log | grep -c '^job.event' | grep -q '^1[0-9]$'
flux job eventlog $id | cut -d' ' -f2 >events
cat >want <<'EOW'
submit
validate
dependency-add
dependency-remove
depend
priority
alloc
prolog-start
hello
exception
prolog-finish
start
finish
epilog-start
epilog-finish
release
free
clean
EOW
expect_same_file want events
expect_match 'exception.*type="warn" severity=3 note="number 7"' "$(flux job eventlog $id)"
EOS
END

test_case 'updates and configurations are a plugin'"'"'s to refuse' <<'END'
in_flux <<'EOS'
flux jobtap load ./tracer.so
id=$(flux submit --urgency=0 true)
expect_fail flux update $id attributes.system.what=no 2>err
expect_match 'no is no value' "$(cat err)"
flux update $id attributes.system.what=yes
flux job eventlog $id | grep jobspec-update | grep -q 'more.*5'
expect_fail flux config load <<<'{"bad":true}' 2>err
expect_match 'this is bad' "$(cat err)"
flux config load <<<'{"bad":false}'
EOS
END

build picky <<'END'
static int new_job (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    return 0;
}
static int prio (flux_plugin_t *p, const char *topic, flux_plugin_arg_t *args, void *data)
{
    return flux_jobtap_priority_unavail (p, args);
}
static void give (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    json_int_t id;
    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &id) < 0 ||
        flux_jobtap_reprioritize_job (arg, (flux_jobid_t)id, 42) < 0)
        (void)flux_respond_error (h, msg, errno, NULL);
    else
        (void)flux_respond (h, msg, NULL);
}
static void lost (flux_future_t *f, void *arg)
{
    flux_future_destroy (f);
}
int flux_plugin_init (flux_plugin_t *p)
{
    flux_future_t *f = flux_rpc (flux_jobtap_get_flux (p), "broker.ping", "{}", 0, 0);
    if (!f || flux_future_then (f, -1., lost, NULL) < 0)
        return -1;
    if (flux_plugin_add_handler (p, "job.state.priority", prio, NULL) < 0 ||
        flux_plugin_add_handler (p, "job.priority.get", prio, NULL) < 0 ||
        flux_plugin_add_handler (p, "job.new", new_job, NULL) < 0)
        return -1;
    return flux_jobtap_service_register (p, "give", give, p);
}
END

test_case 'a priority that comes later; plugins of the configuration' <<'END'
cat >conf.toml <<EOC
[[job-manager.plugins]]
load = "$PWD/picky.so"
EOC
in_flux -c conf.toml <<'EOS'
expect_equal picky.so "$(flux jobtap list)"
id=$(flux submit true)
expect_equal P "$(flux jobs -no '{state_single}' $id)"
expect_equal "$id" "$(flux jobs -no '{id}')"
cat >rpc.c <<'EOC'
#include <stdlib.h>
#include <flux/core.h>
#include <jansson.h>
int main (int argc, char **argv)
{
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f = flux_rpc_pack (h, "job-manager.picky.give", 0, 0, "{s:I}", "id", (json_int_t)strtoll (argv[1], NULL, 10));
    return flux_rpc_get (f, NULL) < 0;
}
EOC
compile_client rpc
./rpc $(flux job id --to=dec $id)
flux job wait-event -t 20 $id clean >/dev/null
expect_equal 42 "$(flux jobs -no '{priority}' $id)"
EOS
expect_fail flux start --conf='{"job-manager":{"plugins":[{"load":"/nowhere.so"}]}}' true 2>err
expect_match 'job-manager.plugins.0.*/nowhere.so' "$(cat err)"
END

test_case 'what is no plugin is refused' <<'END'
in_flux <<'EOS'
echo text >not.so
expect_fail flux jobtap load ./not.so 2>err
expect_match 'not.so' "$(cat err)"
expect_fail flux jobtap load nowhere.so 2>err
expect_match 'nowhere.so: No such file' "$(cat err)"
expect_fail flux jobtap query nowhere.so 2>/dev/null
flux jobtap load perilog.so
flux submit --wait --quiet true
EOS
END

test_done
