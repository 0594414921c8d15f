// SPDX-License-Identifier: Apache-2.0
'use strict';
// Tables sort on a click: by data-v where a cell has one, else by its text; a second click turns them.
for (const table of document.querySelectorAll('table')) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener('click', () => {
      const up = head.getAttribute('aria-sort') !== 'ascending';
      const body = table.tBodies[0];
      const key = row => {
        const cell = row.cells[column];
        return 'v' in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
      };
      const compare = (a, b) => {
        if (typeof a === 'number' && typeof b === 'number') return a - b;
        if (typeof a === typeof b) return a.localeCompare(b, undefined, {numeric: true});
        return typeof a === 'number' ? -1 : 1;
      };
      const rows = [...body.rows].map(row => [key(row), row]);
      rows.sort((a, b) => (up ? 1 : -1) * compare(a[0], b[0]));
      body.append(...rows.map(entry => entry[1]));
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    });
  });
}
// What is under the pointer on the heat map: the opacity of a pixel is the root of its share of the largest affinity.
const map = document.getElementById('map');
if (map) {
  const data = JSON.parse(document.getElementById('map-data').textContent);
  const tip = document.getElementById('map-tip'), plot = map.parentElement;
  let pixels = null;
  const read = () => {
    const canvas = document.createElement('canvas');
    canvas.width = map.naturalWidth;
    canvas.height = map.naturalHeight;
    const pen = canvas.getContext('2d');
    pen.drawImage(map, 0, 0);
    pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
  };
  const side = data.names.length;
  const place = i => data.towers[i] < 0 ? 'no tower' : 'tower ' + data.towers[i];
  plot.addEventListener('pointermove', event => {
    const box = map.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / box.width * side);
    const row = Math.floor((event.clientY - box.top) / box.height * side);
    if (row < 0 || column < 0 || row >= side || column >= side) return;
    if (!pixels) read();
    const bucket = Math.ceil(side / pixels.width);
    const at = Math.floor(row / bucket) * pixels.width + Math.floor(column / bucket);
    const value = row === column ? '1' : 'about ' + ((pixels.data[4 * at + 3] / 255) ** 2 * data.most).toPrecision(2);
    tip.textContent = data.names[row] + ' (' + place(row) + ') and ' + data.names[column] + ' (' + place(column) +
      '): ' + value + (bucket > 1 ? ', a mean of ' + bucket * bucket + ' pairs' : '');
    tip.classList.add('floating');
    tip.style.left = Math.max(0, Math.min(event.clientX + 14, innerWidth - 330)) + 'px';
    tip.style.top = event.clientY + 18 + 'px';
  });
  plot.addEventListener('pointerleave', () => tip.classList.remove('floating'));
}
// On paper nothing can be opened: short lists are, long ones stay in the file.
window.addEventListener('beforeprint', () => {
  for (const details of document.querySelectorAll('details'))
    if (details.querySelectorAll('tr').length <= 100) details.open = true;
});
