#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `meson install` puts where, and that docs/example.c needs nothing else: it is compiled against the
# installed headers and library, with the flags that pkg-config tells, and runs.
#
# In, beside what lib.sh needs: $BUILD, the build folder; $MESON and $CC, the programs; $PREFIX and $LIBDIR,
# where things go; $MANDIR and $PAGES, where man pages go, and where they were made (empty: there are none);
# $TRAINER, yes or no; $SANITIZE, a flag that the library's own sanitizers need, or empty.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans/small-mixed
root=$work/root

ok 'it installs' env DESTDIR="$root" $MESON install --no-rebuild --quiet -C "$BUILD"
usr=$root$PREFIX

programs=towerpart
[ "$TRAINER" = no ] || programs='towerpart towerpart-calibrate towerpart-train'
printf '%s\n' $programs >wanted
ls "$usr/bin" >found
ok 'the programs, and no tool of the tests' diff wanted found
(cd "$SOURCE/include" && find towerpart -name '*.h' | sort) >wanted
(cd "$usr/include" && find . -type f | sed 's,^\./,,' | sort) >found
ok 'the public headers, and no other' diff wanted found
(cd "$usr/$LIBDIR" && find . -type f | sort) >found
printf "%s\n" ./libtowerpart.a ./libtowerpart_html.a ./pkgconfig/towerpart.pc >wanted
ok 'the libraries and a pkg-config file' diff wanted found
if [ -n "$PAGES" ]; then
    (cd "$PAGES" && find . -name '*.1' | sort) >wanted
    (cd "$usr/$MANDIR/man1" && find . -type f | sort) >found
    ok 'the man pages that were made' diff wanted found
fi
ok 'the program runs from there' "$usr/bin/towerpart" --version

# Packages are unpacked at the prefix; here they stay where they are.
sed -i "s,^prefix=.*,prefix=$usr," "$usr/$LIBDIR/pkgconfig/towerpart.pc"
PKG_CONFIG_PATH=$usr/$LIBDIR/pkgconfig
export PKG_CONFIG_PATH
"$usr/bin/towerpart" --version | sed 's/towerpart //' >wanted
pkg-config --modversion towerpart >found
ok 'both know the version' diff wanted found

# In a folder without the tree. Not with --static, for which everything that the libraries need would have to be there.
cp "$SOURCE/docs/example.c" .
flags=$(pkg-config --cflags --libs towerpart)
ok 'the example is compiled' $CC -std=c11 -Wall -Wextra -Werror $SANITIZE example.c $flags -o example
./example "$plans/model.yaml" "$plans/topology.yaml" "$plans/affinity.npz" >said 2>logs/err
judge 'and runs' 0 $? '' example
ok 'and makes four towers' test "$(grep -c '^tower' said)" -eq 4
finish
