#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Dumps and affinity files that are wrong: exit status 3, a message that names file and place, no output.
. "$(dirname "$0")/lib.sh"
write_specs

# --- dumps --------------------------------------------------------------------------------------------
# two.yaml has the features a and b of dim 4; its dump has 32 samples of float32.
cat >two.yaml <<'END'
towerpart_model: 1
name: two
dense_features: 0
batch_size: 64
tables:
  - {name: t_a, rows: 10, dim: 4, features: [a]}
  - {name: t_b, rows: 10, dim: 4, features: [b]}
arch: {top_mlp: [4, 1]}
END

# npy DESCR ORDER SHAPE VALUE_BYTES FILL: a .npy file on standard output; its values are bytes of a counter
npy() {
    header="{'descr': '$1', 'fortran_order': $2, 'shape': ($3), }"
    printf '\223NUMPY\001\000\166\000%-117s\n' "$header"
    head -c "$4" "$5"
}
# Any bytes below 0x40 are finite numbers in all formats.
tr '\000-\377' '\001-\077\001-\077\001-\077\001-\077\001-\004' <"$SOURCE/LICENSE" >fill
good() {
    rm -rf dump && mkdir dump
    echo '{"features": ["a", "b"]}' >dump/features.json
    npy '<f4' False '32, 2, 4' 1024 fill >dump/pooled.npy
}
good_folder() {
    rm -rf dump && mkdir dump
    npy '<f4' False '32, 4' 512 fill >dump/a.npy
    npy '<f8' False '32, 4' 1024 fill >dump/b.npy
}
# refused NAME TEXT
refused() {
    expect "dump: $1" 3 "dump
$2" affinity -q -m two.yaml -d dump -o out.yaml
}

good
expect 'the good dump is measured' 0 '' affinity -q -m two.yaml -d dump -o a.npz
good_folder
expect 'the good folder of files is measured' 0 '' affinity -q -m two.yaml -d dump -o a.npz

rm -rf dump
refused 'not there' ''
: >dump
refused 'an empty file instead of a folder' ''
rm dump && mkdir dump
refused 'an empty folder' a

good && echo '{"features": ["a", "b", "c"]}' >dump/features.json
refused 'a feature that the model does not have' c
good && echo '{"features": ["a"]}' >dump/features.json
refused 'a feature is missing' b
good && echo '{"features": ["a", "b", "b"]}' >dump/features.json
refused 'a feature twice' b
good && echo '{"features": "a"}' >dump/features.json
refused 'features that are no list' features.json
good && echo '{"features": ["a", 2]}' >dump/features.json
refused 'a feature name that is a number' features.json
good && echo '{"features": ["a", "b"], "more": 1}' >dump/features.json
refused 'an unknown key in features.json' more
good && printf '{"features": ["a", ' >dump/features.json
refused 'features.json cut off' features.json
good && rm dump/pooled.npy
refused 'no pooled.npy beside features.json' pooled.npy

# array NAME TEXT DESCR ORDER SHAPE BYTES
array() {
    good
    npy "$3" "$4" "$5" "$6" fill >dump/pooled.npy
    refused "pooled.npy: $1" "pooled.npy
$2"
}
array 'big-endian' '>f4' '>f4' False '32, 2, 4' 1024
array 'integers' '<i4' '<i4' False '32, 2, 4' 1024
array 'Python objects' '|O' '|O' False '32, 2, 4' 1024
for dtype in '<i4' '<i8' '|b1' '<U4' '>i8'; do
    array "dtype $dtype" "dtype '$dtype' is not supported, expected '<f2' (float16), '<f4' (float32) or '<f8' (float64)" \
        "$dtype" False '32, 2, 4' 2048
    ok "  no other type is offered: $dtype" sh -c '! grep -q "(float64)." logs/err'
