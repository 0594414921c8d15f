#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The report as a page: of the plans in plans/, of many features, of names that are no HTML, of runs, of sweeps and of
# broken plans; then opened in Chromium where there is one.
. "$(dirname "$0")/lib.sh"
plans=$SOURCE/plans
page=$SOURCE/tests/cli/html_page.py

# --- every worked example -----------------------------------------------------------------------------
for plan in criteo-a100-64 meta-856-h100-512 small-mixed; do
    here=$plans/$plan
    expect "$plan" 0 '' report "$here/plan.yaml" --format html -a "$here/affinity.npz" -o "$plan.html"
    ok "$plan: is a whole page with pictures" python3 "$page" "$plan.html" 'Time of a step' 'noise floor' Verdict
    # The words are those of the text report, which breaks lines elsewhere.
    "$TOWERPART" report "$here/plan.yaml" | sed -n '/^Verdict/,/^$/p' | sed 's/^[A-Z][a-z]*//' | tr -s ' \n' '\n' >words
    ok "$plan: says what the text report says" python3 -c '
import html, re, sys
text = html.unescape(re.sub("<[^>]*>", "\n", open(sys.argv[1]).read())).split()
words = open("words").read().split()
at = text.index(words[0])
while text[at:at + 3] != words[:3]:
    at = text.index(words[0], at + 1)
said = [word for word in text[at:at + len(words) + 6] if word not in ("Affinity", "Layout", "Model")]
assert said[:len(words)] == words, (said, words)' "$plan.html"
done
expect 'a page without the affinity' 0 '' report "$plans/small-mixed/plan.yaml" --format html -o bare.html
ok 'says that the map is left out' python3 "$page" bare.html 'The heat map is left out'
expect 'the same page' 0 '' report "$plans/small-mixed/plan.yaml" --format html -o -
ok 'has the same bytes' cmp bare.html logs/out

# --- 1,000 features -----------------------------------------------------------------------------------
expect '1,000 features' 0 'written to big' synth -o big --features 1000 --groups 64 --hosts 64 --ranks-per-host 8 \
    --samples 200 --dim 4
"$TOWERPART" affinity -m big/model.yaml -d big/dump -o big/affinity.npz >logs/out 2>logs/err
"$TOWERPART" plan -q -m big/model.yaml -t big/topology.yaml -a big/affinity.npz --effort 1 -o big/plan.yaml
expect 'their page' 0 '' report big/plan.yaml --format html -a big/affinity.npz -o big.html
ok 'is a whole page' python3 "$page" big.html f999
ok 'of less than 5 MB' test "$(wc -c <big.html)" -lt 5000000

# --- names that are no HTML ---------------------------------------------------------------------------
cat >evil.yaml <<'END'
towerpart_model: 1
name: "<img src=x onerror=alert(1)>"
dense_features: 4
batch_size: 64
tables:
  - {name: "t & </td>", rows: 100, dim: 8, features: ["</script><script>alert(1)</script>"]}
  - {name: "t \"q\"", rows: 50, dim: 8, features: ["a\"b'c", "größe 大 <b>"]}
