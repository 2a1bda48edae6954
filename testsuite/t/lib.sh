# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# A small TAP harness for script tests. A test is one bash file that begins with
#
#     . "$(dirname "$0")/lib.sh"
#
# has any number of cases
#
#     test_case 'submit prints an id' <<'END'
#     id=$(flux submit true)
#     expect_match '^ƒ' "$id"
#     END
#
# and ends with `test_done`. Each case runs in a bash of its own (set -eu, pipefail) in the test's
# temporary folder, with no stdin and a time limit (`test_case -t SECONDS`, else 60 s); it fails
# where its first command fails. Variables and functions of the file are seen by its cases, but
# not the other way round: what a case wants to tell the next one, it writes to a file.
#
# A file can be run by hand; build first, and name the build folder in top_builddir when it is not
# ./build; of the cases T_ONLY, a regular expression, picks some by their titles. `-v` shows the output of every case, `-k` keeps the temporary folder. A file whose head
# has the line `# alone` is never run beside another one by testsuite/run.

set -a # the cases see what the test file defines
set -u
# The same wherever it runs: script(1), for one, starts its command with $SHELL.
export LC_ALL=C.UTF-8 SHELL=/bin/bash
umask 022

T_FILE=$(basename "$0" .sh)
T_DIR=$(cd "$(dirname "$0")" && pwd)
top_srcdir=$(cd "$T_DIR/../.." && pwd)
T_LIMIT=${T_LIMIT:-60}
T_VERBOSE=${T_VERBOSE:-}
T_KEEP=${T_KEEP:-}
while getopts vk T_opt; do
    case $T_opt in
    v) T_VERBOSE=1 ;;
    k) T_KEEP=1 ;;
    *) exit 2 ;;
    esac
done

if [ -z "${top_builddir:-}" ]; then
    for T_dir in "$PWD" "$top_srcdir/build" "$top_srcdir/build-test" "$top_srcdir"; do
        [ -f "$T_dir/config.status" ] && top_builddir=$T_dir && break
    done
fi
[ -n "${top_builddir:-}" ] || { echo "Bail out! no build folder; set top_builddir"; exit 99; }

# What was built comes first, and nothing of the caller's Flux or Slurm session leaks in.
PATH=$top_builddir/shell/cmd:${T_SLURM:+$T_SLURM/bin:$T_SLURM/sbin:}$PATH
FLUX_EXEC_PATH=$top_builddir/shell/broker:$top_builddir/shell/job
SPANK_FLUX=$top_builddir/spank/.libs/spank_flux.so
CLUSTER=$top_srcdir/testsuite/slurm/cluster
for T_var in $(compgen -e); do
    case $T_var in
    SLURM_* | SLURMD_* | SBATCH_* | SALLOC_* | SRUN_* | PMI_* | PMIX_* | FLUX_URI | FLUX_JOB_* | FLUX_TASK_*)
        unset "$T_var" ;;
    esac
done

T_COUNT=0
T_FAILED=0
T_TMP=$(mktemp -d "${TMPDIR:-/tmp}/t-${T_FILE%%-*}.XXXXXX") || exit 99
chmod 755 "$T_TMP"
T_STATE=$T_TMP/.t
mkdir "$T_STATE"
cd "$T_TMP" || exit 99

# ---- Structure of a test file

# at_end COMMAND: run it when the test ends, however it ends; the last one given runs first.
at_end ()
{
    printf '%s\n' "$*" >>"$T_STATE/at_end"
}