done
array 'Fortran order' 'ortran' '<f4' True '32, 2, 4' 1024
array 'too few features' '' '<f4' False '32, 1, 4' 512
array 'another dim' '' '<f4' False '32, 2, 8' 2048
array 'two axes' '' '<f4' False '64, 4' 1024
array 'four axes' '' '<f4' False '32, 2, 2, 2' 1024
array 'no samples' '' '<f4' False '0, 2, 4' 0
array 'one sample' 'has 1 sample, expected' '<f4' False '1, 2, 4' 32
array 'too few samples to measure' 32 '<f4' False '31, 2, 4' 992
array 'one byte too few' '' '<f4' False '32, 2, 4' 1023
array 'one byte too many' '' '<f4' False '32, 2, 4' 1025
array 'a shape whose product overflows' '' '<f4' False '4611686018427387904, 2, 4' 1024
array 'a negative shape' '' '<f4' False '-32, 2, 4' 1024
array 'a shape that is no number' '' '<f4' False '32.0, 2, 4' 1024
good && printf 'NUMPY' | dd of=dump/pooled.npy bs=1 conv=notrunc 2>/dev/null
refused 'pooled.npy: another magic' pooled.npy
good && printf '\003' | dd of=dump/pooled.npy bs=1 seek=6 conv=notrunc 2>/dev/null
refused 'pooled.npy: another version' pooled.npy
good && printf '\377\377' | dd of=dump/pooled.npy bs=1 seek=8 conv=notrunc 2>/dev/null
refused 'pooled.npy: a header longer than the file' pooled.npy
good && : >dump/pooled.npy
refused 'pooled.npy: empty' pooled.npy

# Value (5, 1, 2), little-endian, after 128 bytes of header: 128 + 4 * (5 * 8 + 1 * 4 + 2) = 312.
good && printf '\000\000\300\177' | dd of=dump/pooled.npy bs=1 seek=312 conv=notrunc 2>/dev/null
refused 'a NaN' "'b'
sample 5"
good && printf '\000\000\200\377' | dd of=dump/pooled.npy bs=1 seek=312 conv=notrunc 2>/dev/null
refused 'an infinity' "'b'
sample 5"

# Whatever is no regular file is refused before it is waited for.
for member in features.json pooled.npy; do
    good && rm dump/$member && mkfifo dump/$member
    refused "$member is a pipe" "$member: is a pipe, a device or a socket, expected a regular file"
    good && rm dump/$member && ln -s /dev/zero dump/$member
    refused "$member is a device" "$member: is a pipe, a device or a socket, expected a regular file"
    good && rm dump/$member && mkdir dump/$member
    refused "$member is a folder" "$member: is a folder, expected a file"
done
good_folder && rm dump/b.npy && mkfifo dump/b.npy
refused 'b.npy is a pipe' 'b.npy: is a pipe, a device or a socket, expected a regular file'
good && mv dump/pooled.npy real.npy && ln -s ../real.npy dump/pooled.npy
expect 'a link to a regular file is fine' 0 '' affinity -q -m two.yaml -d dump -o a.npz
mkfifo pipe
cat two.yaml >pipe &
expect 'and the model may be a pipe' 0 '' affinity -q -m pipe -d dump -o a.npz

good_folder && rm dump/b.npy
refused 'a missing file' b
good_folder && cp dump/b.npy dump/c.npy
refused 'a file too many' "'c'"
good_folder && npy '<f4' False '33, 4' 528 fill >dump/b.npy
refused 'unequal sample counts' '33'
good_folder && npy '<f4' False '32, 5' 640 fill >dump/b.npy
refused 'a file of another dim' b.npy
good_folder && head -c 600 dump/b.npy >dump/cut && mv dump/cut dump/b.npy
refused 'a file cut off' b.npy

# --- dumps in one file --------------------------------------------------------------------------------
# any FILE TEXT: the dump in that file is refused
any() {
    expect "$any_name" 3 "$1
$2" affinity -q -m two.yaml -d "$1" -o out.yaml
}
any_name='a dump that is a spec'
any two.yaml 'is no dump, expected a folder with features.json'
npy '<f4' False '32, 2, 4' 1024 fill >one.npy
any_name='a dump that is one array'
any one.npy 'is no dump, expected a folder with features.json'
any_name='a device'
any /dev/null 'expected a regular file'

