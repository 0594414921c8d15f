#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/netlab: what it says of wrong arguments; and, where the machine allows it, that ranks in it compute the same,
# talk across its links, and that nothing of it is left behind, however it ends.
. "$(dirname "$0")/lib.sh"

# netlab ARGUMENT...: what comes of it can be told by its environment.
netlab() {
    # shellcheck disable=SC2154 # work is that of lib.sh
    TOWERPART_MARK=$work timeout 120 bash "$SOURCE/tools/netlab" "$@"
}

# refuses STATUS TEXT ARGUMENT...: with one line on standard error, which holds TEXT.
refuses() {
    refused_status=$1 refused_text=$2
    shift 2
    netlab "$@" >logs/out 2>logs/err </dev/null
    judge "refused: $*" "$refused_status" $? "$refused_text" "$*"
    ok "in one line: $*" test "$(wc -l <logs/err)" -eq 1 -a ! -s logs/out
}

refuses 2 'expected run, up, exec, down or check'
refuses 2 "unknown command 'start'" start 2 2 1gbit
refuses 2 'expected HOSTS RANKS RATE' run
refuses 2 'expected HOSTS RANKS RATE' up 2 2
for word in 0 -1 x 1.5 65 02 99999999999999999999 ''; do
    refuses 2 "HOSTS: found '$word'" up "$word" 2 1gbit
done
refuses 2 "RANKS: found '257'" run 2 257 1gbit -- true
for word in 100 mbit 0mbit 1.5gbit 100mb 100Mbit 101gbit 100001mbit '1 gbit' ''; do
    refuses 2 "RATE: found '$word'" run 2 2 "$word" -- true
done
refuses 2 'expected -- COMMAND' run 2 2 1gbit true
refuses 2 'expected -- COMMAND' run 2 2 1gbit --
refuses 2 "NAME: found 'a/b'" up 2 2 1gbit a/b
refuses 2 "unexpected argument: 'b'" up 2 2 1gbit a b
refuses 2 "unexpected argument: 'b'" down a b
refuses 2 "unexpected argument: 'b'" check b
refuses 2 'expected [NAME] COMMAND' exec
refuses 1 'no netlab nosuch is there' down nosuch
netlab --help >logs/out 2>logs/err
judge 'help' 0 $? '' --help

if ! netlab check >logs/check 2>&1; then
    count=$((count + 1))
    reason=$(sed -n '$s/^ *//p' logs/check)
    echo "ok $count - a network: missing: $reason # SKIP"
    finish
    exit 0
fi

one=t$$one two=t$$two
trap 'netlab down $one 2>logs/err; netlab down $two 2>logs/err; rm -rf "$work"' EXIT

# marked: the processes that come of netlab. Zombies have no environment.
marked() {
    set +f
    grep -lzsxF "TOWERPART_MARK=$work" /proc/[0-9]*/environ
    set -f
}

# none_runs: no process is left, if not at once then soon.
none_runs() {
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        [ -n "$(marked)" ] || return 0
        sleep 0.5
    done
    echo "left: $(marked)"
    return 1
}

# gone FOLDER: no process is left, nor what the lab kept, and the machine's network is as before.
gone() {
    none_runs || return 1
    if [ -z "$1" ] || [ -e "$1" ]; then
        echo "left: '$1'"
        return 1
    fi
    ip -o link | sed 's/ state.*//' >logs/links
    cmp logs/links logs/links_before
}
PATH=$PATH:/usr/sbin:/sbin
ip -o link | sed 's/ state.*//' >logs/links_before

# The same training outside, by run, and by up and exec.
mixed here 2 2 batch=4096 rows=no
"$TOWERPART" report --json here/plan.yaml -o here/plan.json
train() {
    "$@" "$TRAIN" here/plan.yaml --data synthetic:1 --mode sptt --steps 5 --json -q --predictions here/now.npy
}
train mpi 4 >here/outside.json
mv here/now.npy here/outside.npy
train netlab run 2 2 1gbit -- >here/run.json
ok 'run: the same losses, bit for bit' python3 "$SOURCE/tests/mpi/lines.py" same here/outside.json here/run.json
ok 'run: the same predictions' cmp here/outside.npy here/now.npy