arch: {interaction: dlrm, bottom_mlp: [16, 8], top_mlp: [16, 1]}
END
write_specs
sed -i 's/name: two/name: "<i>two \& co"/' topology.yaml
expect 'a plan of evil names' 0 '' plan -q -m evil.yaml -t topology.yaml --strategy load -o evil-plan.yaml
python3 - "$SOURCE" <<'END'
import struct, zipfile
names = ["</script><script>alert(1)</script>", "a\"b'c", "größe 大 <b>"]
def npy(descr, shape, data):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape})
    head += " " * (63 - (10 + len(head)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + data
wide = max(map(len, names))
with zipfile.ZipFile("evil.npz", "w") as out:
    out.writestr("affinity.npy", npy("<f4", (3, 3), struct.pack("<9f", 1, .5, .25, .5, 1, .125, .25, .125, 1)))
    out.writestr("stderr.npy", npy("<f4", (3, 3), struct.pack("<9f", *[0.01] * 9)))
    out.writestr("features.npy", npy(f"<U{wide}", (3,), b"".join(n.encode("utf-32-le").ljust(4 * wide, b"\0") for n in names)))
    out.writestr("state.npy", npy("<i8", (3,), struct.pack("<3q", 0, 0, 0)))
    for name, value in ("samples", 100), ("dumps", 1):
        out.writestr(name + ".npy", npy("<i8", (), struct.pack("<q", value)))
    out.writestr("measure.npy", npy("<U3", (), "cka".encode("utf-32-le")))
    for name in "noise_floor", "noise_median", "reproducibility", "null_rho", "learned":
        value = 0.02 if name.startswith("noise") else float("nan")
        out.writestr(name + ".npy", npy("<f8", (), struct.pack("<d", value)))
END
expect 'their page' 0 '' report evil-plan.yaml --format html -a evil.npz -o evil.html
ok 'shows them as they are' python3 "$page" evil.html '<img src=x onerror=alert(1)> on <i>two & co' \
    '</script><script>alert(1)</script>' "a\"b'c" 'größe 大 <b>' 't & </td>'
sed 's/rows: 100, column/rows: 99, column/' evil-plan.yaml >evil-broken.yaml
expect 'their findings' 0 '' report evil-broken.yaml --format html -o evil-broken.html
ok 'are shown as they are too' python3 "$page" evil-broken.html 'table t & </td>: gap: rows 99 to 99 are in no shard'

# --- runs, sweeps, broken plans -----------------------------------------------------------------------
cat >run.json <<'END'
{"final": true, "plan": {"file": "plan.yaml", "sha256": ""}, "mode": "sptt", "ranks": 8, "hosts": 4, "batch": 2048, "seed": 1, "first_step": 1, "last_step": 3, "seconds": 1.5, "step_seconds": 0.002, "samples_per_s": 1024000, "loss": 0.69, "skipped": 0, "hashed_tables": 0, "held_out": {"samples": 100, "clicks": 25, "logloss": 0.5, "normalised_entropy": 0.875, "auc": 0.75}, "phases": {"lookup": {"seconds": {"min": 0.0001, "median": 0.0002, "max": 0.0003}}, "over_arch": {"seconds": {"min": 0.0005, "median": 0.0006, "max": 0.0007}}, "dense_allreduce": {"seconds": {"min": 0.001, "median": 0.001, "max": 0.001}, "bytes": {"host": 7, "cluster": 8}}}, "rank_loads": [RANKS]}
END
ranks=
for rank in 0 1 2 3 4 5 6 7; do
    ranks="$ranks${ranks:+, }{\"rank\": $rank, \"ids\": 10, \"id_bytes\": 1000.5, \"lookup_bytes\": ${rank}e4}"
done
sed -i "s/RANKS/$ranks/" run.json
sed 's/"sptt"/"flat"/; s/0.002,/0.004,/' run.json >flat.json
small=$plans/small-mixed
expect 'a sweep' 0 '' sweep -m "$small/model.yaml" -t "$small/topology.yaml" --json -o sweep.json
expect 'a frontier' 0 '' sweep -m "$small/model.yaml" -t "$small/topology.yaml" -a "$small/affinity.npz" --json -o frontier.json
expect 'a page with all of it' 0 '' report "$small/plan.yaml" --format html -a "$small/affinity.npz" --measured run.json \
    --measured flat.json --sweep sweep.json --sweep frontier.json -o full.html
ok 'has it' python3 "$page" full.html 'sptt measured' 'flat predicted' 'From sweep.json' 'From frontier.json' 'Fastest: sptt'
expect 'a page with a run' 0 '' report "$small/plan.yaml" --format html --measured run.json -o run.html
ok 'says how it differs' python3 "$page" run.html 'Furthest from its prediction' '100 samples, 25 clicks'
sed 's/memory_bytes: [0-9]*, lookup/memory_bytes: 7, lookup/' "$small/plan.yaml" >broken.yaml
expect 'a page of a broken plan' 0 '' report broken.yaml --format html -o broken.html
ok 'lists all that is wrong' python3 "$page" broken.html 'do not trust what follows' 'rank 7: memory_bytes: found 7'
expect 'a flat plan' 0 '' plan -q -m "$small/model.yaml" -t "$small/topology.yaml" --flat -o flat-plan.yaml
expect 'its page' 0 '' report flat-plan.yaml --format html -a "$small/affinity.npz" -o flat.html
ok 'has no towers' python3 "$page" flat.html 'None: all ranks together.' 'this plan has no towers'

# --- what is wrong ------------------------------------------------------------------------------------
html="report $small/plan.yaml --format html -o out.yaml"
expect 'a map as text' 2 '-a is drawn by --format html only' report "$small/plan.yaml" -a "$small/affinity.npz"
expect 'a sweep as text' 2 '--sweep is drawn by --format html only' report "$small/plan.yaml" --sweep sweep.json
expect 'an affinity of other features' 3 '14 features that the model does not have' $html -a "$plans/criteo-a100-64/affinity.npz"
expect 'a sweep that is none' 3 'run.json: rows: found nothing, expected the rows of a sweep' $html --sweep run.json
echo '{"rows": [{"ranks": "8"}], "series": []}' >bad.json
expect 'a sweep with bad ranks' 3 'bad.json: row 0: ranks' $html --sweep bad.json
echo '{"rows": [], "series": [{"first_row": 0, "row_count": 3}]}' >bad.json
expect 'a series of rows that are not there' 3 'bad.json: series 0: row_count' $html --sweep bad.json
expect 'no sweep' 3 'none.json' $html --sweep none.json
expect 'too many sweeps' 2 '--sweep is given more than 4 times' $html --sweep a --sweep b --sweep c --sweep d --sweep e
expect 'two pipes' 2 'standard input' report - --format html --sweep -
expect 'an output that is an input' 2 'would change the input' report "$small/plan.yaml" --format html --sweep sweep.json -o sweep.json

# --- in a browser -------------------------------------------------------------------------------------
# A copy of the page with a script that looks around, clicks and points, and tells in an element of its own.
browse() {
    cp "$1" seen.html
    cat >>seen.html <<'END'
<script>
addEventListener('load', () => {
  const tell = {pictures: 0, missing: 0, tables: 0, unsorted: 0, tip: ''};
  for (const image of document.images) {
    const box = image.getBoundingClientRect();
    tell.pictures++;
    if (!image.complete || image.naturalWidth < 1 || ((box.width < 10 || box.height < 10) && !image.closest('details')))
      tell.missing++;
  }
  for (const table of document.querySelectorAll('table')) {
    const column = [...table.tHead.rows[0].cells].findIndex(head => head.classList.contains('n'));
    if (column < 0) continue;
    tell.tables++;
    const click = () => table.tHead.rows[0].cells[column].querySelector('button').click();
    const values = () => [...table.tBodies[0].rows].map(row => row.cells[column].dataset.v).filter(v => v !== undefined)
      .map(Number);
    click();
    const up = values();
    click();
    const down = values();
    if (up.some((v, i) => i && v < up[i - 1]) || down.some((v, i) => i && v > down[i - 1])) tell.unsorted++;
  }
  const map = document.getElementById('map');
  if (map) {
    const box = map.getBoundingClientRect(), side = JSON.parse(document.getElementById('map-data').textContent).names.length;
    const at = {clientX: box.left + 1.5 / side * box.width, clientY: box.top + 0.5 / side * box.height, bubbles: true};
    map.parentElement.dispatchEvent(new PointerEvent('pointermove', at));
    tell.tip = document.getElementById('map-tip').textContent;
  }
  tell.wide = document.documentElement.scrollWidth > innerWidth;
  const out = document.createElement('pre');
  out.id = 'tell';
  out.textContent = JSON.stringify(tell);
  document.body.append(out);
});
</script>
END
    timeout 60 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --window-size="$2",2000 \
        --enable-logging=stderr --virtual-time-budget=5000 --dump-dom "file://$work/seen.html" >dom 2>console
    sed -n 's/.*<pre id="tell">\(.*\)<\/pre>.*/\1/p' dom | sed 's/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' >tell.json
    ok "$1, $2 wide: nothing to complain of in the console" sh -c '! grep CONSOLE console'
    ok "$1, $2 wide: every picture is there, tables sort, nothing sticks out" python3 -c '
import json
tell = json.load(open("tell.json"))
print(tell)
assert tell["pictures"] > 3 and tell["tables"] > 1
assert not tell["missing"] and not tell["unsorted"] and not tell["wide"]'
}
if command -v chromium >/dev/null; then
    for file in criteo-a100-64 meta-856-h100-512 small-mixed big evil full broken flat; do
        browse "$file.html" 1100
    done
    browse full.html 420
    browse evil.html 1100
    ok 'the map tells the pair under the pointer' python3 -c '
import json
tip = json.load(open("tell.json"))["tip"]
assert "größe 大 <b> (tower " in tip or "alert(1)</script> (tower " in tip, tip
assert ": about 0." in tip, tip'
else
    ok 'skipped: no chromium' true
fi
finish
