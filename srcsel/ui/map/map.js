// A scatter of pictures on a 2-D canvas: zoom, pan, lasso, box, click, hover pictures.
// Names come from people's folders: they only ever become textContent. View and selection live here, so that
// a change of model, method or theme keeps both.

const ICONS = {
  lasso: '<svg viewBox="0 0 24 24"><path d="M12 4c5 0 9 2.5 9 6s-4 6-9 6-9-2.5-9-6 4-6 9-6z" stroke-dasharray="3 2.400"/><path d="M7 15c-2 1-2 4 0 4s2 2 1 3"/></svg>',
  box: '<svg viewBox="0 0 24 24"><rect x="4" y="5" width="16" height="14" stroke-dasharray="3 2.400"/></svg>',
  pan: '<svg viewBox="0 0 24 24"><path d="M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3"/></svg>',
  in: '<svg viewBox="0 0 24 24"><path d="M12 5v14M5 12h14"/></svg>',
  out: '<svg viewBox="0 0 24 24"><path d="M5 12h14"/></svg>',
  home: '<svg viewBox="0 0 24 24"><path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/></svg>',
};
const TITLES = {
  lasso: "Lasso: draw a loop around dots", box: "Box: drag a rectangle around dots", pan: "Move the map",
  in: "Zoom in", out: "Zoom out", home: "Show everything",
};
const MOST = 80; // largest zoom
const EDGE = { side: 18, top: 50, bottom: 16 }; // pixels free of dots; the tools stand in the upper one
const REACH = 12; // pixels within which a dot answers the pointer
const GLIDE = 500; // milliseconds in which dots move when the model or method changes

const maps = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue } = component;
  let map = maps.get(parentElement);
  if (!map) {
    map = create(parentElement);
    maps.set(parentElement, map);
  }
  map.update(data, setStateValue);
  return () => {
    map.destroy();
    maps.delete(parentElement);
  };
}

