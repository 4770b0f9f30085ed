// Where the dots of a group are dense, as lines around it. Gray groups have none: classes that share the gray do not
// belong together.

const COLUMNS = 72, LINES = 48; // places of the grid on which density is measured
const BLUR = 2, PASSES = 2; // places to each side over which it is spread, and how often
const FRAME = 1.04; // a line goes no farther than just outside the dots, so that none is cut off
const PEAK = 0.6; // share of the highest density above which no line lies: it would not be seen around dots apart
const OUTSIDE = 0.15; // share of a group's dots that its line leaves outside

// Lines around the dots of each group: group -> [x, y, x, y, ...] in -1..1, two points a piece.
function outlinesOf(x, y, group, wanted, n) {
  const found = new Map(), places = new Map();
  const column = (v) => Math.max(0, Math.min(COLUMNS - 1, Math.floor(((v + 1.15) / 2.3) * COLUMNS)));
  const line = (v) => Math.max(0, Math.min(LINES - 1, Math.floor(((v + 1.15) / 2.3) * LINES)));
  for (let i = 0; i < n; i++) {
    if (!wanted(i)) continue;
    if (!places.has(group[i])) places.set(group[i], []);
    places.get(group[i]).push(line(y[i]) * COLUMNS + column(x[i]));
  }
  places.forEach((cells, g) => {
    if (cells.length < 3) return;
    const dense = new Float32Array(COLUMNS * LINES);
    for (const cell of cells) dense[cell] += 1;
    for (let k = 0; k < PASSES; k++) blur(dense);
    const sorted = Float32Array.from(cells, (cell) => dense[cell]).sort();
    found.set(g, around(dense, Math.min(sorted[Math.floor(cells.length * OUTSIDE)], PEAK * sorted[cells.length - 1])));
  });
  return found;
}

function blur(dense) {
  const across = new Float32Array(dense.length);
  for (let r = 0; r < LINES; r++)
    for (let c = 0; c < COLUMNS; c++)
      for (let k = -BLUR; k <= BLUR; k++) across[r * COLUMNS + c] += dense[r * COLUMNS + Math.max(0, Math.min(COLUMNS - 1, c + k))];
  for (let r = 0; r < LINES; r++)
    for (let c = 0; c < COLUMNS; c++) {
      let sum = 0;
      for (let k = -BLUR; k <= BLUR; k++) sum += across[Math.max(0, Math.min(LINES - 1, r + k)) * COLUMNS + c];
      dense[r * COLUMNS + c] = sum / (2 * BLUR + 1) ** 2;
    }
}

// Marching squares: where `dense` crosses `level` between four neighbouring places.
function around(dense, level) {
  const pieces = [];
  const at = (r, c) => (r < 0 || c < 0 || r >= LINES || c >= COLUMNS ? 0 : dense[r * COLUMNS + c]);
  const spot = (r, c) => [((c + 0.5) / COLUMNS) * 2.3 - 1.15, ((r + 0.5) / LINES) * 2.3 - 1.15];
  const kept = (v) => Math.max(-FRAME, Math.min(FRAME, v));
  for (let r = -1; r < LINES; r++)
    for (let c = -1; c < COLUMNS; c++) {
      const corners = [[r, c], [r, c + 1], [r + 1, c + 1], [r + 1, c]], values = corners.map(([a, b]) => at(a, b));
      const cuts = [];
      for (let k = 0; k < 4; k++) {
        const [v, w] = [values[k], values[(k + 1) % 4]];
        if (v >= level === w >= level) continue;
        const t = (level - v) / (w - v), [ax, ay] = spot(...corners[k]), [bx, by] = spot(...corners[(k + 1) % 4]);
        cuts.push([kept(ax + (bx - ax) * t), kept(ay + (by - ay) * t)]);
      }
      for (let k = 0; k + 1 < cuts.length; k += 2) pieces.push(...cuts[k], ...cuts[k + 1]);
    }
  return Float32Array.from(pieces);
}
