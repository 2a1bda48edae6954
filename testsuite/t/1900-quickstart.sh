#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# contrib/quickstart: builds, installs into its folder, and shows a session.
# alone
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" -eq 0 ] || skip_all "needs root"
command -v slurmctld >/dev/null || skip_all "needs slurmctld"
export QUICKSTART_DIR=$T_TMP/quickstart

# Of what quickstart starts, each process is in its folder or names it.
nothing_runs ()
{
    local p
    for p in /proc/[0-9]*; do
        [ "$p" != "/proc/$$" ] || continue
        case "$(readlink "$p/cwd") $(tr '\0' ' ' <"$p/cmdline")" in
        *"$QUICKSTART_DIR"*) return 1 ;;
        esac
    done 2>/dev/null
}
at_end "[ ! -d $QUICKSTART_DIR ] || $top_srcdir/contrib/quickstart --stop"

test_case 'Ctrl-C in the middle of the build ends it, and says what is left' <<'END'
env --default-signal=INT setsid "$top_srcdir/contrib/quickstart" >out 2>&1 &
pid=$!
wait_until 50 grep -q building out
wait_until 20 test -d "$QUICKSTART_DIR/build"
kill -INT $pid
expect_exit 130 wait $pid
expect_in_file "what was built is still in $QUICKSTART_DIR" out
wait_until 5 nothing_runs
END

test_case 'an unprivileged caller is told what it needs' <<'END'
install -m 644 "$top_srcdir/contrib/quickstart" script
expect_exit 1 setpriv --reuid=65534 --regid=65534 --clear-groups /bin/bash ./script 2>err
expect_equal "quickstart: needs root, because slurmd does" "$(cat err)"
expect_output 0 sh -c "setpriv --reuid=65534 /bin/bash ./script --help | grep -c unknown || :"
END

test_case -t 500 'the session runs, each command before its output; the cluster is kept' <<'END'
"$top_srcdir/contrib/quickstart" --keep >out
for line in '^\$ srun --flux -N4' '^\$ flux resource list$' '^ +free +4 +16 +0 n\[1-4\]$' \
    '^\$ flux run -N4 hostname$' '^n4$' '^\$ flux submit --cc=1-100' '^ +ƒ.* true +CD ' \
    '^ +101 COMPLETED$' 'quickstart --stop$'; do
    expect_in_file "$line" out
done
END

test_case 'the kept cluster can be entered with what was installed' <<'END'
expect_equal "2" "$(cd /tmp && env PATH=$QUICKSTART_DIR/install/bin:$PATH FLUX_EXEC_PATH= timeout 20 "$CLUSTER" -d "$QUICKSTART_DIR/cluster" as - srun --flux -N2 flux getattr size)"
END

test_case 'a second run beside it is refused, and does it no harm' <<'END'
expect_exit 1 "$top_srcdir/contrib/quickstart" 2>err
expect_in_file 'quickstart: one is up; end it with: .*quickstart --stop' err
"$CLUSTER" -d "$QUICKSTART_DIR/cluster" status
END

test_case -t 120 'Ctrl-C in the session ends all that was started; another run goes on from there' <<'END'
"$CLUSTER" -d "$QUICKSTART_DIR/cluster" down
env --default-signal=INT setsid "$top_srcdir/contrib/quickstart" --keep >out 2>&1 &
pid=$!
wait_until 100 grep -q '^. flux resource list' out
kill -INT $pid
expect_exit 130 wait $pid
[ ! -e "$QUICKSTART_DIR/cluster" ]
[ -d "$QUICKSTART_DIR/install" ]
wait_until 5 nothing_runs
END

test_case '--stop ends and removes all' <<'END'
"$top_srcdir/contrib/quickstart" --stop
[ ! -e "$QUICKSTART_DIR" ]
expect_exit 2 "$top_srcdir/contrib/quickstart" --frob
END

test_done