# archive KIND TEXT
archive() {
    "$BAD_DUMP" "$1" bad.npz || echo "Bail out! no such kind: $1"
    any_name=".npz: $1"
    any bad.npz "$2"
}
mkdir unpacked
TMPDIR=$work/unpacked
export TMPDIR
for kind in good deflated; do
    "$BAD_DUMP" $kind $kind.npz
    expect "the $kind .npz is measured" 0 '' affinity -q -m two.yaml -d $kind.npz -o $kind.out
done
ok 'to the same affinity' cmp good.out deflated.out
cp good.npz other
expect 'and needs no suffix' 0 '' affinity -q -m two.yaml -d other -o a.npz
TMPDIR=$work/nowhere
expect 'the folder for temporary files is not there' 4 'nowhere
set TMPDIR' affinity -q -m two.yaml -d good.npz -o out.yaml
TMPDIR=$work/unpacked
archive encrypted "member 'b.npy' is encrypted"
archive lzma "member 'b.npy' is compressed by method 14"
archive crc "array 'b' is damaged: CRC error"
archive twice "feature 'a' is there twice"
archive folder "member 'b/' is a folder"
archive pickle "member 'archive/data.pkl' is not expected"
archive parent "missing: 'b'"
archive absolute "missing: 'b'"
archive escape "missing: 'b'"
archive short "array 'b': is cut off"
archive long "array 'b': has 1 bytes after its data"
archive less_inside "array 'b' is damaged"
archive more_inside "array 'b' is damaged"
archive integers "array 'b': dtype '<i8' is not supported"
archive samples "array 'b': has 33 samples, expected 32"
archive few "array 'b': has 31 samples"
archive dim "array 'b': feature 'b' has dim 5, expected 4"
archive axes "array 'b': has 3 dims, expected 2"
archive bomb 'free: set TMPDIR to a folder with more room'
: >bad.npz
any_name='.npz: empty' && any bad.npz 'the file is empty'
head -c 300 good.npz >bad.npz
any_name='.npz: cut off' && any bad.npz 'cannot be read as a zip'
cp good.out bad.npz
any_name='.npz: an affinity file' && any bad.npz missing
ok 'no temporary file is left' rmdir unpacked
unset TMPDIR

# safetensors HEADER DATA_BYTES: such a file, with the true length of the header
safetensors() {
    st_length=$(printf %s "$1" | wc -c)
    printf "$(printf '\\%03o\\%03o\\000\\000\\000\\000\\000\\000' $((st_length % 256)) $((st_length / 256)))"
    printf %s "$1"
    head -c "$2" fill
}
# tensor NAME DTYPE SHAPE OFFSETS
tensor() {
    printf '"%s": {"dtype": "%s", "shape": [%s], "data_offsets": [%s]}' "$@"
}
# bad_tensors NAME TEXT HEADER DATA_BYTES
bad_tensors() {
    safetensors "$3" "$4" >bad.safetensors
    any_name=".safetensors: $1"
    any bad.safetensors "$2"
}
a=$(tensor a F32 '32, 4' '0, 512')
safetensors "{\"__metadata__\": {\"x\": \"y\"}, $a, $(tensor b BF16 '32, 4' '512, 768')}" 768 >good.safetensors
expect 'the good .safetensors is measured' 0 '' affinity -q -m two.yaml -d good.safetensors -o a.npz
cp good.safetensors other
expect 'and needs no suffix' 0 '' affinity -q -m two.yaml -d other -o a.npz
bad_tensors 'integers' "tensor 'b': dtype 'I32' is not supported" "{$a, $(tensor b I32 '32, 4' '512, 1024')}" 1024
bad_tensors 'an unknown dtype' "dtype 'F8_E5M2'" "{$a, $(tensor b F8_E5M2 '32, 4' '512, 640')}" 640
bad_tensors 'a product above 2^63' "tensor 'b': its shape asks for more values than can be counted" \
    "{$a, $(tensor b F32 '4294967296, 4294967296' '512, 512')}" 512
bad_tensors 'an integer above 2^63' 'too big integer' "{$a, $(tensor b F32 '99999999999999999999, 4' '512, 512')}" 512
bad_tensors 'a negative length' "item 1 of shape" "{$a, $(tensor b F32 '-32, 4' '512, 1024')}" 1024
bad_tensors 'a length that is no integer' "item 1 of shape" "{$a, $(tensor b F32 '32.0, 4' '512, 1024')}" 1024
bad_tensors 'an overlap' "tensor 'b' begins at byte 508 of the data, before byte 512" \
    "{$a, $(tensor b F32 '32, 4' '508, 1020')}" 1020
