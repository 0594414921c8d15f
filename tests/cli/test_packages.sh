#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/debian-packages installs what meson.build looks for: every library and program named there belongs
# to a package named here, and the script installs that.
. "$(dirname "$0")/lib.sh"
cat >packages <<'EOF'
m libc6-dev
metis libmetis-dev
openblas libopenblas-dev
lapacke liblapacke-dev
yaml-0.1 libyaml-dev
jansson libjansson-dev
libzip libzip-dev
libgcrypt libgcrypt20-dev
csv libcsv-dev
Clp coinor-libclp-dev
cairo libcairo2-dev
mpi libopenmpi-dev
help2man help2man
check check
EOF
cat "$SOURCE/meson.build" "$SOURCE/tools/meson.build" "$SOURCE/tests/meson.build" |
    grep -o "\(dependency\|find_library\|find_program\)('[^']*'" | sed "s/.*('//; s/'//" |
    grep -vx 'sh' | sort -u >needed
cut -d ' ' -f 1 packages | sort >known
ok 'what meson looks for is known here, and nothing else' diff needed known
sed -n '/packages=/,/"$/p' "$SOURCE/tools/debian-packages" | tr -s ' "=' '\n' | sort -u >installed
while read -r name package; do
    ok "$name: $package is installed" grep -qx "$package" installed
done <packages
finish