t_cleanup ()
{
    local code=$?
    trap - EXIT INT TERM HUP
    if [ -f "$T_STATE/at_end" ]; then
        tac "$T_STATE/at_end" >"$T_STATE/at_end.rev"
        while IFS= read -r line; do
            timeout -k 5 60 bash -c "$line" </dev/null >>"$T_STATE/at_end.log" 2>&1 ||
                sed 's/^/# at_end: /' "$T_STATE/at_end.log"
        done <"$T_STATE/at_end.rev"
    fi
    if [ -n "$T_KEEP" ]; then
        echo "# kept $T_TMP"
    else
        cd / && rm -rf --one-file-system "$T_TMP"
    fi
    exit $code
}
trap t_cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# test_case [-t SECONDS] TITLE <<'END' ... END
test_case ()
{
    local limit=$T_LIMIT
    [ "$1" = -t ] && limit=$2 && shift 2
    [[ "$1" =~ ${T_ONLY:-} ]] || { cat >/dev/null; return 0; }
    T_COUNT=$((T_COUNT + 1))
    local n=$T_COUNT code start=$EPOCHREALTIME
    cat >"$T_STATE/case-$n"
    timeout -k 5 "$limit" bash -eEu -o pipefail -c '
        exec 8>&1 # past what a command of the case is redirected to
        trap '\''echo "line $LINENO: exit $?: $BASH_COMMAND" >&8'\'' ERR
        . "$1"' "$T_FILE" "$T_STATE/case-$n" </dev/null >"$T_STATE/out-$n" 2>&1
    code=$?
    local ms=$(((${EPOCHREALTIME/./} - ${start/./}) / 1000))
    if [ $code -eq 0 ]; then
        echo "ok $n - $1 # ${ms}ms"
    else
        T_FAILED=$((T_FAILED + 1))
        echo "not ok $n - $1"
        [ $code -eq 124 ] && echo "# took more than $limit s"
    fi
    if [ $code -ne 0 ] || [ -n "$T_VERBOSE" ]; then
        tail -n 100 "$T_STATE/out-$n" | sed -e 's/^/#   /' -e '$a\'
    fi
    return 0
}

# skip_case TITLE REASON <<'END': takes the place of a case that can't run here.
skip_case ()
{
    [ -t 0 ] || cat >/dev/null
    T_COUNT=$((T_COUNT + 1))
    echo "ok $T_COUNT - $1 # SKIP $2"
}

# case_if CONDITION-COMMAND REASON -- test_case's arguments
case_if ()
{
    local cond=$1 reason=$2
    shift 3
    if eval "$cond" >/dev/null 2>&1; then
        test_case "$@"
    else
        skip_case "${*: -1}" "$reason"
    fi
}

skip_all ()
{
    echo "1..0 # SKIP $*"
    exit 0
}

test_done ()
{
    echo "1..$T_COUNT"
    [ "$T_FAILED" -eq 0 ]
    exit
}

# ---- Expectations, for the cases. Each says what it saw when it fails.

# expect_exit CODE COMMAND...
expect_exit ()
{
    local want=$1 code=0
    shift
    "$@" || code=$?
    [ "$code" -eq "$want" ] || { echo "exit $code, not $want: $*"; return 1; }
}

# expect_fail COMMAND...: it fails on its own terms: no crash, no time-out, not missing.
expect_fail ()
{
    local code=0
    "$@" || code=$?
    case $code in
    0 | 12[4-8]) ;;
    *) [ $code -le 123 ] || [ $code -gt 192 ] && return 0 ;;
    esac
    echo "exit $code, which is no honest failure: $*"
    return 1
}

# expect_equal WANT GOT
expect_equal ()
{
    [ "$1" = "$2" ] || { diff -u --label want --label got <(echo "$1") <(echo "$2"); return 1; }
}

# expect_match REGEX TEXT
expect_match ()
{
    grep -qE -- "$1" <<<"$2" || { printf 'no match of %s in:\n%s\n' "$1" "$2"; return 1; }
}

# expect_no_match REGEX TEXT
expect_no_match ()
{
    ! grep -E -- "$1" <<<"$2" || { printf '%s should not be in:\n%s\n' "$1" "$2"; return 1; }
}

# expect_output WANT COMMAND...: exit 0 and this standard output
expect_output ()
{
    local want=$1 got
    shift
    got=$("$@") || { echo "exit $?: $*"; return 1; }
    expect_equal "$want" "$got"
}

# expect_same_file WANT GOT
expect_same_file ()
{
    cmp -- "$1" "$2" || { diff -u -- "$1" "$2" | head -n 40; return 1; }
}

# expect_in_file REGEX FILE
expect_in_file ()
{
    grep -qE -- "$1" "$2" || { echo "no match of $1 in $2:"; tail -n 40 -- "$2"; return 1; }
}

# broker_pid RANK: the process of a rank of an instance of `flux start --test-size`, before any has
# ended. They are started in the order of their ranks, but the numbers of processes begin anew.
broker_pid ()
{
    local leader start
    leader=$(flux getattr broker.pid)
    start=$(ps -o ppid= -p "$leader")
    pgrep -P "${start// /}" flux-broker |
        awk -v first="$leader" -v max="$(cat /proc/sys/kernel/pid_max)" '{ print ($1 - first + max) % max, $1 }' |
        sort -n | awk -v n="$(($1 + 1))" 'NR == n { print $2 }'
}