bad_tensors 'a hole' "tensor 'b' begins at byte 516 of the data, behind byte 512" \
    "{$a, $(tensor b F32 '32, 4' '516, 1028')}" 1028
bad_tensors 'offsets beyond the file' "tensor 'b': data_offsets are 512 and 1024" \
    "{$a, $(tensor b F32 '32, 4' '512, 1024')}" 1023
bad_tensors 'bytes of no tensor' '1 bytes after its last tensor' "{$a, $(tensor b F32 '32, 4' '512, 1024')}" 1025
bad_tensors 'offsets the wrong way round' "tensor 'b': data_offsets are 1024 and 512" \
    "{$a, $(tensor b F32 '32, 4' '1024, 512')}" 1024
bad_tensors 'offsets of another shape' "hold 512 bytes, its shape asks for 132 values" \
    "{$a, $(tensor b F32 '33, 4' '512, 1024')}" 1024
bad_tensors 'three offsets' "data_offsets is not a list of two" "{$a, $(tensor b F32 '32, 4' '512, 1024, 0')}" 1024
bad_tensors 'other samples' "tensor 'b': has 33 samples, expected 32" "{$a, $(tensor b F32 '33, 4' '512, 1040')}" 1040
bad_tensors 'another dim' "tensor 'b': feature 'b' has dim 8, expected 4" "{$a, $(tensor b F32 '32, 8' '512, 1536')}" 1536
bad_tensors 'three axes' "tensor 'b': has 3 dims, expected 2" "{$a, $(tensor b F32 '32, 4, 1' '512, 1024')}" 1024
bad_tensors 'no axes' "tensor 'b': has 0 dims, expected 2" "{$a, $(tensor b F32 '' '512, 516')}" 516
bad_tensors 'a tensor twice' duplicate "{$a, $a}" 512
bad_tensors 'a missing feature' "missing: 'b'" "{$a}" 512
bad_tensors 'a feature too many' "does not have: '../c'" \
    "{$a, $(tensor b F32 '32, 4' '512, 1024'), $(tensor ../c F32 '0, 4' '1024, 1024')}" 1024
bad_tensors 'a key missing' "tensor 'b': 'shape' is missing" "{$a, \"b\": {\"dtype\": \"F32\", \"data_offsets\": [0, 0]}}" 512
bad_tensors 'an unknown key' "key 'more' is not known" \
    "{$a, \"b\": {\"dtype\": \"F32\", \"shape\": [], \"data_offsets\": [0, 0], \"more\": 1}}" 512
bad_tensors 'a tensor that is a number' "tensor 'b' is not an object" "{$a, \"b\": 1}" 512
bad_tensors 'a list' 'is not an object' '[]' 0
bad_tensors 'no JSON' 'header: byte' "{'a'" 0
bad_tensors 'nesting without end' 'maximum parsing depth' "{\"a\": $(head -c 5000 /dev/zero | tr '\000' '[')" 0
bad_tensors 'a name with a NUL' 'header: byte' '{"a\u0000": 1}' 0
any_name='.safetensors: a header longer than the file'
printf '\144\000\000\000\000\000\000\000{}' >bad.safetensors && any bad.safetensors 'its .safetensors header has 100 bytes'
any_name='.safetensors: a header longer than any'
printf '\377\377\377\377\377\377\377\377{}' >bad.safetensors && any bad.safetensors 'expected at most 100000000'
any_name='.safetensors: seven bytes'
printf '\002\000\000\000\000\000\000' >bad.safetensors && any bad.safetensors 'has 7 bytes'
any_name='.safetensors: empty'
: >bad.safetensors && any bad.safetensors 'has 0 bytes'
any_name='.safetensors: a NaN' # value (7, 1) of b: 512 bytes of a before it, then 2 * (7 * 4 + 1)
at=$(($(wc -c <good.safetensors) - 256 + 2 * 29))
cp good.safetensors bad.safetensors && printf '\300\177' | dd of=bad.safetensors bs=1 seek=$at conv=notrunc 2>/dev/null
any bad.safetensors "tensor 'b': feature 'b': sample 7, column 1 is NaN"
expect 'a dump is not written over' 2 'good.safetensors' affinity -m two.yaml -d good.safetensors -o good.safetensors

