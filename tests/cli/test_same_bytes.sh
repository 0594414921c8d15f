#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Same inputs and seed: the same bytes, twice, from another folder, and where decimals have a comma.
. "$(dirname "$0")/lib.sh"

# make PROGRAM FOLDER: synth -> profile -> affinity -> plan -> report, explain, diff, all into that folder
make() {
    "$1" synth -q -o "$2" --features 26 --groups 4 --samples 256 --mixed-dims --skew 0.7 --hosts 2 \
        --ranks-per-host 2 --log 20 --seed 7 &&
        "$1" profile -q "criteo:$2/log.tsv" -m "$2/model.yaml" -o "$2/profiled.yaml" >"$2/profile.txt" &&
        "$1" profile -q "criteo:$2/log.tsv" -m "$2/model.yaml" -o "$2/again.yaml" --json \
            >"$2/profile.json" &&
        "$1" plan -q -m "$2/profiled.yaml" -t "$2/topology.yaml" --strategy load \
            -o "$2/plan_profiled.yaml" &&
        "$1" affinity -q -m "$2/model.yaml" -d "$2/dump" --threads 1 -o "$2/affinity.npz" &&
        "$1" plan -q -m "$2/model.yaml" -t "$2/topology.yaml" -a "$2/affinity.npz" -o "$2/plan.yaml" &&
        "$1" report "$2/plan.yaml" -o "$2/report.txt" &&
        "$1" report --json "$2/plan.yaml" -o "$2/report.json" &&
        "$1" report --format html "$2/plan.yaml" -a "$2/affinity.npz" -o "$2/report.html" &&
        "$1" recost -q "$2/plan.yaml" -a "$2/affinity.npz" -o "$2/recost.yaml" &&
        "$1" plan -q -m "$2/model.yaml" -t "$2/topology.yaml" -d "$2/dump" --threads 1 \
            -o "$2/plan_from_dump.yaml" &&
        "$1" explain f03 "$2/plan.yaml" -a "$2/affinity.npz" -o "$2/explain.txt" &&
        "$1" explain --json f03 "$2/plan.yaml" -a "$2/affinity.npz" -o "$2/explain.json" &&
        differ "$1" "$2" -o "$2/diff.txt" && differ "$1" "$2" --json -o "$2/diff.json"
}

# differ PROGRAM FOLDER OPTION...: two plans in it are compared, and do differ
differ() {
    differ_program=$1 differ_folder=$2
    shift 2
    "$differ_program" diff "$differ_folder/plan_profiled.yaml" "$differ_folder/plan.yaml" "$@"
    test $? -eq 1
}

ok 'a first time' make "$TOWERPART" first
ok 'a second time' make "$TOWERPART" second
ok 'the same bytes' diff -r first second
mkdir -p elsewhere/deeper
here=$work
cd elsewhere/deeper && mkdir logs || exit 1
ok 'from another folder, by absolute paths' make "$TOWERPART" "$here/third"
cd "$here" || exit 1
ok 'the same bytes from there' diff -r first third
ok 'loading a plan and saving it gives the same bytes' sh -c '
    "$TOWERPART" plan -q -m first/model.yaml -t first/topology.yaml --strategy load -o load.yaml &&
    "$TOWERPART" recost -q load.yaml | cmp - load.yaml &&
    "$TOWERPART" recost -q first/recost.yaml -a first/affinity.npz | cmp - first/recost.yaml'
ok 'another seed gives another dump' sh -c '
    "$TOWERPART" synth -q -o other --features 12 --groups 4 --samples 256 --seed 8 &&
    "$TOWERPART" synth -q -o one --features 12 --groups 4 --samples 256 --seed 7 &&
    ! cmp -s one/dump/pooled.npy other/dump/pooled.npy'

# A bare system has only the C locale: build one with decimal commas. $IN_COMMA_LOCALE is the program
# built with a main() that sets the locale and refuses to go on unless commas are in force.
ok 'a locale with decimal commas can be built' \
    localedef -i de_DE -f UTF-8 --no-archive "$work/de_DE.UTF-8"
export LOCPATH="$work" LC_ALL=de_DE.UTF-8
ok 'under that locale' make "$IN_COMMA_LOCALE" fourth
ok 'the same bytes under that locale' diff -r first fourth
ok 'options are read under that locale as elsewhere' \
    "$IN_COMMA_LOCALE" plan -q -m first/model.yaml -t first/topology.yaml --strategy load --balance 0.5
ok 'without the locale that program refuses to run' \
    sh -c 'LOCPATH=/nonexistent; export LOCPATH; ! "$IN_COMMA_LOCALE" --version'
finish