# wait_until SECONDS COMMAND...: poll until it succeeds
wait_until ()
{
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || { echo "still not: $*"; return 1; }
        sleep 0.05
    done
}

# compile_client NAME [FLAG...]: NAME.c, with the library for users that was built
compile_client ()
{
    local name=$1
    shift
    ${CC:-gcc} -I"$top_srcdir/lib/include" -o "$name" "$name.c" "$@" -L"$top_builddir/lib/.libs" -lflux-slurm \
        -Wl,-rpath,"$top_builddir/lib/.libs"
}

# compile_plugin NAME [FLAG...]: NAME.c to NAME.so, for a broker or a job shell to load
compile_plugin ()
{
    local name=$1
    shift
    ${CC:-gcc} -shared -fPIC -I"$top_srcdir/lib/include" -o "$name.so" "$name.c" "$@"
}

# ---- A private Slurm with the programs that were built

# Skips the file, and says so loudly: WHAT could not be downloaded.
skip_loudly ()
{
    echo "*** $* COULD NOT BE DOWNLOADED, SO $T_FILE IS NOT RUN ***" | tee /dev/stderr | sed 's/^/# /'
    skip_all "$* could not be downloaded"
}

# in_version TARGET...: make them in T_BUILD with what T_VERSION has, in its chroot or for T_SLURM
in_version ()
{
    if [ -z "${T_SLURM:-}" ]; then
        CONFIGURE_ARGS="--enable-werror CFLAGS=-O1" \
            "$top_srcdir/testsuite/slurm/chroot" build "$T_VERSION" "$T_BUILD" ${T_SOURCE:+-s "$T_SOURCE"} "$@"
        return
    fi
    cd "$T_BUILD" || return
    [ -f config.status ] || "$top_srcdir/configure" --quiet --enable-werror CFLAGS=-O1 CPPFLAGS="-isystem $T_SLURM/include" \
        CC="$(sed -n 's/^CC = //p' "$top_builddir/Makefile")" ${T_SOURCE:+--with-slurm-source="$T_SOURCE"} || return
    nice make -s -j2 "$@"
}

# version_build: what tests of clusters need, for the Slurm T_VERSION: Debian's, in a chroot, or with
# T_SLURM the one that testsuite/slurm/make-slurm made there of the source T_SOURCE. Sets T_BUILD, and
# T_SOURCE to "" where there is no source. Skips the file where that Slurm can't be downloaded.
version_build ()
{
    local code=0 parts="lib/conf/flux-toml.la shell/cmd/flux shell/broker/flux-broker shell/job/flux-shell spank/spank_flux.la"
    [ -z "${T_BUILD:-}" ] || return 0
    T_BUILD=$top_builddir/slurm-$T_VERSION
    mkdir -p "$T_BUILD" || exit 99
    T_SOURCE=${T_SOURCE:-}
    if [ -z "${T_SLURM:-}" ]; then
        "$top_srcdir/testsuite/slurm/chroot" make "$T_VERSION" >"$T_STATE/chroot" 2>&1 || code=$?
        [ $code -ne 4 ] || skip_loudly "Slurm $T_VERSION"
        T_SOURCE=$("$top_srcdir/testsuite/slurm/source" "$top_builddir/slurm-source" --version "$T_VERSION" 2>>"$T_STATE/chroot") || T_SOURCE=
    fi
    [ -z "$T_SOURCE" ] || parts+=" select_graph/select_graph.la spank/spank_graph.la"
    # shellcheck disable=SC2086
    [ $code -eq 0 ] && (flock 9 && in_version $parts) 9<"$T_BUILD" >>"$T_STATE/chroot" 2>&1 || {
        tail -n 40 "$T_STATE/chroot" | sed 's/^/# /'
        echo "Bail out! no build for Slurm $T_VERSION"
        exit 99
    }
}