# --- affinity files -----------------------------------------------------------------------------------
# affinity KIND TEXT
affinity() {
    "$BAD_AFFINITY" "$1" bad.npz || echo "Bail out! no such kind: $1"
    expect "affinity: $1" 3 "bad.npz
$2" plan -m model.yaml -t topology.yaml -a bad.npz -o out.yaml
}
"$BAD_AFFINITY" good good.npz
expect 'the good affinity makes a plan' 0 '' plan -q -m model.yaml -t topology.yaml -a good.npz -o fine.yaml
affinity asymmetric symmetric
affinity above_one 1.5
affinity negative -0.5
affinity nan nan
affinity diagonal 'with itself'
affinity negative_error stderr
affinity other_feature item
affinity feature_twice user
affinity no_samples samples
affinity other_measure rbf
affinity nan_floor noise_floor
affinity not_square affinity
affinity flat affinity
affinity integers affinity
affinity few_names features
affinity error_shape stderr
affinity no_affinity affinity
affinity no_names features
affinity no_floor noise_
affinity state "state of 'item'"
affinity no_dumps dumps
affinity rho null_rho
affinity learned learned
affinity old "array 'state' is missing"
affinity bomb affinity
head -c 200 good.npz >bad.npz
expect 'affinity: cut off' 3 'bad.npz' plan -m model.yaml -t topology.yaml -a bad.npz -o out.yaml
cp model.yaml bad.npz
expect 'affinity: not a zip' 3 'bad.npz' plan -m model.yaml -t topology.yaml -a bad.npz -o out.yaml
: >bad.npz
expect 'affinity: empty' 3 'bad.npz' plan -m model.yaml -t topology.yaml -a bad.npz -o out.yaml
# The first member's data begins behind its local header; any changed bit there breaks its checksum.
cp good.npz bad.npz && printf '\052' | dd of=bad.npz bs=1 seek=180 conv=notrunc 2>/dev/null
expect 'affinity: a flipped bit' 3 'bad.npz' plan -m model.yaml -t topology.yaml -a bad.npz -o out.yaml
expect 'affinity: a folder' 3 'dump' plan -m model.yaml -t topology.yaml -a dump -o out.yaml
# --- a dump that is cut while it is mapped --------------------------------------------------------------
# Reading what is gone raises SIGBUS; here it comes while the program waits for its model.
mkfifo held
"$TOWERPART" affinity -q -m held -d dump -o out.yaml 2>logs/err &
exec 3>held
kill -BUS $!
wait $!
judge 'a dump that is cut while it is mapped' 3 $? 'a dump became shorter while it was read' 'kill -BUS'
exec 3>&-

# --- names that would forge a message ---------------------------------------------------------------
# one_line NAME: what was said is one line of text
one_line() {
    ok "$1: one line" test "$(wc -l <logs/err)" -eq 1
    ok "$1: no control character" sh -c '! LC_ALL=C grep -q "[[:cntrl:]]\|\x9b" logs/err'
}
header='{"x\ntowerpart: all fine \u001b[31m": {}}'
printf '\052\000\000\000\000\000\000\000%-42s' "$header" >forged.safetensors
expect 'a tensor whose name holds a line' 3 forged affinity -q -m two.yaml -d forged.safetensors -o out.yaml
one_line 'a tensor whose name holds a line'
good && printf '{"\\u001b[31m\\n": 1}' >dump/features.json
refused 'a key that holds a line' features.json
one_line 'a key that holds a line'
expect 'a file name with a control byte' 3 'cannot be read' check "$(printf '\23331mno.yaml')"
one_line 'a file name with a control byte'
expect 'an option with an escape' 2 'expected plain text' check "$(printf -- '--\033[31m')"
one_line 'an option with an escape'
finish
