// Which dots lie near a place, and which inside a loop.

// Sorts dots (x, y in -1..1) into square cells; `near` calls back with every dot in a rectangle, and a few beside it.
function cellsOf(x, y, n) {
  const side = Math.max(1, Math.min(256, Math.round(Math.sqrt(n) / 2)));
  const clamp = (v) => Math.max(0, Math.min(side - 1, Math.floor(((v + 1) / 2) * side)));
  const first = new Int32Array(side * side + 1), items = new Int32Array(n), cell = new Int32Array(n);
  for (let i = 0; i < n; i++) first[(cell[i] = clamp(y[i]) * side + clamp(x[i])) + 1] += 1;
  for (let c = 0; c < side * side; c++) first[c + 1] += first[c];
  const next = first.slice();
  for (let i = 0; i < n; i++) items[next[cell[i]]++] = i;
  return {
    near(left, right, low, high, visit) {
      for (let cy = clamp(low); cy <= clamp(high); cy++)
        for (let k = first[cy * side + clamp(left)]; k < first[cy * side + clamp(right) + 1]; k++) visit(items[k]);
    },
  };
}

function insideLoop(path, px, py) {
  let odd = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [ax, ay] = path[i], [bx, by] = path[j];
    if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}
