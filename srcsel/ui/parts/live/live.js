// A run while it goes: every model's bars, the model under way growing, and a sketch of its map.
// Bars and dots glide to their new places. Names come from people's folders: they only ever become textContent.

const GLIDE = 650; // milliseconds in which dots travel
const SETTLED = 800; // milliseconds after which rows stand still
const HIGH = 22; // pixels of a class name
const STEPS = Array.from({ length: 17 }, (_, i) => i - 8).flatMap((dy) => [0, -0.6, 0.6, -1.2, 1.2].map((dx) => [dx, dy]))
  .sort((a, b) => Math.hypot(2 * a[0], a[1]) - Math.hypot(2 * b[0], b[1])); // in widths and heights of it
const BARS = ["silhouette", "supcon"];

const lives = new WeakMap();

export default function (component) {
  const { data, parentElement } = component;
  let live = lives.get(parentElement);
  if (!live) {
    live = create(parentElement);
    lives.set(parentElement, live);
  }
  live.update(data);
  return () => {
    live.destroy();
    lives.delete(parentElement);
  };
}

function create(root) {
  const find = (selector) => root.querySelector(selector);
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const list = find(".rows"), rows = new Map(); // model -> its row
  const reach = {}; // measure -> [low, high] of its axis
  [".rows", ".heads", ".names"].forEach((one) => find(one).replaceChildren()); // of a component that was here before
  find(".key")?.remove();
  const sketch = createSketch(find(".sketch"), calm);
  let data = {}, lead = "", later = 0;

  function element(name, kind, parent) {
    const made = document.createElement(name);
    made.className = kind;
    parent.append(made);
    return made;
  }

  function newRow(id) {
    const row = element("li", "", list);
    row.name = element("span", "name", row);
    row.bars = BARS.map(() => {
      const track = element("div", "track", row);
      return { bar: element("i", "", track), chance: element("b", "", track) };
    });
    const last = element("div", "last", row);
    row.said = element("div", "said", last);
    row.work = element("div", "work", last);
    row.done = element("i", "", row.work);
    rows.set(id, row);
    return row;
  }

  function asSeen(model) { // one that was seen growing stays as long as it was until it is scored
    const seen = model.kind === "at-work" && rows.get(model.id)?.seen;
    return seen ? { ...model, kind: "soon", bars: seen } : model;
  }

  function drawBar({ bar, chance }, span, [low, high]) {
    bar.hidden = chance.hidden = !span;
    if (!span) return;
    const at = (value) => (100 * (value - low)) / (high - low || 1);
    const [from, to] = [Math.min(...span), Math.max(...span)].map(at);
    bar.style.left = `${from}%`;
    bar.style.width = `${to - from}%`;
    chance.style.left = `${at(span[0])}%`;
  }

  function drawRow(model, place) {
    const row = rows.get(model.id) ?? newRow(model.id);
    const before = row.className;
    row.seen = model.kind === "soon" ? model.bars : row.seen;
    row.className = [model.kind, model.ahead ? "ahead" : ""].join(" ");
    if (before.includes("soon") && model.kind === "finished") row.classList.add("fresh");
    row.name.textContent = row.name.title = model.title;
    row.said.textContent = model.said;
    row.said.title = model.full || model.said;
    row.work.hidden = model.share === null;
    row.work.classList.toggle("unknown", model.share < 0);
    row.done.style.width = model.share < 0 ? "" : `${100 * model.share}%`;
    row.style.setProperty("--bar", model.color);
    row.style.transform = `translateY(calc(${place} * var(--row)))`;
    BARS.forEach((name, i) => drawBar(row.bars[i], model.bars[name], reach[name]));
  }

  function stretch() {
    BARS.forEach((name) => {
      const ends = data.models.flatMap((m) => m.bars[name] ?? []);
      reach[name] = [Math.min(0, ...ends), Math.max(0.05, ...ends.map((end) => end * 1.04))];
    });
  }

  function drawLead() {
    const said = data.lead.join("");
    if (said === lead) return;
    const place = find(".lead"), [first, rest] = data.lead;
    place.replaceChildren(first);
    element("small", "", place).textContent = rest;
    if (lead && lead.split(",")[0] !== said.split(",")[0]) {
      place.classList.remove("fresh");
      void place.offsetWidth; // so that it comes again
      place.classList.add("fresh");
    }
    lead = said;
  }

  function drawHeads() {
    const heads = find(".heads");
    if (heads.childElementCount) return;
    data.heads.forEach((text) => { element("span", "", heads).textContent = text; });
    const key = element("p", "key", find(".board"));
    element("i", "", key);
    key.append(data.key);
  }

  function reorder() { // whoever reads aloud hears the rows as they stand; a row that is moved would not glide
    const order = data.models.map((m) => rows.get(m.id));
    if (order.some((row, i) => list.children[i] !== row)) list.append(...order);
  }

  return {
    update(fresh) {
      const first = !data.models;
      data = { ...fresh, models: fresh.models.map(asSeen) };
      const box = find(".live");
      for (const [name, value] of Object.entries(data.paint)) box.style.setProperty(`--${name}`, value);
      box.style.setProperty("--stage", `${data.height}px`);
      drawHeads();
      drawLead();
      stretch();
      data.models.forEach(drawRow);
      const known = new Set(data.models.map((m) => m.id));
      for (const [id, row] of rows) if (!known.has(id)) { row.remove(); rows.delete(id); }
      clearTimeout(later);
      later = setTimeout(reorder, first ? 0 : SETTLED);
      list.style.height = `calc(${data.models.length} * var(--row))`;
      find(".key").hidden = !data.models.some((m) => m.kind === "soon");
      if (first) requestAnimationFrame(() => requestAnimationFrame(() => list.classList.add("glide")));
      sketch.update(data);
    },
    destroy() {
      clearTimeout(later);
      sketch.destroy();
    },
  };
}

