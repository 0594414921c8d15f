#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What is measured becomes a topology that a plan can be made for; what is wrong is said once. No figure
# is judged: other things run on this machine.
. "$(dirname "$0")/lib.sh"

# measured NAME RANKS HOSTS ARGUMENT...: leaves NAME.yaml and NAME.txt, and a plan for it.
measured() {
    measured_name=$1 measured_ranks=$2 measured_hosts=$3
    shift 3
    mpi "$measured_ranks" "$CALIBRATE" -m model.yaml -o "$measured_name.yaml" --seconds 0.3 "$@" \
        >"$measured_name.txt" 2>logs/err
    judge "$measured_name: is measured" 0 $? '' "$*"
    ok "$measured_name: a table of 100 columns" sh -c \
        "test -s $measured_name.txt && ! grep -q '.\{101\}' $measured_name.txt"
    expect "$measured_name: a plan" 0 '' plan -q -m model.yaml -t "$measured_name.yaml" --strategy load \
        -o "$measured_name-plan.yaml"
    ok "$measured_name: for $measured_ranks ranks on $measured_hosts hosts" python3 - "$measured_name" \
        "$measured_ranks" "$measured_hosts" <<'END'
import re, sys
name, ranks, hosts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
text = open(name + ".yaml").read()
fanouts = [int(n) for n in re.findall(r"fanout: (\d+)", text)]
assert fanouts == ([ranks // hosts, hosts] if hosts > 1 else [ranks]), fanouts
assert "# Measured by towerpart-calibrate on 2" in text
assert "%d rank" % ranks in text
END
}

write_specs
sed 's,hosts_per_tower: 1,hosts_per_tower: 2,' topology.yaml >many.yaml
measured one 1 1
ok 'one rank has no network' grep -q 'figures of its level are placeholders' one.yaml
measured two 2 1
ok 'two ranks have curves of one point' grep -q '^  alltoall: \[\[2, [0-9.e+]*\]\]$' two.yaml
measured four 4 1
ok 'four have one of two points' grep -q '^  allreduce: \[\[2, [0-9.e+]*\], \[4, [0-9.e+]*\]\]$' four.yaml
measured hosts 4 2 --hosts-size 2
ok 'two hosts share uplinks' grep -q '^  uplink_bytes_per_s: ' hosts.yaml
measured apart 2 2 --hosts-size 1
ok 'ranks that are alone on their hosts do not' test "$(grep -c uplink apart.yaml)" -eq 0
measured based 2 2 --hosts-size 1 --base topology.yaml
ok 'what the base says stays' grep -q '^  memory_bytes: 1000000000$' based.yaml
ok 'its name, too' grep -q '^name: two$' based.yaml

# The plan that was made for it runs, and its prediction stands beside what was measured.
mpi 4 "$TRAIN" hosts-plan.yaml --data synthetic:1 --steps 3 --allow-split-hosts --json -q >trained.json 2>logs/err
expect 'predicted beside measured' 0 '' report hosts-plan.yaml --measured trained.json
ok 'they are compared' grep -q '^ one step ' logs/out

mpi 2 "$CALIBRATE" -m model.yaml -o json.yaml --seconds 0.1 --json >run.json 2>logs/err
ok 'for programs' python3 -c '
import json
run = json.load(open("run.json"))
kinds = [f["figure"] for f in run["measured"]]
assert kinds == ["latency_s", "bytes_per_s", "exchange_s", "alltoall", "allreduce",
    "memory_bytes_per_s", "alone.memory_bytes_per_s", "flops_per_s", "alone.flops_per_s"], kinds
assert all(f["first_quartile"] <= f["median"] <= f["third_quartile"] for f in run["measured"])
assert all(0 < f["first_quartile"] for f in run["measured"] if f["figure"] != "exchange_s")
assert run["topology"]["device"]["alone"]["ranks"] == 2
assert run["topology"]["levels"][0]["fanout"] == 2'
mpi 1 "$CALIBRATE" -m model.yaml -o - --seconds 0.1 >piped.yaml 2>logs/err
expect 'to a pipe' 0 '' plan -q -m model.yaml -t piped.yaml --strategy load -o piped-plan.yaml

# refused NAME STATUS TEXT RANKS ARGUMENT...
refused() {
    refused_name=$1 refused_status=$2 refused_text=$3 refused_ranks=$4
    shift 4
    mpi "$refused_ranks" "$CALIBRATE" -m model.yaml --seconds 0.1 "$@" >logs/out 2>logs/err
    judge "$refused_name" "$refused_status" $? "$refused_text" "$*"
    ok "$refused_name: said once" test "$(grep -c '^towerpart-calibrate: ' logs/err)" -eq 1
    ok "$refused_name: nothing else is said" test ! -s logs/out
}
refused 'no output' 2 'option -o FILE is missing' 2
refused 'no such folder' 4 'nowhere/t.yaml: cannot be written' 2 -o nowhere/t.yaml
mkdir folder
refused 'a folder' 4 'folder: is a folder' 2 -o folder
refused 'hosts of no size' 2 "--hosts-size: found '0'" 2 -o out.yaml --hosts-size 0
refused 'hosts that do not fit' 2 '--hosts-size: found 2, expected a divisor of the 3 ranks that run' 3 \
    -o out.yaml --hosts-size 2
refused 'no base' 3 'nowhere.yaml: ' 2 -o out.yaml --base nowhere.yaml
refused 'a base of many towers' 3 'hosts_per_tower: 2, expected a divisor of the 1 host that run' 2 \
    -o out.yaml --base many.yaml
refused 'the base itself' 2 '-o topology.yaml: would change the input --base topology.yaml' 2 \
    -o topology.yaml --base topology.yaml
refused 'two results in one' 2 '-o - and --json both go to standard output' 2 -o - --json
refused 'an argument' 2 "too many arguments: 'plan.yaml'" 2 -o out.yaml plan.yaml
mpi 2 "$CALIBRATE" -m nowhere.yaml -o out.yaml >logs/out 2>logs/err
judge 'a model that is not there' 3 $? 'nowhere.yaml: ' '-m nowhere.yaml'
mpi 2 "$CALIBRATE" -o out.yaml >logs/out 2>logs/err
judge 'no model' 2 $? 'option -m MODEL is missing' ''
mpi 2 "$CALIBRATE" -m model.yaml -o out.yaml --seconds 0 >logs/out 2>logs/err
judge 'no time' 2 $? "--seconds: found '0', expected a number above 0" '--seconds 0'

# A line of progress goes to terminals only, and not to dumb ones.
escape=$(printf '\033')
if python3 "$SOURCE/tests/cli/on_terminal.py" true >logs/pty 2>&1; then # a bare chroot has no terminals
    for terminal in xterm dumb; do
        TERM=$terminal mpi 1 python3 "$SOURCE/tests/cli/on_terminal.py" "$CALIBRATE" -m model.yaml -o out.yaml \
            --seconds 0.1 >"$terminal" 2>logs/err
        ok "$terminal: is measured" grep -q 'CALIBRATION' "$terminal"
    done
    ok 'a terminal shows progress' grep -q "$escape\[K" xterm
    ok 'a dumb one does not' sh -c '! grep -q "$1" dumb' sh "$escape"
    ok 'a file shows none' sh -c '! grep -q "$1" one.txt' sh "$escape"
fi
ok 'help names all options' sh -c "mpirun -n 1 $CALIBRATE --help | grep -q -- '--hosts-size=L'"
ok 'nothing is left behind' test "$(find . -name '.towerpart*' | wc -l)" -eq 0
echo "1..$count"
