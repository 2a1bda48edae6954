#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# Broker modules: the example in contrib, and such as misbehave.

. "$(dirname "$0")/lib.sh"

HELLO=$top_builddir/contrib/modules/.libs/hello.so

# inst [-s N] COMMAND...: in an instance of its own
inst ()
{
    timeout -k 5 50 flux start "$@"
}

# module NAME <<END: build NAME.so from a mod_main() body and whatever is needed before it
module ()
{
    { echo '#include <flux/core.h>'; cat; } >"$1.c"
    compile_plugin "$1"
}

test_case 'load, list, call, debug, stats, remove' <<'END'
cat >run.sh <<'EOF'
set -e
flux module load $HELLO greeting=Hallo
flux module list | grep -E '^hello +[0-9]+  R '
flux module list -l | grep -F "$HELLO"
flux ping -c1 hello >/dev/null
flux ping -c1 hello | grep -F 'hello.ping'
test "$(flux module stats --parse=greeted hello)" = 0
test "$(flux module stats --parse=greeted --type=double --scale=2 hello)" = 0.000000
flux module stats --rusage hello | grep maxrss
test "$(flux module debug --setbit=0x5 hello)" = 0x5
test "$(flux module debug --clearbit=1 hello)" = 0x4
test "$(flux module debug --clear hello)" = 0x0
flux module remove hello
! flux module list | grep hello
! flux ping -c1 hello
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'a program calls it; the event is published' <<'END'
cat >call.c <<'EOF'
#include <stdio.h>
#include <flux/core.h>

int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    const char *text;
    int count;
    flux_msg_t *msg;
    struct flux_match match = FLUX_MATCH_EVENT;

    match.topic_glob = "hello.greeted";
    if (!h || flux_event_subscribe (h, "hello.") < 0)
        return 1;
    flux_future_t *f = flux_rpc_pack (h, "hello.greet", 0, 0, "{s:s}", "name", "you");
    if (flux_rpc_get_unpack (f, "{s:s s:i}", "text", &text, "count", &count) < 0)
        return 2;
    printf ("%s %d\n", text, count);
    if (!(msg = flux_recv (h, match, 0)))
        return 3;
    flux_msg_destroy (msg);
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
EOF
compile_client call
expect_output 'Hello, you! 1' inst bash -c "flux module load $HELLO && ./call"
expect_output 'Hello, you! 1' inst bash -c "flux module load --exec $HELLO && ./call"
END

test_case 'two names, a process, reload with other arguments' <<'END'
cat >run.sh <<'EOF'
set -e
flux module load --name=one $HELLO
flux module load --name=two --exec $HELLO
flux ping -c1 one && flux ping -c1 two
flux module reload --name=one $HELLO greeting=Salut
test "$(flux module list | grep -cE '^(one|two) ')" = 2
! flux module reload $HELLO.nosuch
! flux module reload $top_builddir/contrib/shell-plugins/.libs/task-report.so
flux module reload --force $HELLO
printf '#!/bin/sh\necho "$FLUX_MODULE_URI $1" >loaded\nexec %s "$1"\n' "$top_builddir/shell/service/module/flux-module-exec" >loader
chmod +x loader
flux module reload --force --name=three --loader=./loader $HELLO
flux ping -c1 three
grep -q "^fd://[0-9]* $(realpath $HELLO)\$" loaded
flux module remove three
! flux module load --loader=./absent $HELLO
! flux module load --loader=/bin/false $HELLO
! flux module load --loader=./loader hello
flux module remove one; flux module remove two; flux module remove hello
flux module remove --force hello
! flux module remove hello
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'FLUX_MODULE_PATH' <<'END'
export FLUX_MODULE_PATH=/nowhere:$(dirname $HELLO)
inst bash -c 'flux module load hello && flux module remove hello'
expect_exit 1 inst flux module load nosuch 2>err
expect_in_file 'nosuch: there is no such module' err
END

test_case 'what cannot be loaded is said in a sentence' <<'END'
module nomain <<'EOF'
int other;
EOF
module undefined <<'EOF'
void no_such_function_anywhere (void);
int mod_main (flux_t *h, int argc, char **argv) { no_such_function_anywhere (); return 0; }
EOF
echo text >text.so
for args in "./nosuch.so:No such file" "./nomain.so:there is no mod_main" \
    "./undefined.so:undefined symbol: no_such_function" "./text.so:text.so" \
    "--name=kvs $HELLO:kvs exists already" "--name=a.b $HELLO:cannot be the name" \
    "$HELLO nonsense:did not start: Invalid argument" "--exec ./undefined.so:did not start" \
    "--exec $HELLO nonsense:did not start: Invalid argument"; do
    echo "$args"
    expect_exit 1 inst flux module load ${args%%:*} 2>err
    expect_in_file "${args#*:}" err
done
END

test_case 'built-in services are listed and stay' <<'END'
cat >run.sh <<'EOF'
set -e
flux module list -l
flux module debug kvs; flux module debug --setbit=0x5 kvs; flux module debug --clearbit=1 kvs
flux module debug -S 0x10 kvs; flux module debug event; flux module debug --clear kvs
flux module remove kvs
EOF
inst bash run.sh >out 2>err && exit 1
expect_in_file '^Module  *Idle  S Sendq Recvq Service  Path$' out
expect_in_file '^kvs  *[^ ]*  R  *[0-9]*  *[0-9]*  *builtin$' out
expect_in_file '^module .* builtin' out
expect_equal '0x0 0x5 0x4 0x10 0x0 0x0' "$(tail -n 6 out | xargs)"
expect_in_file 'kvs: it is built into the broker' err
END

