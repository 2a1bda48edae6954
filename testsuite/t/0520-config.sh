#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# The configuration: from files and command line, on all ranks, changed as it runs.

. "$(dirname "$0")/lib.sh"

mkdir conf
printf '[queues.batch]\nrequires = ["batch"]\n[policy.limits]\nduration = "4h"\n' >conf/a.toml

# A module that refuses a number and tells what it has otherwise.
cat >picky.c <<'END'
#include <errno.h>
#include <flux/core.h>

const char *mod_name = "picky";

static int limit (flux_t *h)
{
    int n = -1;

    (void)flux_conf_unpack (flux_get_conf (h), NULL, "{s?{s?i}}", "picky", "limit", &n);
    return n;
}

static void reload_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    int n = 0;
    void *o;

    if (flux_request_unpack (msg, NULL, "{s?{s?i}}", "picky", "limit", &n) == 0 && n > 9)
        (void)flux_respond_error (h, msg, ERANGE, "picky.limit is over 9");
    else if (flux_request_unpack (msg, NULL, "o", &o) == 0 &&
             flux_set_conf_new (h, flux_conf_pack ("O", o)) == 0)
        (void)flux_respond (h, msg, NULL);
}

static void get_cb (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    (void)flux_respond_pack (h, msg, "{s:i}", "limit", limit (h));
}

int mod_main (flux_t *h, int argc, char **argv)
{
    const struct flux_msg_handler_spec table[] = {
        {FLUX_MSGTYPE_REQUEST, "picky.config-reload", reload_cb, 0},
        {FLUX_MSGTYPE_REQUEST, "picky.get", get_cb, 0},
        FLUX_MSGHANDLER_TABLE_END,
    };
    flux_msg_handler_t **handlers = NULL;
    int rc = -1;

    if (flux_msg_handler_addvec (h, table, NULL, &handlers) == 0)
        rc = flux_reactor_run (flux_get_reactor (h), 0);
    flux_msg_handler_delvec (handlers);
    return rc;
}
END
cat >ask.c <<'END'
#include <stdio.h>
#include <flux/core.h>

int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f = flux_rpc (h, "picky.get", NULL, FLUX_NODEID_ANY, 0);
    int n;

    if (flux_rpc_get_unpack (f, "{s:i}", "limit", &n) < 0)
        return 1;
    printf ("%d\n", n);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
END
compile_plugin picky
compile_client ask

test_case 'a folder, a file, FLUX_CONF_DIR, --conf' <<'END'
expect_output 4h flux start -c conf flux config get policy.limits.duration
expect_output 4h flux start -c conf/a.toml flux config get policy.limits.duration
expect_output 4h env FLUX_CONF_DIR=conf flux start flux config get policy.limits.duration
expect_output 5h flux start -c conf --conf=policy.limits.duration=1h --conf=policy.limits.duration=5h \
    flux config get policy.limits.duration
expect_output '{}' flux start flux config get
END

test_case 'get: types, defaults, what is not there' <<'END'
cat >run.sh <<'EOF'
expect_output '{"duration":"4h"}' flux config get policy.limits
expect_output 14400 flux config get -t fsd-integer policy.limits.duration
expect_output '["batch"]' flux config get -t array queues.batch.requires
expect_output 7 flux config get -d 7 queues.none
expect_exit 1 flux config get queues.none
expect_exit 1 flux config get -q queues.none
expect_exit 1 flux config get -t integer policy.limits.duration
expect_exit 1 flux config get -t number policy.limits.duration
shell=$(flux config builtin shell_path) # where this flux is
expect_match '/flux-shell$' "$shell"; [ -x "$shell" ]
expect_output "$shell" flux config builtin --intree shell_path
expect_match '^/.*/libexec/.*/flux-shell$' "$(flux config builtin --installed shell_path)"
expect_output "$(flux config builtin --installed confdir)" flux config builtin confdir
expect_exit 1 flux config builtin nothing
expect_exit 1 flux config builtin --intree --installed shell_path
EOF
flux start -c conf bash -eEu run.sh
expect_output 4h flux config get -c conf policy.limits.duration
END

