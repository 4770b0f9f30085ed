// Class names on the map, where most pictures of a class lie; none covers another. A press keeps only that class.

const ACROSS = 26, DOWN = 16; // cells of the window in which the densest place of a class is looked for
const HIGH = 22; // pixels of a name, as in map.css
const GAP = 4; // pixels between names, and between a name and its dots
const GRAY = 10; // names at once of classes without a colour of their own, among those that have one
const COVERED = 0.18; // share of the map that names take at most: it is about its dots
const SPREAD = 0.35; // share of a class near its densest place below which its name is written faintly

function createNames(root, pane, m) {
  const made = new Map(); // class -> { button, wide, x, y, dx, dy }, x and y in the map, dx and dy in pixels
  const pen = document.createElement("canvas").getContext("2d");
  let timer = 0, glideTimer = 0;

  function nameOf(k) {
    const text = m.settings.short[k], color = m.colorOf(k);
    const one = made.get(k) ?? { button: document.createElement("button"), text: null };
    if (one.text !== text) {
      one.text = text;
      one.button.type = "button";
      one.button.replaceChildren(document.createElement("i"), text);
      one.button.onclick = () => m.keepOnly(k);
      one.wide = 0;
    }
    one.button.title = `${m.settings.classes[k]}: press to show only this, again to show all`;
    one.button.setAttribute("aria-label", m.settings.classes[k]);
    one.button.setAttribute("aria-pressed", m.only === k);
    one.button.firstChild.style.background = color ?? "transparent";
    one.button.firstChild.hidden = !color;
    return one;
  }

  // For every class in sight: how many dots, and where most of them lie.
  function densest() {
    const { width, height } = pane.size(), count = m.settings.classes.length, cells = ACROSS * DOWN;
    const of = new Int32Array(m.row.length).fill(-1), all = new Int32Array(count), per = new Map();
    pane.eachInSight((i, sx, sy) => {
      const cell = Math.floor((sy / height) * DOWN) * ACROSS + Math.floor((sx / width) * ACROSS), k = m.klass[i];
      of[i] = cell;
      all[k] += 1;
      if (!per.has(k)) per.set(k, new Uint16Array(cells));
      per.get(k)[cell] += 1;
    });
    const places = new Map();
    per.forEach((cellsOfClass, k) => {
      let best = 0, at = 0;
      for (let cell = 0; cell < cells; cell++) {
        if (!cellsOfClass[cell]) continue;
        let sum = 2 * cellsOfClass[cell]; // the middle counts more
        near(cell, (other) => { sum += cellsOfClass[other]; });
        if (sum > best) { best = sum; at = cell; }
      }
      places.set(k, { k, at, count: 0, all: all[k], x: 0, y: 0, top: Infinity, low: -Infinity, left: Infinity, right: -Infinity });
    });
    pane.eachInSight((i, sx, sy) => {
      const place = places.get(m.klass[i]);
      if (!beside(of[i], place.at)) return;
      place.count += 1;
      place.x += sx;
      place.y += sy;
      place.top = Math.min(place.top, sy);
      place.low = Math.max(place.low, sy);
      place.left = Math.min(place.left, sx);
      place.right = Math.max(place.right, sx);
    });
    const found = [...places.values()].filter((p) => p.count);
    for (const place of found) {
      place.x /= place.count;
      place.y /= place.count;
    }
    return found.sort((a, b) => unpainted(a.k) - unpainted(b.k) || b.count - a.count || a.k - b.k);
  }

  const unpainted = (k) => (m.settings.byClass && m.settings.groups[m.settings.groupOf[k]].other ? 1 : 0);

  function near(cell, visit) {
    const cx = cell % ACROSS, cy = Math.floor(cell / ACROSS);
    for (let y = Math.max(0, cy - 1); y <= Math.min(DOWN - 1, cy + 1); y++)
      for (let x = Math.max(0, cx - 1); x <= Math.min(ACROSS - 1, cx + 1); x++) visit(y * ACROSS + x);
  }

  function beside(a, b) {
    return a >= 0 && Math.abs((a % ACROSS) - (b % ACROSS)) <= 1
      && Math.abs(Math.floor(a / ACROSS) - Math.floor(b / ACROSS)) <= 1;
  }

  // Above the dots if there is room, else below, beside, on them; else not at all.
  function roomFor({ x, top, low, left, right, y }, wide, high, taken) {
    const { width, height } = pane.size();
    const spots = [
      [x - wide / 2, top - high - GAP], [x - wide / 2, low + GAP], [right + GAP, y - high / 2],
      [left - wide - GAP, y - high / 2], [x - wide / 2, y - high / 2],
      [x - wide / 2, top - 2 * high - GAP], [x - wide / 2, low + high + GAP],
    ];
    for (const [sx, sy] of spots) {
      const inside = Math.max(GAP, Math.min(width - wide - GAP, sx));
      if (Math.abs(inside - sx) > wide / 2 || sy < GAP || sy + high > height - GAP) continue;
      const box = [inside - GAP, sy, inside + wide + GAP, sy + high];
      if (taken.every((t) => box[2] <= t[0] || box[0] >= t[2] || box[3] <= t[1] || box[1] >= t[3])) return box;
    }
    return null;
  }

  function arrange() {
    timer = 0;
    const wanted = m.show.names && pane.size().width > 0 ? densest() : [], kept = new Set();
    const { width } = pane.size(), taken = m.toolsBox(pane);
    pen.font = `600 13px ${getComputedStyle(root).fontFamily}`;
    let gray = 0, left = COVERED * width * pane.size().height; // pixels, for names
    for (const place of wanted) {
      if (unpainted(place.k) && gray >= GRAY) break; // they come last; a closer look names others
      const one = nameOf(place.k);
      one.wide ||= Math.ceil(pen.measureText(one.text).width) + 22;
      if (one.wide * HIGH > left) break;
      const box = one.wide < width * 0.6 ? roomFor(place, one.wide, HIGH, taken) : null;
      if (!box) continue;
      taken.push(box);
      left -= one.wide * HIGH;
      gray += unpainted(place.k);
      kept.add(place.k);
      const [ax, ay] = pane.toData(place.x, place.y);
      const [sx, sy] = pane.toScreen(ax, ay);
      Object.assign(one, { x: ax, y: ay, dx: box[0] + GAP - sx, dy: box[1] - sy });
      one.button.classList.toggle("faint", place.count < SPREAD * place.all);
      if (!made.has(place.k)) made.set(place.k, one);
    }
    made.forEach((one, k) => {
      if (kept.has(k)) return;
      one.button.remove();
      made.delete(k);
    });
    // in the order in which a person reads, so that the arrow keys go where they point
    const order = [...made.values()].sort((a, b) => b.y - a.y || a.x - b.x).map((one) => one.button);
    if (order.some((button, i) => root.children[i] !== button)) {
      const held = order.find((button) => button.matches(":focus"));
      root.replaceChildren(...order);
      held?.focus();
    }
    order.forEach((button, i) => { button.tabIndex = button.matches(":focus") || (i === 0 && !root.querySelector(":focus")) ? 0 : -1; });
    follow();
  }

  function follow() { // the view moved: names keep their distance from their dots
    const { width, height } = pane.size();
    made.forEach((one) => {
      const [sx, sy] = pane.toScreen(one.x, one.y), left = sx + one.dx, top = sy + one.dy;
      one.button.style.transform = `translate(${left.toFixed(1)}px, ${top.toFixed(1)}px)`;
      one.button.style.visibility = left < -one.wide / 2 || left > width - one.wide / 2 || top < 0 || top > height - 20 ? "hidden" : "";
    });
  }

  root.onpointermove = (event) => pane.over.onpointermove(event); // dots under a name answer as others do
  root.onpointerleave = () => m.hover(-1);
  root.onkeydown = (event) => {
    const order = [...root.children], here = order.indexOf(event.target);
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (here < 0 || !by) return;
    event.preventDefault();
    const next = order[(here + by + order.length) % order.length];
    order.forEach((button) => { button.tabIndex = button === next ? 0 : -1; });
    next.focus();
  };

  return {
    follow,
    settle(glide = 0) { // something changed: look again for the best places, soon
      if (glide) {
        root.classList.add("glide");
        clearTimeout(glideTimer);
        glideTimer = setTimeout(() => root.classList.remove("glide"), glide);
      }
      if (!timer) timer = setTimeout(arrange, glide ? 0 : 90);
    },
    stop: () => [timer, glideTimer].forEach(clearTimeout),
  };
}
