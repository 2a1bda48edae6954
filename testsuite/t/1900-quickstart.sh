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
at_end "[ ! -d $QUICKSTART_DIR ] || $top_srcdir/contrib/quickstart --stop"

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
expect_exit 1 "$top_srcdir/contrib/quickstart"
END

test_case '--stop ends and removes all' <<'END'
"$top_srcdir/contrib/quickstart" --stop
[ ! -e "$QUICKSTART_DIR" ]
expect_exit 2 "$top_srcdir/contrib/quickstart" --frob
END

test_done