function create(root) {
  const find = (selector) => root.querySelector(selector);
  const stage = find(".stage"), dots = find(".dots"), over = find(".over"), tip = find(".tip"), hint = find(".hint");
  const ink = dots.getContext("2d"), top = over.getContext("2d");
  const ratio = Math.max(1, window.devicePixelRatio || 1);
  let width = 0, height = 0, frame = 0, hintTimer = 0, photoTimer = 0, legendTimer = 0;
  let n = 0, x = [], y = [], group = [], klass = [], row = [], file = [];
  let from = null, started = 0; // where dots glide from
  let settings = {}, emit = () => {}, stamp = null, mode = "pan", dark = false;
  let view = { x: 0, y: 0, k: 1 };
  let hidden = new Set(), chosen = new Set(), sprites = [], hovered = -1, drag = null;

  // ---- coordinates -------------------------------------------------------------------------------------------
  const span = () => [(width / 2 - EDGE.side) * view.k, ((height - EDGE.top - EDGE.bottom) / 2) * view.k];
  const middle = () => [width / 2, (height + EDGE.top - EDGE.bottom) / 2];
  const toScreen = (px, py) => {
    const [sx, sy] = span(), [mx, my] = middle();
    return [mx + (px - view.x) * sx, my - (py - view.y) * sy];
  };
  const toData = (px, py) => {
    const [sx, sy] = span(), [mx, my] = middle();
    return [view.x + (px - mx) / sx, view.y - (py - my) / sy];
  };
  const pointer = (event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const at = (i, t) => (from === null || t >= 1 ? [x[i], y[i]]
    : [from[2 * i] + (x[i] - from[2 * i]) * t, from[2 * i + 1] + (y[i] - from[2 * i + 1]) * t]);
  const eased = () => {
    if (from === null) return 1;
    const t = Math.min(1, (performance.now() - started) / GLIDE);
    return t < 0.5 ? 4 * t * t * t : 1 - Math.pow(-2 * t + 2, 3) / 2;
  };

  // ---- drawing -----------------------------------------------------------------------------------------------
  const size = () => Math.max(2.6, Math.min(6, 90 / Math.sqrt(n + 1))) * Math.min(2, Math.pow(view.k, 0.25));

  function outline(pen, shape, r) {
    const corners = (count, turn, inner) => {
      for (let i = 0; i < count; i++) {
        const a = turn + (i * 2 * Math.PI) / count, q = inner && i % 2 ? r * inner : r * 1.25;
        pen.lineTo(q * Math.cos(a), q * Math.sin(a));
      }
      pen.closePath();
    };
    const bars = () => {
      const a = r * 1.2, b = r * 0.42;
      [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b], [-a, -b], [-b, -b]]
        .forEach(([px, py]) => pen.lineTo(px, py));
      pen.closePath();
    };
    pen.beginPath();
    if (shape === "square") pen.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8);
    else if (shape === "triangle") corners(3, -Math.PI / 2);
    else if (shape === "down") corners(3, Math.PI / 2);
    else if (shape === "diamond") corners(4, 0);
    else if (shape === "pentagon") corners(5, -Math.PI / 2);
    else if (shape === "star") corners(10, -Math.PI / 2, 0.55);
    else if (shape === "plus") bars();
    else if (shape === "cross") { pen.rotate(Math.PI / 4); bars(); }
    else pen.arc(0, 0, r, 0, 2 * Math.PI);
  }

  function stamped(shape, color, r) {
    const side = Math.ceil((r * 1.4 + 2) * 2 * ratio), sheet = document.createElement("canvas");
    sheet.width = sheet.height = side;
    const pen = sheet.getContext("2d");
    pen.translate(side / 2, side / 2);
    pen.scale(ratio, ratio);
    outline(pen, shape, r);
    pen.fillStyle = color;
    pen.fill();
    pen.lineWidth = 0.8;
    pen.strokeStyle = dark ? "rgba(0,0,0,0.65)" : "rgba(255,255,255,0.85)";
    pen.stroke();
    return sheet;
  }

  const color = (g) => (dark ? g.dark : g.light);

  function draw() {
    frame = 0;
    if (!width) return;
    const r = size(), t = eased(), picked = chosen.size > 0;
    sprites = settings.groups.map((g) => stamped(g.shape, color(g), g.other ? r * 0.8 : r));
    ink.setTransform(1, 0, 0, 1, 0, 0);
    ink.clearRect(0, 0, dots.width, dots.height);
    // Bottom to top: gray "other" classes, named classes, the selection.
    const layer = (i) => (picked && chosen.has(row[i]) ? 2 : settings.groups[group[i]].other ? 0 : 1);
    for (const pass of [0, 1, 2]) {
      for (let i = 0; i < n; i++) {
        if (hidden.has(group[i]) || layer(i) !== pass) continue;
        const [sx, sy] = toScreen(...at(i, t));
        if (sx < -20 || sy < -20 || sx > width + 20 || sy > height + 20) continue;
        const sprite = sprites[group[i]];
        ink.globalAlpha = picked ? (pass === 2 ? 1 : 0.16) : 0.88;
        ink.drawImage(sprite, sx * ratio - sprite.width / 2, sy * ratio - sprite.height / 2);
      }
    }
    ink.globalAlpha = 1;
    if (t < 1) redraw();
    else from = null;
    drawOver();
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  function drawOver() {
    top.setTransform(ratio, 0, 0, ratio, 0, 0);
    top.clearRect(0, 0, width, height);
    const style = getComputedStyle(root.host || root);
    const accent = style.getPropertyValue("--st-primary-color").trim() || "#0072b2";
    if (hovered >= 0) {
      const [sx, sy] = toScreen(x[hovered], y[hovered]);
      top.beginPath();
      top.arc(sx, sy, size() * 1.3 + 4, 0, 2 * Math.PI);
      top.lineWidth = 2.5;
      top.strokeStyle = dark ? "#fff" : "#111";
      top.stroke();
    }
    if (drag && drag.path && drag.path.length > 1) {
      top.beginPath();
      const [first] = drag.path, last = drag.path[drag.path.length - 1];
      if (drag.mode === "box") top.rect(first[0], first[1], last[0] - first[0], last[1] - first[1]);
      else {
        drag.path.forEach(([px, py]) => top.lineTo(px, py));
        top.closePath();
      }
      top.fillStyle = accent;
      top.globalAlpha = 0.12;
      top.fill();
      top.globalAlpha = 1;
      top.lineWidth = 1.6;
      top.setLineDash([6, 4]);
      top.strokeStyle = accent;
      top.stroke();
      top.setLineDash([]);
    }
  }

  // ---- pointing at a dot -------------------------------------------------------------------------------------
  function nearest(px, py) {
    let best = -1, reach = REACH * REACH;
    for (let i = 0; i < n; i++) {
      if (hidden.has(group[i])) continue;
      const [sx, sy] = toScreen(x[i], y[i]), d = (sx - px) ** 2 + (sy - py) ** 2;
      if (d < reach) { reach = d; best = i; }
    }
    return best;
  }

  function hover(i) {
    if (i === hovered) return;
    hovered = i;
    drawOver();
    clearTimeout(photoTimer);
    tip.classList.toggle("on", i >= 0);
    over.style.cursor = i >= 0 && settings.select ? "pointer" : mode === "pan" ? "grab" : "crosshair";
    if (i < 0) return;
    const photo = tip.querySelector("img");
    tip.querySelector("b").textContent = settings.classes[klass[i]];
    tip.querySelector("span").textContent = file[i];
    photo.removeAttribute("src");
    photo.style.visibility = "hidden";
    photo.onload = () => { photo.style.visibility = "visible"; };
    const source = settings.thumbs ? `${settings.thumbs}/${row[i]}/320.jpg` : "";
    tip.dataset.row = row[i];
    if (source) photoTimer = setTimeout(() => { photo.src = source; }, 40);
    const [sx, sy] = toScreen(x[i], y[i]), w = 160, h = tip.offsetHeight || 190;
    const left = sx + 18 + w > width ? sx - 18 - w : sx + 18;
    tip.style.left = `${Math.max(4, left)}px`;
    tip.style.top = `${Math.max(-40, Math.min(height - h + 30, sy - h / 2))}px`;
  }

  // ---- selecting ---------------------------------------------------------------------------------------------
  function inside(path, px, py) {
    let odd = false;
    for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
      const [ax, ay] = path[i], [bx, by] = path[j];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) odd = !odd;
    }
    return odd;
  }

  function caught(path, kind) {
    const [a, b] = [path[0], path[path.length - 1]], rows = [];
    const shape = kind === "box" ? [a, [b[0], a[1]], b, [a[0], b[1]]] : path;
    for (let i = 0; i < n; i++)
      if (!hidden.has(group[i]) && inside(shape, ...toScreen(x[i], y[i]))) rows.push(row[i]);
    return rows;
  }

  function select(rows, how, add) {
    chosen = new Set(add ? [...chosen, ...rows] : rows);
    emit("selection", { rows: [...chosen].sort((a, b) => a - b), how, at: Date.now() }); // `at`: the same again counts
    fillCounts();
    redraw();
  }

  // ---- moving ------------------------------------------------------------------------------------------------
  function clampView() {
    view.k = Math.max(1, Math.min(MOST, view.k));
    const room = 1.1 - 1 / view.k / 1.6;
    view.x = Math.max(-room, Math.min(room, view.x));
    view.y = Math.max(-room, Math.min(room, view.y));
    if (view.k === 1) { view.x = 0; view.y = 0; }
    redraw();
  }

  function zoom(factor, px = middle()[0], py = middle()[1]) {
    const [dx, dy] = toData(px, py);
    view.k = Math.max(1, Math.min(MOST, view.k * factor));
    const [ex, ey] = toData(px, py);
    view.x += dx - ex;
    view.y += dy - ey;
    hover(-1);
    clampView();
  }

  function say(text) {
    hint.textContent = text;
    hint.classList.add("on");
    clearTimeout(hintTimer);
    hintTimer = setTimeout(() => hint.classList.remove("on"), 1600);
  }

  const act = {
    in: () => zoom(1.5), out: () => zoom(1 / 1.5),
    home: () => { view = { x: 0, y: 0, k: 1 }; hover(-1); redraw(); },
    lasso: () => use("lasso"), box: () => use("box"), pan: () => use("pan"),
  };

  function use(next) {
    mode = next;
    over.style.cursor = mode === "pan" ? "grab" : "crosshair";
    find(".tools").querySelectorAll("[aria-pressed]").forEach((b) => b.setAttribute("aria-pressed", b.name === mode));
  }

  over.onpointerdown = (event) => {
    if (event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    const start = pointer(event);
    drag = { mode: event.altKey ? "pan" : mode, start, path: [start], view: { ...view }, moved: false };
  };
  over.onpointermove = (event) => {
    const [px, py] = pointer(event);
    if (!drag) return hover(nearest(px, py));
    const dx = px - drag.start[0], dy = py - drag.start[1];
    if (!drag.moved && Math.hypot(dx, dy) < 4) return undefined;
    drag.moved = true;
    hover(-1);
    if (drag.mode === "pan") {
      const [sx, sy] = span();
      view.x = drag.view.x - dx / sx;
      view.y = drag.view.y + dy / sy;
      over.style.cursor = "grabbing";
      clampView();
    } else {
      drag.path.push([px, py]);
      drawOver();
    }
    return undefined;
  };
  over.onpointerup = (event) => {
    const done = drag;
    drag = null;
    if (!done) return;
    if (done.moved && done.mode !== "pan") select(caught(done.path, done.mode), done.mode, event.shiftKey);
    else if (!done.moved && settings.select) {
      const i = nearest(...pointer(event));
      if (i >= 0) select([row[i]], "click", event.shiftKey);
    }
    use(mode);
    drawOver();
  };
  over.onpointercancel = () => { drag = null; drawOver(); };
  over.onpointerleave = () => hover(-1);
  over.ondblclick = () => act.home();
  const wheel = (event) => {
    if (!event.ctrlKey && !event.metaKey && root.activeElement !== over) {
      say("Click the map, or hold Ctrl, to zoom with the wheel");
      return;
    }
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), ...pointer(event));
  };
  over.addEventListener("wheel", wheel, { passive: false });
  over.onkeydown = (event) => {
    const step = 0.2 / view.k;
    const keys = {
      "+": act.in, "=": act.in, "-": act.out, 0: act.home, Escape: () => settings.select && select([], "clear"),
      ArrowLeft: () => { view.x -= step; clampView(); }, ArrowRight: () => { view.x += step; clampView(); },
      ArrowUp: () => { view.y += step; clampView(); }, ArrowDown: () => { view.y -= step; clampView(); },
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  };

  // ---- tools and legend --------------------------------------------------------------------------------------
  function fillTools() {
    const names = settings.select ? ["lasso", "box", "pan", "|", "in", "out", "home"] : ["in", "out", "home"];
    const tools = find(".tools");
    if (tools.dataset.names === names.join()) return;
    tools.dataset.names = names.join();
    tools.replaceChildren(...names.map((name) => {
      if (name === "|") return document.createElement("i");
      const button = document.createElement("button");
      button.type = "button";
      button.name = name;
      button.title = TITLES[name];
      button.setAttribute("aria-label", TITLES[name]);
      if (["lasso", "box", "pan"].includes(name)) button.setAttribute("aria-pressed", name === mode);
      button.innerHTML = ICONS[name];
      button.onclick = act[name];
      return button;
    }));
  }

  function fillLegend() {
    find(".legend").replaceChildren(...settings.groups.map((g, i) => {
      const button = document.createElement("button"), mark = document.createElement("canvas");
      button.type = "button";
      button.hidden = g.empty;
      button.title = `${g.name}: press to hide or show, double-press to show only this`;
      button.setAttribute("aria-pressed", !hidden.has(i));
      mark.width = mark.height = 14 * ratio;
      const pen = mark.getContext("2d");
      pen.translate(mark.width / 2, mark.height / 2);
      pen.scale(ratio, ratio);
      outline(pen, g.shape, 5);
      pen.fillStyle = color(g);
      pen.fill();
      const name = document.createElement("span"), count = document.createElement("span");
      name.className = "name";
      name.textContent = g.name;
      count.className = "count";
      button.append(mark, name, count);
      button.onclick = (event) => {
        clearTimeout(legendTimer);
        if (event.detail > 1) only(i);
        else legendTimer = setTimeout(() => toggle(i), event.detail ? 220 : 0);
      };
      return button;
    }));
    fillCounts();
  }

  function fillCounts() {
    const all = settings.groups.map(() => 0), mine = settings.groups.map(() => 0);
    for (let i = 0; i < n; i++) {
      all[group[i]] += 1;
      if (chosen.has(row[i])) mine[group[i]] += 1;
    }
    find(".legend").querySelectorAll(".count").forEach((count, i) => {
      count.textContent = chosen.size ? `${mine[i]} / ${all[i]}` : `${all[i]}`;
    });
  }

  function toggle(i) {
    if (hidden.has(i)) hidden.delete(i);
    else hidden.add(i);
    refreshLegend();
  }

  function only(i) {
    const alone = hidden.size === settings.groups.length - 1 && !hidden.has(i);
    hidden = new Set(alone ? [] : settings.groups.map((_, j) => j).filter((j) => j !== i));
    refreshLegend();
  }

  function refreshLegend() {
    find(".legend").querySelectorAll("button").forEach((b, j) => b.setAttribute("aria-pressed", !hidden.has(j)));
    hover(-1);
    redraw();
  }

  // ---- taking what Python sends ------------------------------------------------------------------------------
  function take(points) {
    const column = (name) => points.getChild(name);
    const next = { x: column("x").toArray(), y: column("y").toArray(), row: column("row").toArray() };
    const same = next.row.length === n && next.row.every((value, i) => value === row[i]);
    const still = !same || next.x.every((v, i) => v === x[i] && next.y[i] === y[i]);
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still && !calm) {
      const start = new Float32Array(2 * n), t = eased();
      for (let i = 0; i < n; i++) [start[2 * i], start[2 * i + 1]] = at(i, t);
      from = start;
      started = performance.now();
    } else if (!same) from = null;
    ({ x, y, row } = next);
    n = row.length;
    group = column("group").toArray();
    klass = column("klass").toArray();
    file = column("file");
    file = Array.from({ length: n }, (_, i) => file.get(i));
  }

  function isDark() {
    const host = root.host || root, probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(host).getPropertyValue("--st-background-color").trim() || "#fff";
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }

  function update(data, setStateValue) {
    const before = settings, fresh = data.settings;
    emit = setStateValue;
    settings = fresh;
    if (before.drag !== fresh.drag) mode = fresh.drag;
    const names = JSON.stringify([fresh.groups, fresh.classes]);
    if (names !== JSON.stringify([before.groups, before.classes])) hidden = new Set();
    take(data.points);
    if (stamp !== fresh.stamp) {
      stamp = fresh.stamp;
      chosen = new Set(fresh.selected);
    }
    dark = isDark();
    over.setAttribute("aria-label", fresh.alt);
    stage.style.height = fresh.room ? `clamp(360px, 100vh - ${fresh.room}px, ${fresh.height}px)` : `${fresh.height}px`;
    hover(-1);
    fillTools();
    fillLegend();
    use(mode);
    resize();
  }

  function resize() {
    width = stage.clientWidth;
    height = stage.clientHeight;
    for (const canvas of [dots, over]) {
      if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
        canvas.width = Math.round(width * ratio);
        canvas.height = Math.round(height * ratio);
      }
    }
    redraw();
  }

  const watcher = new ResizeObserver(resize);
  watcher.observe(stage);
  return {
    update,
    destroy() {
      watcher.disconnect();
      cancelAnimationFrame(frame);
      [hintTimer, photoTimer, legendTimer].forEach(clearTimeout);
      over.removeEventListener("wheel", wheel);
    },
  };
}
