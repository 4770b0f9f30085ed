// One of the one or two maps beside each other: its dots, what the pointer is on, the picture shown there.
// `m` is what both share: view, selection, hidden groups, settings (see map.js).

const EDGE = { side: 22, top: 52, bottom: 20 }; // pixels free of dots; the tools stand in the upper ones
const REACH = 12; // pixels within which a dot answers the pointer
const GLIDE = 900; // milliseconds in which dots move when the model or method changes
const STAMPED = 8000; // dots in sight up to which they are stamped
const CLOSE = 2.5; // times zoomed in from which dots turn into pictures by themselves,
const FEW = 400; // where so many are in sight at most
const FINE = 44; // pixels of a picture from which it is asked for by itself
const RINGED = 12; // selected pictures up to which each gets a ring
const PHOTO = 25; // milliseconds the pointer rests before a picture is asked for
const TIP = 176; // pixels of the picture's card

function createPane(root, m) {
  const find = (selector) => root.querySelector(selector);
  const stage = find(".stage"), dots = find(".dots"), over = find(".over"), tip = find(".tip"), hint = find(".hint");
  const ink = dots.getContext("2d"), top = over.getContext("2d");
  let width = 0, height = 0, hintTimer = 0, photoTimer = 0;
  let x = [], y = [], group = [], value = null, near = [], n = 0, cells = null, lit = new Uint8Array(0);
  let from = null, started = 0, radius = 4; // where dots glide from; pixels of a dot as drawn last
  let reachX = 1, reachY = 1, lines = null, picked = [], side = 0; // of the dots; outlines; what is shown as pictures
  let sighted = 0; // dots in sight as drawn last

  // ---- coordinates -------------------------------------------------------------------------------------------
  const span = () => {
    const across = (width / 2 - EDGE.side) * m.view.k, up = ((height - EDGE.top - EDGE.bottom) / 2) * m.view.k;
    if (!m.settings.even) return [across, up];
    const same = Math.min(across / reachX, up / reachY); // a distance is a distance, across as up
    return [same, same];
  };
  const off = (i) => m.hidden.has(group[i]) || (m.only >= 0 && m.klass[i] !== m.only);
  const middle = () => [width / 2, (height + EDGE.top - EDGE.bottom) / 2];
  const toScreen = (px, py) => {
    const [sx, sy] = span(), [mx, my] = middle();
    return [mx + (px - m.view.x) * sx, my - (py - m.view.y) * sy];
  };
  const toData = (px, py) => {
    const [sx, sy] = span(), [mx, my] = middle();
    return [m.view.x + (px - mx) / sx, m.view.y - (py - my) / sy];
  };
  const eased = () => {
    if (from === null) return 1;
    const t = Math.min(1, (performance.now() - started) / GLIDE);
    return t < 0.5 ? 4 * t * t * t : 1 - Math.pow(-2 * t + 2, 3) / 2;
  };
  const placeOf = (i, t) => (t >= 1 ? [x[i], y[i]]
    : [from[2 * i] + (x[i] - from[2 * i]) * t, from[2 * i + 1] + (y[i] - from[2 * i + 1]) * t]);

  // ---- drawing -----------------------------------------------------------------------------------------------
  const size = (shown) => Math.max(2.6, Math.min(6, 90 / Math.sqrt(shown + 1))) * Math.min(2, Math.pow(m.view.k, 0.25));

  function inSight() {
    const [sx, sy] = span(), [mx, my] = middle(), { x: vx, y: vy } = m.view;
    const left = vx - (mx + 20) / sx, right = vx + (width - mx + 20) / sx;
    const high = vy + (my + 20) / sy, low = vy - (height - my + 20) / sy;
    const shown = new Uint8Array(n);
    let count = 0;
    for (let i = 0; i < n; i++)
      if (!off(i) && x[i] >= left && x[i] <= right && y[i] >= low && y[i] <= high) {
        shown[i] = 1;
        count += 1;
      }
    return [shown, count];
  }

  function draw() {
    if (!width) return true;
    const t = eased(), ratio = m.ratio, lifted = m.chosen.size > 0 || m.focus >= 0;
    const [shown, count] = t < 1 ? [new Uint8Array(n).fill(1), n] : inSight();
    const many = count > STAMPED, r = many ? Math.max(1.3, Math.min(2.4, 620 / Math.sqrt(count))) : size(count);
    radius = r;
    const edge = many ? "" : m.dark ? "rgba(0,0,0,0.65)" : "rgba(255,255,255,0.85)";
    const groups = m.settings.groups;
    const sprites = groups.map((g) => stamped(g.shape, m.color(g), g.other ? r * 0.8 : r, edge, ratio));
    const [sx, sy] = span(), [mx, my] = middle(), { x: vx, y: vy } = m.view;
    const each = (put) => {
      for (const pass of lifted ? [0, 1, 2] : [0, 1]) // bottom to top: gray "other" classes, named ones, the selection
        for (let i = 0; i < n; i++) {
          if (!shown[i] || off(i)) continue;
          if ((lifted && lit[i] ? 2 : groups[group[i]].other ? 0 : 1) !== pass) continue;
          let px = x[i], py = y[i];
          if (t < 1) [px, py] = placeOf(i, t);
          put((mx + (px - vx) * sx) * ratio, (my - (py - vy) * sy) * ratio, group[i], pass === 2);
        }
    };
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, dots.width, dots.height);
    if (m.show.outlines) drawOutlines(t);
    const faded = m.chosen.size ? (m.dark ? 0.24 : 0.16) : 0.42;
    const fade = lifted ? faded : many ? 1 : 0.88;
    if (many) splatAll(ink, dots.width, dots.height, sprites, fade, groups.map((g) => g.other), each);
    else stampAll(ink, sprites, fade, each);
    if (t >= 1 || !picked.length) choosePictures(shown, count);
    drawPictures(t);
    if (t >= 1) from = null;
    names.follow();
    drawOver();
    return t >= 1;
  }

  const closeBy = (count) => m.view.k >= CLOSE && count <= FEW;
  const asPictures = (count) => m.settings.thumbs && (m.show.pictures ?? closeBy(count)) && (m.cell || count <= FEW);

  function choosePictures(shown, count) {
    picked = [];
    sighted = count;
    if (!asPictures(count)) return;
    side = Math.round(Math.max(SMALLEST, Math.min(LARGEST_SIDE, Math.sqrt((width * height) / (count + 1)) * 0.75)));
    const points = [], important = [];
    for (let i = 0; i < n; i++) {
      if (!shown[i]) continue;
      const [sx, sy] = toScreen(x[i], y[i]);
      (lit[i] ? important : points).push({ i, sx, sy });
    }
    picked = apart(important.concat(points), side);
  }

  function drawPictures(t) {
    const lifted = m.chosen.size > 0 || m.focus >= 0;
    ink.setTransform(m.ratio, 0, 0, m.ratio, 0, 0);
    ink.imageSmoothingQuality = "medium";
    for (let k = picked.length - 1; k >= 0; k--) { // the important ones last, on top
      const { i } = picked[k], [sx, sy] = toScreen(...placeOf(i, t));
      ink.globalAlpha = lifted && !lit[i] ? 0.35 : 1;
      m.pictures.put(ink, i, sx, sy, side, m.color(m.settings.groups[group[i]]), side >= FINE || !m.cell);
    }
    ink.globalAlpha = 1;
  }

  function drawOutlines(t) {
    if (t < 1) return; // they are of the places where the dots arrive
    const { groups } = m.settings, alone = m.alone();
    lines ??= outlinesOf(x, y, group, (i) => !off(i) && (!groups[group[i]].other || groups[group[i]] === alone), n);
    ink.setTransform(m.ratio, 0, 0, m.ratio, 0, 0);
    ink.lineWidth = 1.5;
    lines.forEach((pieces, g) => {
      ink.beginPath();
      for (let k = 0; k < pieces.length; k += 4) {
        ink.moveTo(...toScreen(pieces[k], pieces[k + 1]));
        ink.lineTo(...toScreen(pieces[k + 2], pieces[k + 3]));
      }
      ink.strokeStyle = m.color(groups[g]);
      ink.globalAlpha = 0.8;
      ink.stroke();
    });
    ink.globalAlpha = 1;
    ink.setTransform(1, 0, 0, 1, 0, 0);
  }

  function drawOver() {
    top.setTransform(m.ratio, 0, 0, m.ratio, 0, 0);
    top.clearRect(0, 0, width, height);
    if (m.focus >= 0) drawLines();
    const few = m.chosen.size <= RINGED && m.chosen.size > 0;
    if (few) for (let i = 0; i < n; i++) if (m.chosen.has(m.row[i]) && !off(i)) ring(i, 1.8, m.dark ? "#fff" : "#111");
    if (m.focus >= 0 && m.focus < n && !off(m.focus)) ring(m.focus, 2.5, m.accent());
    if (m.hovered >= 0 && m.hovered < n) ring(m.hovered, 2.5, m.dark ? "#fff" : "#111");
    const drag = m.drag;
    if (drag && drag.pane === pane && drag.path && drag.path.length > 1) drawLoop(drag);
  }

  function ring(i, line, color) {
    const [sx, sy] = toScreen(x[i], y[i]);
    top.beginPath();
    top.arc(sx, sy, radius * 1.3 + 4, 0, 2 * Math.PI);
    top.lineWidth = line;
    top.strokeStyle = color;
    top.stroke();
  }

  function drawLines() {
    const [sx, sy] = toScreen(x[m.focus], y[m.focus]);
    for (const column of near) {
      const j = column[m.focus];
      if (j < 0 || off(j)) continue;
      const same = m.klass[j] === m.klass[m.focus], [ex, ey] = toScreen(x[j], y[j]);
      top.beginPath();
      top.moveTo(sx, sy);
      top.lineTo(ex, ey);
      top.setLineDash(same ? [] : [5, 4]);
      top.lineWidth = 2;
      top.strokeStyle = same ? (m.dark ? "#56b4e9" : "#0072b2") : m.dark ? "#ff9a5c" : "#c24e00";
      top.stroke();
    }
    top.setLineDash([]);
  }

  function drawLoop(drag) {
    const [first] = drag.path, last = drag.path[drag.path.length - 1];
    top.beginPath();
    if (drag.mode === "box") top.rect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
    else {
      drag.path.forEach(([px, py]) => top.lineTo(px, py));
      top.closePath();
    }
    top.fillStyle = top.strokeStyle = m.accent();
    top.globalAlpha = 0.12;
    top.fill();
    top.globalAlpha = 1;
    top.lineWidth = 1.6;
    top.setLineDash([6, 4]);
    top.stroke();
    top.setLineDash([]);
  }

  // ---- pointing and catching ---------------------------------------------------------------------------------
  function nearest(px, py) {
    const on = picked.find(({ i }) => { // the picture under the pointer
      const [sx, sy] = toScreen(x[i], y[i]);
      return Math.abs(sx - px) <= side / 2 && Math.abs(sy - py) <= side / 2;
    });
    if (on) return on.i;
    let best = -1, reach = REACH * REACH;
    const [left, high] = toData(px - REACH, py - REACH), [right, low] = toData(px + REACH, py + REACH);
    if (cells) cells.near(left, right, low, high, (i) => {
      if (off(i)) return;
      const [sx, sy] = toScreen(x[i], y[i]), d = (sx - px) ** 2 + (sy - py) ** 2;
      if (d < reach) { reach = d; best = i; }
    });
    return best;
  }

  function caught(path, kind) {
    const [a, b] = [path[0], path[path.length - 1]], rows = [];
    const loop = (kind === "box" ? [a, [b[0], a[1]], b, [a[0], b[1]]] : path).map(([px, py]) => toData(px, py));
    const across = loop.map((p) => p[0]), up = loop.map((p) => p[1]);
    const [left, right] = [Math.min(...across), Math.max(...across)], [low, high] = [Math.min(...up), Math.max(...up)];
    for (let i = 0; i < n; i++)
      if (x[i] >= left && x[i] <= right && y[i] >= low && y[i] <= high && !off(i))
        if (insideLoop(loop, x[i], y[i])) rows.push(m.row[i]);
    return rows;
  }

  function showTip(i) {
    clearTimeout(photoTimer);
    tip.classList.toggle("on", i >= 0);
    if (i < 0) return;
    const { settings } = m, photo = tip.querySelector("img"), said = m.said(pane, i);
    tip.querySelector("b").textContent = settings.classes[m.klass[i]];
    tip.querySelector(".file").textContent = m.fileOf(i);
    tip.querySelector("em").textContent = said;
    tip.querySelector("em").hidden = !said;
    photo.removeAttribute("src");
    photo.style.visibility = "hidden";
    photo.onload = () => { photo.style.visibility = "visible"; };
    tip.dataset.row = m.row[i];
    if (settings.thumbs)
      photoTimer = setTimeout(() => { photo.src = `${settings.thumbs}/${m.row[i]}/320.jpg`; }, PHOTO);
    const [sx, sy] = toScreen(x[i], y[i]), h = tip.offsetHeight || 200;
    const left = sx + 18 + TIP > width ? sx - 18 - TIP : sx + 18;
    tip.style.left = `${Math.max(4, Math.min(width - TIP - 4, left))}px`;
    tip.style.top = `${Math.max(-40, Math.min(height - h + 30, sy - h / 2))}px`;
  }

  function say(text) {
    hint.textContent = text;
    hint.classList.add("on");
    clearTimeout(hintTimer);
    hintTimer = setTimeout(() => hint.classList.remove("on"), 1800);
  }

  // ---- taking what Python sends ------------------------------------------------------------------------------
  function take(table, same) {
    const column = (name) => table.getChild(name)?.toArray() ?? null;
    const next = { x: column("x"), y: column("y") };
    const still = !same || n === 0 || next.x.every((v, i) => v === x[i] && next.y[i] === y[i]);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches || next.x.length > STAMPED;
    if (!still && !calm) {
      const start = new Float32Array(2 * n), t = eased();
      for (let i = 0; i < n; i++) [start[2 * i], start[2 * i + 1]] = placeOf(i, t);
      from = start;
      started = performance.now();
      names.settle(GLIDE);
    } else if (!same || !still) from = null;
    lines = null; // other groups too, where only the colours changed
    if (!same) picked = [];
    ({ x, y } = next);
    n = x.length;
    group = column("group");
    value = column("value");
    near = ["n0", "n1", "n2", "n3", "n4", "n5"].map(column).filter(Boolean);
    if (!same || !still || !cells) {
      cells = cellsOf(x, y, n);
      reachX = reachY = 1e-6;
      for (let i = 0; i < n; i++) {
        reachX = Math.max(reachX, Math.abs(x[i]));
        reachY = Math.max(reachY, Math.abs(y[i]));
      }
    }
    light();
  }

  function light() { // which dots are lit: the selected pictures, and the neighbours of the one that was pressed
    lit = new Uint8Array(n);
    if (m.chosen.size) for (let i = 0; i < n; i++) if (m.chosen.has(m.row[i])) lit[i] = 1;
    if (m.focus >= 0) lit[m.focus] = 1;
    if (m.focus >= 0) for (const column of near) if (column[m.focus] >= 0) lit[column[m.focus]] = 1;
  }

  function resize() { // tells whether the size is another one
    const before = [width, height];
    width = stage.clientWidth;
    height = stage.clientHeight;
    for (const canvas of [dots, over]) {
      const w = Math.round(width * m.ratio), h = Math.round(height * m.ratio);
      if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    }
    return width !== before[0] || height !== before[1];
  }

  function eachInSight(visit) { // (i, sx, sy): dots within the frame, where they are or where they go
    for (let i = 0; i < n; i++) {
      if (off(i)) continue;
      const [sx, sy] = toScreen(x[i], y[i]);
      if (sx >= 0 && sx < width && sy >= 0 && sy < height) visit(i, sx, sy);
    }
  }

  const pane = {
    off, toScreen, eachInSight, closeBy: () => closeBy(sighted), size: () => ({ width, height }),
    change() { lines = null; }, // what is shown changed
    root, stage, over, take, light, resize, draw, drawOver, nearest, caught, showTip, say, span, middle, toData,
    groups: () => group,
    valueOf: (i) => (value ? value[i] : null),
    title: find(".title"),
    stop() {
      [hintTimer, photoTimer].forEach(clearTimeout);
      names.stop();
    },
  };
  const names = createNames(find(".names"), pane, m);
  pane.names = names;
  return pane;
}
