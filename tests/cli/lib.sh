# SPDX-License-Identifier: Apache-2.0
# Sourced by the command line tests: runs the program, compares, and speaks TAP.
#
# In: $TOWERPART, the program; $SOURCE, the project's folder. Every test works in a folder of its own,
# which is removed at the end.
set -uf

work=$(mktemp -d "${TMPDIR:-/tmp}/towerpart-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir logs
count=0

# ok NAME COMMAND...: the command succeeds.
ok() {
    count=$((count + 1))
    ok_name=$1
    shift
    if "$@" >logs/ok 2>&1; then
        printf '%s\n' "ok $count - $ok_name"
    else
        printf '%s\n' "not ok $count - $ok_name"
        printf '%s\n' "# failed: $*"
        sed 's/^/# /' logs/ok
    fi
}

# expect NAME STATUS TEXT ARGUMENT...: the program, run with those arguments, ends with that exit status
# and its standard error holds every line of TEXT somewhere (empty: it says nothing). A run that fails
# leaves no out.yaml. What it said is left in logs/out and logs/err.
expect() {
    expect_name=$1
    expect_status=$2
    expect_text=$3
    shift 3
    "$TOWERPART" "$@" >logs/out 2>logs/err </dev/null
    judge "$expect_name" "$expect_status" $? "$expect_text" "$*"
}

# judge NAME STATUS FOUND_STATUS TEXT WHAT_RAN: the rest of expect.
judge() {
    count=$((count + 1))
    tap_problem=
    [ "$2" -eq "$3" ] || tap_problem="exit status $3, expected $2"
    [ -n "$4" ] || [ ! -s logs/err ] || tap_problem="$tap_problem; standard error is not empty"
    for tap_line in $(printf '%s\n' "$4" | tr ' \n' '\001 '); do
        tap_line=$(printf '%s' "$tap_line" | tr '\001' ' ')
        grep -qF -- "$tap_line" logs/err || tap_problem="$tap_problem; standard error lacks '$tap_line'"
    done
    ! grep -q 'Sanitizer\|runtime error' logs/err || tap_problem="$tap_problem; a sanitizer complained"
    [ "$3" -eq 0 ] || [ ! -e out.yaml ] || tap_problem="$tap_problem; it left an output file"
    if [ -z "$tap_problem" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        echo "# $tap_problem"
        echo "# ran: $5"
        head -n 40 logs/err | sed 's/^/# /'
    fi
}

# follow PAGE: the commands that a page shows in its console blocks run and say the lines below them. There,
# "$ command" is a command, "..." stands for what is left out.
follow() {
    sed -n '/^```console$/,/^```$/{/^```/!p;}' "$1" >logs/console
    sed -n 's/^\$ //p' logs/console >logs/commands
    : >logs/said
    while read -r follow_command; do
        PATH=$(dirname "$TOWERPART"):$PATH sh -c "$follow_command" >logs/one 2>&1 </dev/null
        ok "runs: $follow_command" test $? -eq 0
        cat logs/one >>logs/said
    done <logs/commands
    grep -v '^\$ \|^\.\.\.$' logs/console >logs/shown
    while IFS= read -r follow_shown; do
        ok "is said: $follow_shown" grep -qxF -- "$follow_shown" logs/said
    done <logs/shown
}

# The number of tests, last.
finish() {
    echo "1..$count"
}

# A small model (two tables, three features), topology (two hosts of one rank) to begin from.
write_specs() {
    cat >model.yaml <<'END'
towerpart_model: 1
name: small
dense_features: 4
batch_size: 64
tables:
  - {name: t_user, rows: 100, dim: 8, features: [user]}
  - {name: t_item, rows: 50, dim: 8, features: [{name: item}, {name: history, pooling: 2.5}]}
arch: {interaction: dlrm, bottom_mlp: [16, 8], top_mlp: [16, 1]}
END
    cat >topology.yaml <<'END'
towerpart_topology: 1
name: two
hosts_per_tower: 1
device: {memory_bytes: 1000000000, memory_bytes_per_s: 1.0e+12, flops_per_s: 1.0e+13}
levels:
  - {name: host, fanout: 1, bytes_per_s: 1.0e+11, latency_s: 1.0e-6}
  - {name: cluster, fanout: 2, bytes_per_s: 1.0e+10, latency_s: 1.0e-5}
END
}