// ---- the sketch of the map ---------------------------------------------------------------------------------------
function createSketch(root, calm) {
  const canvas = root.querySelector("canvas"), names = root.querySelector(".names"), dots = new Map();
  let frame = 0, began = 0, data = {}, labels = new Map(), gone = false;

  function update(fresh) {
    const { sketch } = (data = fresh);
    root.querySelector(".caption").textContent = data.caption;
    const empty = root.querySelector(".empty");
    empty.hidden = Boolean(sketch);
    empty.textContent = sketch ? "" : data.empty;
    canvas.setAttribute("aria-label", sketch ? data.alt : data.empty);
    if (!sketch) return redraw();
    const seen = new Set(), now = performance.now();
    sketch.rows.forEach((row, i) => {
      const to = [sketch.x[i] / 1000, sketch.y[i] / 1000], dot = dots.get(row);
      seen.add(row);
      if (!dot) dots.set(row, { from: to, at: to, to, group: sketch.groups[i], klass: sketch.classes[i], born: now });
      else Object.assign(dot, { from: dot.at, to });
    });
    for (const row of [...dots.keys()]) if (!seen.has(row)) dots.delete(row);
    began = now;
    redraw();
  }

  function redraw() {
    if (!frame && !gone) frame = requestAnimationFrame(draw);
  }

  function draw(now) {
    frame = 0;
    const ratio = Math.max(1, window.devicePixelRatio || 1), { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext("2d"), t = calm() ? 1 : Math.min(1, (now - began) / GLIDE), ease = 1 - (1 - t) ** 3;
    pen.scale(ratio, ratio);
    const inside = (value) => 0.5 + 0.42 * Math.max(-1.12, Math.min(1.12, value));
    const place = ([x, y]) => [width * inside(x), height * inside(-y)];
    const size = dots.size > 600 ? 2.4 : dots.size > 200 ? 3.2 : 4.2, sums = new Map();
    let young = false;
    for (const dot of dots.values()) {
      dot.at = [0, 1].map((k) => dot.from[k] + ease * (dot.to[k] - dot.from[k]));
      const age = calm() ? 1 : Math.min(1, Math.max(0, (now - dot.born) / GLIDE)), [x, y] = place(dot.at);
      young ||= age < 1;
      pen.globalAlpha = 0.85 * age;
      pen.fillStyle = data.groups[dot.group];
      pen.beginPath();
      pen.arc(x, y, size * (0.4 + 0.6 * age), 0, 2 * Math.PI);
      pen.fill();
      const sum = sums.get(dot.klass) ?? [0, 0, 0];
      sums.set(dot.klass, [sum[0] + x, sum[1] + y, sum[2] + 1, dot.group]);
    }
    write(sums, width, height);
    if (t < 1 || young) redraw();
  }

  function write(sums, width, height) { // every class name, as near to the middle of its dots as no other name is
    const taken = [];
    for (const [klass, name] of Object.entries(data.names ?? {})) {
      const sum = sums.get(Number(klass));
      let label = labels.get(klass);
      if (!label) {
        label = document.createElement("span");
        label.textContent = name;
        names.append(label);
        labels.set(klass, label);
      }
      label.style.visibility = sum ? "visible" : "hidden";
      if (!sum) continue;
      const wide = label.offsetWidth, middle = [sum[0] / sum[2], sum[1] / sum[2]];
      const at = ([dx, dy]) => [
        Math.max(2, Math.min(width - wide - 2, middle[0] + dx * wide - wide / 2)),
        Math.max(2, Math.min(height - HIGH, middle[1] + dy * HIGH - HIGH / 2)),
      ];
      const free = (step) => {
        const [x, y] = at(step);
        return taken.every(([left, top, w]) => x > left + w || x + wide < left || Math.abs(y - top) >= HIGH);
      };
      label.step = [label.step ?? STEPS[0], ...STEPS].find(free); // where it stood before, so that it does not hop
      label.style.visibility = label.step ? "visible" : "hidden";
      if (!label.step) continue;
      const box = at(label.step);
      label.style.setProperty("--dot", data.groups[sum[3]]);
      label.style.transform = `translate(${box[0]}px, ${box[1]}px)`;
      taken.push([...box, wide]);
    }
  }

  const watch = new ResizeObserver(redraw);
  watch.observe(canvas);
  return { update, destroy() { gone = true; cancelAnimationFrame(frame); watch.disconnect(); } };
}
