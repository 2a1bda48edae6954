#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright (c) 2026 the slurm-flux authors
#
# select/graph with accounting: a policy for each QOS, and preemption by QOS. Has a slurmdbd of its own
# above a MariaDB of its own.
. "$(dirname "$0")/lib.sh"
. "$top_srcdir/testsuite/t/select.sh"
command -v mariadbd >/dev/null || skip_all "no mariadbd"
version_has slurmdbd || skip_all "no slurmdbd"

free_port () { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
DB=$T_TMP/db
DB_PORT=$(free_port)
DBD_PORT=$(free_port)
mkdir -p "$DB/data" && chown mysql "$DB" "$DB/data"
sql () { timeout 20 mariadb --socket="$DB/socket" "$@"; }
mariadb-install-db --user=mysql --datadir="$DB/data" --auth-root-authentication-method=socket \
    --skip-test-db >"$T_STATE/install-db" 2>&1 || skip_all "no data base could be made: $(tail -n 1 "$T_STATE/install-db")"
setsid mariadbd --no-defaults --user=mysql --datadir="$DB/data" --socket="$DB/socket" --port="$DB_PORT" \
    --bind-address=127.0.0.1 --pid-file="$DB/pid" --innodb-buffer-pool-size=32M >"$T_STATE/mariadbd" 2>&1 8>&- &
at_end "kill $! 2>/dev/null; timeout 20 tail --pid=$! -f /dev/null"
wait_until 30 sql -e 'SELECT 1' >/dev/null
sql -e "CREATE DATABASE acct; CREATE USER s@localhost IDENTIFIED BY 'p'; GRANT ALL ON acct.* TO s@localhost;
    CREATE USER s@'127.0.0.1' IDENTIFIED BY 'p'; GRANT ALL ON acct.* TO s@'127.0.0.1'"

# slurmdbd has the munge of the cluster, which is up first; then slurmctld starts again, with it.
select_up 3 --conf SelectTypeParameters=CR_Core --conf SchedulerType=sched/backfill \
    --conf SchedulerParameters=bf_interval=1,sched_interval=2 \
    --conf PreemptMode=OFF \
    --conf 'PartitionName=all Nodes=ALL Default=YES MaxTime=60'
cat >"$T_TMP/cluster/slurmdbd.conf" <<END
AuthType=auth/munge
AuthInfo=socket=$T_TMP/cluster/munge/socket
DbdHost=localhost
DbdPort=$DBD_PORT
SlurmUser=root
LogFile=$T_TMP/cluster/log/slurmdbd.log
PidFile=$T_TMP/cluster/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$DB_PORT
StorageUser=s
StoragePass=p
StorageLoc=acct
END
chmod 600 "$T_TMP/cluster/slurmdbd.conf"
setsid "$CLUSTER" -d "$CLUSTER_DIR" as root slurmdbd -D >"$T_STATE/slurmdbd" 2>&1 8>&- &
at_end "kill $! 2>/dev/null; timeout 20 tail --pid=$! -f /dev/null"

manage () { as_root sacctmgr -i "$@" >/dev/null; }
nodes_of () { as_user squeue -h -j "$1" -o %N; }
has_cluster () { as_root sacctmgr -n list cluster | grep -q private; }
knows_user () { as_user sbatch --test-only -n1 --qos=urgent --wrap true 2>&1 | grep -q 'to start'; }

test_case 'slurmctld has accounts, and a QOS that goes before another' <<'END'
cd "$CLUSTER_DIR"
sed -i '/^AccountingStorageType=/d; s,^PreemptMode=.*,PreemptType=preempt/qos\nPreemptMode=CANCEL,' slurm.conf
cat >>slurm.conf <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort=$DBD_PORT
AccountingStoragePass=$CLUSTER_DIR/munge/socket
AccountingStorageEnforce=qos
CONF
wait_until 30 grep -q 'slurmdbd version .* started' log/slurmdbd.log
as_root scontrol shutdown slurmctld
wait_until 20 ctld_gone
rm -f state/clustername # from 24.11 on it has an id, which slurmdbd is to give
start_ctld
wait_until 40 has_cluster
manage add qos urgent Preempt=normal
manage modify qos normal set Priority=1
manage add qos last
manage add account a
manage add user fluxtest Account=a QOS=normal,urgent,last DefaultQOS=normal
wait_until 30 knows_user
END

test_case 'a policy for each QOS' <<'END'
printf 'Policy=low\nQOS=urgent,last Policy=high\nPartitionName=all Policy=low\n' >"$CLUSTER_DIR/graph.conf"
reconfigure
expect_equal n1 "$(as_user srun -n1 hostname)"
expect_equal n3 "$(as_user srun --qos=last -n1 hostname)"
expect_equal n1 "$(as_user srun --qos=last --graph-policy=low -n1 hostname)"
END

test_case 'preemption by QOS: one job goes, where the policy wants it' <<'END'
for i in 1 2 3; do submit -N1 --exclusive >>low; done
wait_until 20 running 3
u=$(submit --qos=urgent -N1 --exclusive)
wait_until 30 state_is "$u" RUNNING
expect_equal n3 "$(nodes_of "$u")"
expect_equal 2 "$(as_user squeue -h -t R --qos=normal | wc -l)"
# nobody can be preempted for it
w=$(submit --qos=last -N1 --exclusive)
sleep 3
expect_equal PENDING "$(as_user squeue -h -j "$w" -o %T)"
clear_jobs
expect_equal "n1 n2 n3" "$(as_user srun -N3 --exclusive hostname | sort | xargs)"
expect_no_match 'select/graph.*(not in the graph|refused)' "$(grep -E 'error|fatal' "$CLUSTER_DIR/log/slurmctld.log")"
END

test_done