ok 'up' netlab up 2 2 200mbit $one
ok 'up beside it, with the same addresses' netlab up 3 1 20mbit $two
refuses 1 "$one is up already" up 2 2 1gbit $one
# received: bytes that the switch got from the hosts.
received() {
    netlab exec $one ip -s link | awk '/^[0-9]+: host/ { host = 1 } /RX:/ && host { getline; sum += $1; host = 0 }
        END { printf "%.0f\n", sum }'
}
before=$(received)
train netlab exec $one mpirun -n 4 >here/exec.json
after=$(received)
ok 'exec: the same losses, bit for bit' python3 "$SOURCE/tests/mpi/lines.py" same here/outside.json here/exec.json
ok 'exec: the same predictions' cmp here/outside.npy here/now.npy

# What one rank alone sends or receives across hosts in five steps has passed the switch.
cat >crossed.py <<'END'
import json, sys
with open('here/plan.json', encoding='utf-8') as file:
    phases = json.load(file)['cost']['sptt']['phases']
payload = 5 * sum(phase.get('bytes', {}).get('cluster', 0) for phase in phases.values())
found = int(sys.argv[2]) - int(sys.argv[1])
print(f'{found} bytes, {payload} of one rank')
sys.exit(not 0 < payload <= found)
END
ok 'what the plan says crosses hosts crossed the links' python3 crossed.py "$before" "$after"
cat >two_hosts.txt <<'END'
0 host0
1 host0
2 host1
3 host1
END
# shellcheck disable=SC2016 # expanded by the ranks
netlab exec $one mpirun -n 4 sh -c 'echo $OMPI_COMM_WORLD_RANK $(hostname)' | sort >logs/hosts
ok 'ranks go host by host' cmp logs/hosts two_hosts.txt
netlab exec $two tc qdisc show dev host2 >logs/down
ok 'to a host, the rate is the one asked for' grep 'tbf.* rate 20Mbit ' logs/down
netlab exec $two mpirun -n 1 --host host2 tc qdisc show dev eth0 >logs/up
ok 'and from it' grep 'tbf.* rate 20Mbit ' logs/up
# shellcheck disable=SC2016 # expanded inside
netlab exec $two sh -c 'echo $OMPI_MCA_orte_tmpdir_base' >two_folder
# shellcheck disable=SC2016 # expanded inside
netlab exec $one sh -c 'echo $OMPI_MCA_orte_tmpdir_base; sleep 300 </dev/null >/dev/null 2>&1 &' >one_folder
ok 'down' netlab down $two
ok 'the other still works' netlab exec $one true
ok 'down, with what runs in it' netlab down $one
ok 'nothing is left of them' gone "$(cat one_folder)"
ok 'nor of the first' gone "$(cat two_folder)"
refuses 1 'no netlab netlab is up' exec $one true

# shellcheck disable=SC2016 # expanded by the ranks
netlab run 2 1 1gbit -- sh -c 'echo $OMPI_MCA_orte_tmpdir_base; exit 7' >logs/folders 2>logs/err
ok 'run ends as its command does' test $? -eq 7
ok 'nothing is left of a command that failed' gone "$(head -n 1 logs/folders)"

# ends SIGNAL STATUS: a lab with ranks that run, by a signal to it alone.
ends() {
    rm -f folder
    # shellcheck disable=SC2016 # expanded by the ranks
    TOWERPART_MARK=$work bash "$SOURCE/tools/netlab" run 2 1 1gbit -- \
        sh -c 'echo $OMPI_MCA_orte_tmpdir_base >"$0.$$" && mv "$0.$$" "$0" && sleep 300' "$work/folder" \
        2>logs/err </dev/null &
    lab=$!
    for _ in $(seq 100); do
        [ -e folder ] || sleep 0.1
    done
    kill -"$1" $lab
    wait $lab 2>/dev/null
    ok "run ends by SIG$1" test $? -eq "$2"
}
ends TERM 143
ok 'nothing is left after SIGTERM' gone "$(cat folder)"
ends KILL 137
ok 'with a killed one ends what ran in it' none_runs
left=$(cat folder)
ok 'down removes what a killed one left' netlab down "${left##*-}"
ok 'nothing is left after SIGKILL' gone "$left"
finish