test_case 'all ranks have that of rank 0, also after a change' <<'END'
cat >run.sh <<'EOF'
expect_output '4h 4h 4h 4h' flux exec flux config get policy.limits.duration
flux config set policy.limits.duration 2h
flux exec -r 3 flux config set new.key 17
wait_until 5 expect_output '2h 2h 2h 2h' flux exec flux config get policy.limits.duration
wait_until 5 expect_output '17 17 17 17' flux exec flux config get new.key
flux config unset new
expect_exit 1 flux config get new
expect_exit 1 flux config unset new
EOF
cat >wrap.sh <<'EOF'
flux () { command flux "$@" | paste -sd' '; return "${PIPESTATUS[0]}"; }
. ./run.sh
EOF
timeout 30 flux start -s4 -Stbon.topo=kary:1 -c conf bash -eEu wrap.sh
END

test_case 'load and reload' <<'END'
cp -r conf conf2
cat >run.sh <<'EOF'
echo '{"x":1}' | flux config load
expect_output '{"x":1}' flux config get
printf '[y]\nz = 2\n' | flux config load
expect_output '{"y":{"z":2}}' flux config get
flux config reload
expect_output 4h flux config get policy.limits.duration
echo '[broken' >conf2/b.toml
expect_exit 1 flux config reload 2>err
expect_in_file 'conf2/b.toml:1: ' err
expect_output 4h flux config get policy.limits.duration
echo '[]' | expect_exit 1 flux config load
EOF
flux start -c conf2 bash -eEu run.sh
END

test_case 'bad files and values: one sentence, no instance' <<'END'
echo '[broken' >bad.toml
expect_exit 1 flux start -c bad.toml true 2>err
expect_output 1 grep -c . err
expect_in_file 'bad.toml:1: ' err
expect_exit 1 flux start -c /nonexistent true 2>err
expect_in_file '/nonexistent' err
expect_exit 1 flux start --conf=a..b=1 true 2>err
expect_in_file 'a..b=1' err
END

test_case 'modules: what they get, and that one refusing is heard' <<'END'
cat >run.sh <<'EOF'
flux module load ./picky.so
expect_output 3 ./ask
flux config set picky.limit 5
expect_output 5 ./ask
expect_exit 1 flux config set picky.limit 10 2>err
expect_in_file 'picky refused it: picky.limit is over 9' err
expect_output 5 ./ask
expect_output 5 flux config get picky.limit
EOF
flux start --conf=picky.limit=3 bash -eEu run.sh
END

test_case '--conf of alloc and batch: the instance has it, its parent does not' <<'END'
mkdir -p cfg/flux/config
printf 'from = "the name"\n' >cfg/flux/config/named.toml
printf '{"j":1}' >one.json
cat >job.sh <<'EOF'
#!/bin/sh
# flux: -n1
# flux: --output=script.out
# flux: --conf="""
# flux: [section]
# flux: key = "from the script"
# flux: """
flux config get
EOF
cat >run.sh <<'EOF'
expect_output '{"a":{"b":2},"z":{"y":"q"}}' flux alloc -n1 --conf=a.b=1 --conf="[z]
y = 'q'" --conf='{"a":{"b":2}}' flux config get
expect_output '{"from":"the name","j":1}' flux alloc -n1 --conf=named --conf=one.json flux config get
flux job attach $(flux batch job.sh)
expect_output '{"section":{"key":"from the script"}}' cat script.out
flux job attach $(flux batch --conf=section.key=line job.sh)
expect_output '{"section":{"key":"line"}}' cat script.out
expect_output '{}' flux config get
expect_exit 1 flux alloc -n1 --conf=absent true 2>err
expect_in_file 'config/absent.toml' err
expect_exit 1 flux alloc -n1 --conf=absent.toml true 2>err
expect_in_file 'absent.toml: No such file' err
expect_exit 1 flux batch -n1 --conf='{"a":' --wrap true 2>err
expect_in_file 'inline JSON:1: ' err
EOF
XDG_CONFIG_HOME=$PWD/cfg flux start bash -eEu run.sh
END

test_done