# slurm_up N [OPTIONS]: start one for this test file (see testsuite/slurm/cluster), with spank_flux
# loaded when it was built (PLUGSTACK_ARGS are its arguments), and end it with the test. Skips the
# file where that can't be. The programs are copied, because the test user may not be able to read
# the build folder. T_BROKER is a program to take in place of flux-broker; T_VERSION another version
# of Slurm (T_VERSION=24.11 testsuite/run 1020-spank works, too; see version_build).
slurm_up ()
{
    [ "$(id -u)" -eq 0 ] || skip_all "needs root"
    command -v slurmctld >/dev/null || skip_all "needs slurmctld"
    CLUSTER_DIR=$T_TMP/cluster
    local bin=$T_TMP/flux plug=() other=()
    if [ -z "${T_VERSION:-}" ]; then
        T_BUILD=$top_builddir
    else
        version_build
        other=(--version "$T_VERSION" --bind "$T_TMP")
        [ ! -f "$SPANK_FLUX" ] || SPANK_FLUX=$T_BUILD/spank/.libs/spank_flux.so
    fi
    mkdir "$bin"
    cp "$T_BUILD"/shell/cmd/flux "$T_BUILD"/shell/broker/flux-broker \
        "$T_BUILD"/shell/job/flux-shell "$T_BUILD"/lib/conf/.libs/flux-toml.so "$bin" 2>/dev/null
    [ -z "${T_BROKER:-}" ] || cp "$T_BROKER" "$bin/flux-broker" || exit 99
    PATH=$bin:$PATH
    FLUX_EXEC_PATH=$bin
    if [ -f "$SPANK_FLUX" ]; then
        cp "$SPANK_FLUX" "$bin"
        plug=(--plugstack "required $bin/spank_flux.so flux=$bin munge_socket=$CLUSTER_DIR/munge/socket ${PLUGSTACK_ARGS:-}")
    fi
    at_end "'$CLUSTER' -d '$CLUSTER_DIR' down"
    # Slurm's own programs can load plugins with a sanitizer when they have its libraries already.
    if nm -D "$T_BUILD/spank/.libs/spank_graph.so" 2>/dev/null | grep -q __asan_init; then
        CLUSTER_PRELOAD="$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so)"
    fi
    "$CLUSTER" -d "$CLUSTER_DIR" up "$@" ${plug[@]+"${plug[@]}"} ${other[@]+"${other[@]}"} >"$T_STATE/up" 2>&1 || {
        sed 's/^/# /' "$T_STATE/up"
        echo "Bail out! no cluster"
        exit 99
    }
    SLURM_CONF=$CLUSTER_DIR/slurm.conf
    mkdir -m 777 "$T_TMP/user"
}

# Nodes where a job has just ended are not given out at once.
none_completing () { [ -z "$(as_user sinfo -h -t completing -o %N)" ]; }

# as_user COMMAND...: as the test user, in a folder that it can write to, for 50 s at most. With
# T_SETTLE, srun has all nodes to choose from that no other job has.
as_user ()
{
    [ "$1" != srun ] || [ -z "${T_SETTLE:-}" ] || wait_until 30 none_completing || :
    (cd "$T_TMP/user" && timeout -k 2 "${AS_USER_LIMIT:-50}" "$CLUSTER" -d "$CLUSTER_DIR" as - "$@")
}

# The test user's processes in this cluster, but for those that match nothing of interest
user_processes ()
{
    local e
    for e in /proc/[0-9]*/environ; do
        grep -qsxzF "SLURM_CONF=$CLUSTER_DIR/slurm.conf" "$e" || continue
        e=${e%/environ}
        [ "$(stat -c %U "$e" 2>/dev/null)" = "${CLUSTER_USER:-fluxtest}" ] && ps -o pid=,args= -p "${e#/proc/}"
    done
    return 0
}

# no_user_processes: none is left; to be polled with wait_until
no_user_processes ()
{
    [ -z "$(user_processes)" ]
}

# batch_done: the test user has no job left. sbatch --wait would do, but it looks every few seconds.
batch_done ()
{
    [ -z "$(as_user squeue -h)" ]
}

# run_batch ARGS...: sbatch, and wait for the job; fails with the job's exit code
run_batch ()
{
    local id
    id=$(as_user sbatch --parsable "$@") && wait_until 40 batch_done || return 1
    return "$(as_user scontrol show job "$id" | sed -n 's/.* ExitCode=\([0-9]*\):.*/\1/p' | sort -n | tail -n 1)"
}
