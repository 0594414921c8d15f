#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `affinity` says of several dumps, of the untrained model, of cosines; and what a plan records.
. "$(dirname "$0")/lib.sh"
data=$SOURCE/tests/data/diabetes130
measure="affinity -m $data/model.yaml -d $data/dump_seed0"

# --- one dump and several --------------------------------------------------------------------------------
expect 'one dump' 0 'reproducibility not assessed: one dump' $measure -o one.npz
ok 'says how exact it is, and with how many samples it would be twice that' \
    grep -q '^typical standard error 0.00[0-9]* (half that with 4000 samples); ' logs/err
expect 'two dumps' 0 '2 dumps agree by a rank correlation of 0.9' \
    $measure -d "$data/dump_seed1" -o two.npz
ok 'nothing is said of an untrained model' sh -c '! grep -q learned logs/err'
ok 'what never varies in one of them' grep -q 'never vary in a dump, affinity 0' logs/err
expect 'the same by cosine' 0 '2 dumps agree by a rank correlation of -0.0' \
    $measure -d "$data/dump_seed1" --measure cosine -o cosine.npz
ok 'cosines of what never varies say nothing' \
    grep -q 'never vary in a dump, whose cosines say nothing: payer_code, nateglinide' logs/err
expect 'the same dumps, the same bytes' 0 'warning' $measure -q -d "$data/dump_seed1" -o again.npz
ok 'in the file' cmp two.npz again.npz

# --- a copy is no second run -----------------------------------------------------------------------------
cp -r "$data/dump_seed0" copy
expect 'a copy of the dump' 3 'copy: holds the same as' $measure -d copy -o out.npz
expect 'the same dump twice' 3 'holds the same as' $measure -d "$data/dump_seed0" -o out.npz
expect 'the dump itself as that of the untrained model' 3 'holds the same as' \
    $measure --null "$data/dump_seed0" -o out.npz
ok 'and nothing is written' test ! -e out.npz

# --- the untrained model ---------------------------------------------------------------------------------
"$TOWERPART" synth -q -o trained --features 12 --groups 3 --samples 512 --seed 1
"$TOWERPART" synth -q -o untrained --features 12 --groups 3 --samples 512 --seed 1 --noise 1000000
synth='-m trained/model.yaml -d trained/dump'
expect 'an untrained model' 0 'learned: 27 % of the pairs are above the untrained model' \
    affinity $synth --null untrained/dump -o null.npz
expect 'without it' 0 '' affinity -q $synth -o plain.npz
expect 'the plan is the same' 0 '' plan -q -m trained/model.yaml -t trained/topology.yaml -a null.npz -o a.yaml
expect 'as without' 0 '' plan -q -m trained/model.yaml -t trained/topology.yaml -a plain.npz -o b.yaml
ok 'in what it places' sh -c '
    sed -n "/^towers:/,/^quality:/p" a.yaml >a && sed -n "/^towers:/,/^quality:/p" b.yaml | cmp - a && test -s a'

# --- what cosine needs -----------------------------------------------------------------------------------
"$TOWERPART" synth -q -o mixed --features 12 --groups 3 --samples 64 --mixed-dims
expect 'cosine of unequal dims' 3 'expected equal dims; take measure cka' \
    affinity -m mixed/model.yaml -d mixed/dump --measure cosine -o out.npz

# --- what a plan records ---------------------------------------------------------------------------------
plan="plan -m $data/model.yaml -t $data/topology.yaml"
expect 'a plan from two dumps' 0 'never vary in a dump' \
    $plan -q -d "$data/dump_seed0" -d "$data/dump_seed1/" -o two.yaml
ok 'names both' grep -qF 'affinity: {file: "dump_seed0, dump_seed1", sha256: ' two.yaml
# The digest of a folder is that of a line for each file, name, NUL, digest; of dumps, of their digests.
folder() {
    for file in features.json pooled.npy; do
        printf '%s\0%s\n' $file "$(sha256sum <"$1/$file" | cut -c1-64)"
    done | sha256sum | cut -c1-64
}
digest=$( (folder "$data/dump_seed0" && folder "$data/dump_seed1") | sha256sum | cut -c1-64)
ok 'with the digest of their digests' grep -qF "$digest" two.yaml
expect 'and can be read' 0 '' check two.yaml
# --- features without a dump -----------------------------------------------------------------------------
"$TOWERPART" synth -q -o part --features 12 --groups 3 --samples 512 --mixed-dims
"$TOWERPART" synth -q -o whole --features 12 --groups 3 --samples 512 --mixed-dims --noise 2
rm part/dump/f03.npy
expect 'a missing feature' 3 "missing: 'f03'" affinity -m part/model.yaml -d part/dump -o out.npz
expect 'a missing feature is neutral' 0 \
    'warning: 1 feature is in no dump and takes the mean affinity to all others (neutral): f03' \
    affinity -m part/model.yaml -d part/dump --missing neutral -o part.npz
expect 'and so is a plan from it' 0 'neutral): f03' \
    plan -q -m part/model.yaml -t part/topology.yaml -a part.npz -o part.yaml
expect 'missing in one of two dumps' 3 "feature 'f03' is missing, but is in whole/dump; expected in all" \
    affinity -m part/model.yaml -d part/dump -d whole/dump --missing neutral -o out.npz
expect 'and the report names it' 0 '' report part.yaml -o part.txt
ok 'as neutral' grep -q '^ neutral  *1 feature in no dump, taken at the mean affinity: f03' part.txt

# --- commands that a report advises --------------------------------------------------------------------
mkdir advised
python3 - whole <<'END'
import sys, zipfile, glob, os
with zipfile.ZipFile('advised/run.npz', 'w') as archive:
    for path in sorted(glob.glob(sys.argv[1] + '/dump/*.npy')):
        archive.write(path, os.path.basename(path))
END
cp whole/model.yaml whole/topology.yaml advised
expect 'a plan from a dump in one file' 0 '' plan -q -m advised/model.yaml -t advised/topology.yaml \
    -d advised/run.npz -o advised/own.yaml
expect 'its report' 0 '' report advised/own.yaml -o advised/report.txt
ok 'takes the dump for a dump' grep -q -- ' -d run.npz\| -a AFFINITY' advised/report.txt
ok 'and not for an affinity' sh -c '! grep -q -- "-a run.npz" advised/report.txt'
ok 'and names the plan' grep -q 'towerpart check own.yaml -m model.yaml -t topology.yaml' advised/report.txt
ok 'which can be checked so' sh -c 'cd advised && "$TOWERPART" check own.yaml -m model.yaml -t topology.yaml'
finish