test_case 'a process that crashes does not hurt the broker' <<'END'
module crash <<'EOF'
#include <signal.h>
#include <string.h>
static void die (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    raise (SIGKILL);
}
static const struct flux_msg_handler_spec tab[] = {
    {FLUX_MSGTYPE_REQUEST, "stats-get", die, 0}, FLUX_MSGHANDLER_TABLE_END};
int mod_main (flux_t *h, int argc, char **argv)
{
    flux_msg_handler_t **mh;
    if (argc > 0)
        raise (SIGKILL);
    flux_msg_handler_addvec_ex (h, flux_aux_get (h, "flux::name"), tab, NULL, &mh);
    flux_reactor_run (flux_get_reactor (h), 0);
    flux_msg_handler_delvec (mh);
    return 0;
}
EOF
cat >run.sh <<'EOF'
flux module load --exec ./crash.so init 2>err1 && exit 1
set -e
grep 'killed by signal 9' err1
flux module load --exec ./crash.so
expect_exit 1 timeout 5 flux module stats crash 2>err2
grep 'the module has ended' err2
for i in $(seq 50); do flux module list | grep -q crash || break; sleep 0.1; done
! flux module list | grep crash
flux dmesg | grep 'crash: its process was killed by signal 9'
flux run true
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'a thread that fails once it runs is logged, the instance goes on' <<'END'
module fails <<'EOF'
#include <errno.h>
static void stop (flux_t *h, flux_msg_handler_t *mh, const flux_msg_t *msg, void *arg)
{
    flux_reactor_stop_error (flux_get_reactor (h));
}
static const struct flux_msg_handler_spec tab[] = {
    {FLUX_MSGTYPE_REQUEST, "stats-get", stop, 0}, FLUX_MSGHANDLER_TABLE_END};
int mod_main (flux_t *h, int argc, char **argv)
{
    flux_msg_handler_t **mh;
    flux_msg_handler_addvec_ex (h, flux_aux_get (h, "flux::name"), tab, NULL, &mh);
    int rc = flux_reactor_run (flux_get_reactor (h), 0);
    flux_msg_handler_delvec (mh);
    errno = ENOTTY;
    return rc;
}
EOF
cat >run.sh <<'EOF'
set -e
flux module load ./fails.so
expect_exit 1 timeout 5 flux module stats fails
for i in $(seq 50); do flux module list | grep -q fails || break; sleep 0.1; done
flux dmesg | grep 'fails: Inappropriate ioctl'
flux run true
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'one that does not listen: remove --cancel, and the end of the instance' <<'END'
module deaf <<'EOF'
#include <unistd.h>
int mod_main (flux_t *h, int argc, char **argv)
{
    flux_module_set_running (h);
    for (;;)
        sleep (1);
}
EOF
cat >run.sh <<'EOF'
set -e
flux module load ./deaf.so
flux module remove --cancel deaf
! flux module list | grep deaf
flux module load --exec ./deaf.so
flux module remove --cancel deaf
flux module load ./deaf.so
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'other ranks' <<'END'
cat >run.sh <<'EOF'
set -e
flux exec -r all flux module load $HELLO
for r in 0 1 2; do flux ping -c1 -r $r hello; flux module list --rank=$r | grep hello; done
flux module remove --rank=1 hello
! flux module list --rank=1 | grep hello
flux module list --rank=2 | grep hello
EOF
inst -s3 bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_case 'module.debug holds messages back; more services of a module are listed' <<'END'
module more <<'EOF'
int mod_main (flux_t *h, int argc, char **argv)
{
    flux_future_t *f = flux_service_register (h, "extra");
    if (flux_future_get (f, NULL) < 0)
        return -1;
    flux_future_destroy (f);
    return flux_reactor_run (flux_get_reactor (h), 0);
}
EOF
cat >defer.c <<'EOF'
#include <flux/core.h>

static int defer (flux_t *h, int on)
{
    flux_future_t *f = flux_rpc_pack (h, "module.debug", 0, 0, "{s:s s:b}", "name", "more", "defer", on);
    int rc = flux_rpc_get (f, NULL);
    flux_future_destroy (f);
    return rc;
}

int main (void)
{
    flux_t *h = flux_open (NULL, 0);
    flux_future_t *f;

    if (!h || defer (h, 1) < 0 || !(f = flux_rpc (h, "more.ping", "{}", 0, 0)))
        return 1;
    if (flux_future_wait_for (f, 0.3) == 0 || errno != ETIMEDOUT)
        return 2;
    if (system ("flux module list | grep -E '^more +[0-9]+  R     1     0 extra$'") != 0)
        return 3;
    if (defer (h, 0) < 0 || flux_future_wait_for (f, 5.) < 0 || flux_rpc_get (f, NULL) < 0)
        return 4;
    flux_future_destroy (f);
    flux_close (h);
    return 0;
}
EOF
compile_client defer
inst bash -c 'flux module load ./more.so && ./defer'
END

test_case 'trace' <<'END'
cat >run.sh <<'EOF'
set -e
flux module load $HELLO
timeout 10 flux module trace -f -T '*.ping' hello >trace 2>&1 &
for i in $(seq 50); do flux ping -c1 hello >/dev/null; grep -q tx trace && break; sleep 0.1; done
grep -E 'rx hello request hello.ping' trace
grep -E 'tx hello response hello.ping \[[0-9]+\] success' trace
kill $!
EOF
inst bash run.sh >out 2>&1 || { cat out; exit 1; }
END

test_done
