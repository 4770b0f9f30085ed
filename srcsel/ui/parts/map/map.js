// One map of pictures, or two beside each other that share view, selection and legend, on 2-D canvases.
// Names come from people's folders: they only ever become textContent. View and selection live here, so that
// a change of model, method, colors or theme keeps both.

const ICONS = {
  lasso: '<svg viewBox="0 0 24 24"><path d="M12 4c5 0 9 2.5 9 6s-4 6-9 6-9-2.5-9-6 4-6 9-6z" stroke-dasharray="3 2.400"/><path d="M7 15c-2 1-2 4 0 4s2 2 1 3"/></svg>',
  box: '<svg viewBox="0 0 24 24"><rect x="4" y="5" width="16" height="14" stroke-dasharray="3 2.400"/></svg>',
  pan: '<svg viewBox="0 0 24 24"><path d="M12 3v18M3 12h18M9 6l3-3 3 3M9 18l3 3 3-3M6 9l-3 3 3 3M18 9l3 3-3 3"/></svg>',
  in: '<svg viewBox="0 0 24 24"><path d="M12 5v14M5 12h14"/></svg>',
  out: '<svg viewBox="0 0 24 24"><path d="M5 12h14"/></svg>',
  home: '<svg viewBox="0 0 24 24"><path d="M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5"/></svg>',
  pictures: '<svg viewBox="0 0 24 24"><rect x="4" y="5" width="16" height="14" rx="2"/><circle cx="9" cy="10" r="1.5"/><path d="M5 18l5-5 3 3 3-4 4 5"/></svg>',
  names: '<svg viewBox="0 0 24 24"><path d="M5 7V5h14v2M12 5v14M9 19h6"/></svg>',
  outlines: '<svg viewBox="0 0 24 24"><path d="M12 4c5 0 8 3 8 7s-2 4-3 7-4 2-7 1-6-3-6-8 3-7 8-7z"/><circle cx="12" cy="11" r="1.5"/></svg>',
};
const TITLES = {
  lasso: "Lasso: draw a loop around dots", box: "Box: drag a rectangle around dots", pan: "Move the map",
  pictures: "Show pictures instead of dots", names: "Write class names on the map",
  outlines: "Draw lines around where dots are dense", in: "Zoom in", out: "Zoom out", home: "Show everything",
};
const SWITCHES = ["pictures", "names", "outlines"]; // what may be shown or not
const MOST = 80; // largest zoom

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
  let frame = 0, emit = () => {}, stamp = null, file = null, count = 1, spare = 0;

  const m = {
    ratio: Math.max(1, window.devicePixelRatio || 1), dark: false, settings: {}, mode: "pan", drag: null,
    show: { pictures: null, names: true, outlines: false }, // null: when zoomed in
    view: { x: 0, y: 0, k: 1 }, hidden: new Set(), only: -1, cell: null, chosen: new Set(), focus: -1, hovered: -1, row: [], klass: [],
    // a class kept alone is not grey, though it has no colour among many
    color: (g) => (g.other && m.alone() === g ? m.accent() : m.dark ? g.dark : g.light),
    alone: () => (m.only >= 0 && m.settings.byClass ? m.settings.groups[m.settings.groupOf[m.only]] : null),
    accent: () => getComputedStyle(root.host || root).getPropertyValue("--st-primary-color").trim() || "#0072b2",
    fileOf: (i) => file.get(i),
    shown: () => panes.slice(0, count),
    said(pane, i) {
      const { scale, groups } = m.settings, value = pane.valueOf(i);
      if (scale) return Number.isNaN(value) ? "n/a" : `${scale.title}: ${value.toFixed(2).replace("-", "−")}`;
      return m.settings.byClass ? "" : groups[pane.groups()[i]].name;
    },
    colorOf: (k) => (m.settings.byClass ? m.color(m.settings.groups[m.settings.groupOf[k]]) : null),
    groupsHidden: () => m.hidden.size > 0 || m.only >= 0,
    groupOn: (g) => !m.hidden.has(g) && (m.only < 0 || !m.settings.byClass || m.settings.groupOf[m.only] === g),
    hover, select, open, step, use, zoom, zoomTo, moveTo, isolate, keepOnly, toolsBox,
    act: {
      in: () => zoom(panes[0], 1.5), out: () => zoom(panes[0], 1 / 1.5), home: () => zoomTo(panes[0], 1),
      pictures: () => flip("pictures"), names: () => flip("names"), outlines: () => flip("outlines"),
      lasso: () => use("lasso"), box: () => use("box"), pan: () => use("pan"),
    },
  };
  const panes = [...root.querySelectorAll(".pane")].map((one) => createPane(one, m));
  const letGo = panes.map((pane) => bindHands(pane, m));
  const legend = createLegend(find(".legend"), m);
  m.pictures = createPictures(m, redraw, () => panes[0].say("The small pictures are on their way"));

  // ---- drawing -----------------------------------------------------------------------------------------------
  function draw() {
    frame = 0;
    if (!m.shown().map((pane) => pane.draw()).every(Boolean)) redraw();
    pressSwitches();
  }

  function redraw() {
    if (!frame) frame = requestAnimationFrame(draw);
  }

  // ---- pointing and selecting --------------------------------------------------------------------------------
  function hover(i, on = null) {
    if (i === m.hovered) return;
    m.hovered = i;
    m.shown().forEach((pane) => {
      pane.drawOver();
      pane.showTip(pane === on ? i : -1);
      pane.over.style.cursor = i >= 0 && m.settings.select ? "pointer" : m.mode === "pan" ? "grab" : "crosshair";
    });
  }

  function step(pane, by) { // from picture to picture with the keyboard
    const n = m.row.length;
    let i = m.hovered >= 0 ? m.hovered : m.focus >= 0 ? m.focus : by > 0 ? -1 : n;
    do i += by; while (i >= 0 && i < n && pane.off(i));
    if (i < 0 || i >= n) return;
    hover(i, pane);
    find(".spoken").textContent = [m.settings.classes[m.klass[i]], file.get(i), m.said(pane, i)].filter(Boolean).join(", ");
  }

  function open(i, pane) { // the drawer of this page shows the picture; with the arrow keys it goes through `rows`
    const shown = [...m.row].filter((_, j) => !pane.off(j)), { chosen } = m;
    const rows = chosen.size > 1 && chosen.has(m.row[i]) ? [...chosen].sort((a, b) => a - b) : shown;
    hover(-1);
    document.dispatchEvent(new CustomEvent("srcsel-picture", {
      detail: {
        set: m.settings.set, row: m.row[i], rows, opener: pane.over, label: m.settings.classes[m.klass[i]], file: file.get(i),
      },
    }));
  }

  function shown(event) { // the drawer says which picture it shows; null when it closed
    const { set, row } = event.detail;
    m.focus = row === null || set !== m.settings.set ? -1 : m.row.indexOf(row);
    lightUp();
  }

  function select(rows, how, add) {
    m.chosen = new Set(add ? [...m.chosen, ...rows] : rows);
    emit("selection", { rows: [...m.chosen].sort((a, b) => a - b), how, at: Date.now() }); // `at`: the same again counts
    lightUp();
  }

  function lightUp() {
    m.shown().forEach((pane) => pane.light());
    legend.refresh();
    redraw();
  }

  function isolate(i, more = false) { // show only group i, everything with -1; with `more` hide or show it alone
    const others = m.settings.groups.map((_, j) => j).filter((j) => j !== i);
    if (more && m.hidden.has(i)) m.hidden.delete(i);
    else if (more) m.hidden.add(i);
    else if (i < 0 || (!m.hidden.has(i) && others.every((j) => m.hidden.has(j) || m.settings.groups[j].empty)))
      m.hidden = new Set();
    else m.hidden = new Set(others);
    m.only = -1;
    changed();
  }

  function keepOnly(k) { // only class k; again: everything
    const all = m.only === k;
    m.hidden = new Set();
    m.only = all ? -1 : k;
    find(".spoken").textContent = all ? "All classes are shown" : `Only ${m.settings.classes[k]} is shown`;
    changed();
  }

  function changed() {
    hover(-1);
    letGoOfHidden();
    legend.refresh();
    m.shown().forEach((pane) => {
      pane.change();
      pane.names.settle();
    });
    redraw();
  }

  // What is left out or relabelled is what one sees: a picture that is not shown is not selected.
  function letGoOfHidden() {
    if (!m.settings.select || !m.chosen.size) return;
    const left = m.row.filter((row, i) => m.chosen.has(row) && m.shown().some((pane) => !pane.off(i)));
    if (m.groupsHidden() && left.length < m.chosen.size) select(left, "hide");
  }

  function flip(what) {
    const pressed = pressedNow(what), back = what === "pictures" && pressed && !closeBy();
    m.show[what] = back ? null : !pressed; // switched off before a closer look, that brings them again
    try {
      sessionStorage.setItem("srcsel-map-shows", JSON.stringify(m.show));
    } catch { /* a browser that keeps nothing starts as usual */ }
    fillTools();
    changed();
  }

  const closeBy = () => m.shown().some((pane) => pane.closeBy());

  const pressedNow = (what) => m.show[what] ?? closeBy(); // a switch tells what one sees

  function pressSwitches() {
    for (const what of SWITCHES) find(`.tools [name=${what}]`)?.setAttribute("aria-pressed", pressedNow(what));
  }

  function toolsBox(pane) { // where the tools lie over a map: no name is written there
    if (pane !== m.shown()[count - 1] && !narrow()) return [];
    const tools = find(".tools").getBoundingClientRect(), stage = pane.stage.getBoundingClientRect();
    const [left, top] = [tools.left - stage.left, tools.top - stage.top];
    return top > stage.height || top + tools.height < 0 ? [] : [[left - 4, top - 4, left + tools.width + 4, top + tools.height + 4]];
  }

  const narrow = () => find(".panes").clientWidth <= 620;

  // ---- moving ------------------------------------------------------------------------------------------------
  function moveTo(x, y) {
    const { view } = m, room = 1.1 - 1 / view.k / 1.6;
    view.x = view.k === 1 ? 0 : Math.max(-room, Math.min(room, x));
    view.y = view.k === 1 ? 0 : Math.max(-room, Math.min(room, y));
    m.shown().forEach((pane) => {
      pane.over.style.touchAction = view.k === 1 && m.mode === "pan" ? "pan-y" : "none";
      pane.names.settle();
    });
    redraw();
    clearTimeout(spare);
    spare = setTimeout(() => keep(), 200);
  }

  // Zoom so that the place `spot` of the map lies at pixel `at`.
  function zoomTo(pane, k, at = pane.middle(), spot = pane.toData(...at)) {
    m.view.k = Math.max(1, Math.min(MOST, k));
    hover(-1);
    const [sx, sy] = pane.span(), [mx, my] = pane.middle();
    moveTo(spot[0] - (at[0] - mx) / sx, spot[1] + (at[1] - my) / sy);
  }

  function zoom(pane, factor, at) {
    zoomTo(pane, m.view.k * factor, at);
  }

  // The browser tab remembers the view: the page may take the map away and draw it in another place.
  function keep() {
    try {
      sessionStorage.setItem(`srcsel-map ${m.settings.name}`, JSON.stringify(m.view));
    } catch { /* a browser that keeps nothing starts with the whole map */ }
  }

  function recall() {
    try {
      const { x, y, k } = JSON.parse(sessionStorage.getItem(`srcsel-map ${m.settings.name}`)) ?? {};
      if ([x, y, k].every(Number.isFinite)) m.view = { x, y, k: Math.max(1, Math.min(MOST, k)) };
      const shows = JSON.parse(sessionStorage.getItem("srcsel-map-shows")) ?? {};
      for (const what of SWITCHES) if (typeof shows[what] === "boolean") m.show[what] = shows[what];
    } catch { /* as above */ }
  }

  // ---- tools -------------------------------------------------------------------------------------------------
  function use(next) {
    m.mode = next;
    m.shown().forEach((pane) => { pane.over.style.cursor = next === "pan" ? "grab" : "crosshair"; });
    find(".tools").querySelectorAll("[aria-pressed]").forEach((b) => {
      if (!SWITCHES.includes(b.name)) b.setAttribute("aria-pressed", b.name === next);
    });
    moveTo(m.view.x, m.view.y);
  }

  function fillTools() {
    const switches = SWITCHES.filter((one) => one !== "pictures" || m.settings.thumbs);
    const names = [...(m.settings.select ? ["lasso", "box", "pan", "|"] : []), ...switches, "|", "in", "out", "home"];
    const tools = find(".tools");
    if (tools.dataset.names !== names.join()) tools.replaceChildren(...names.map((name) => {
      if (name === "|") return document.createElement("i");
      const button = document.createElement("button");
      button.type = "button";
      button.name = name;
      button.title = TITLES[name];
      button.setAttribute("aria-label", TITLES[name]);
      if (["lasso", "box", "pan"].includes(name)) button.setAttribute("aria-pressed", name === m.mode);
      button.innerHTML = ICONS[name];
      button.onclick = m.act[name];
      return button;
    }));
    tools.dataset.names = names.join();
    pressSwitches();
  }

  // ---- taking what Python sends ------------------------------------------------------------------------------
  function take(data) {
    const next = data.points.getChild("row").toArray();
    const same = next.length === m.row.length && next.every((value, i) => value === m.row[i]);
    const focused = m.focus >= 0 ? m.row[m.focus] : -1;
    m.row = next;
    m.klass = data.points.getChild("klass").toArray();
    m.cell = data.points.getChild("cell")?.toArray() ?? null;
    file = data.points.getChild("file");
    if (!same) m.focus = focused >= 0 ? m.row.indexOf(focused) : -1;
    m.shown().forEach((pane, i) => pane.take(data[`pane${i}`], same));
  }

  function isDark() {
    const probe = document.createElement("canvas").getContext("2d");
    probe.fillStyle = getComputedStyle(root.host || root).getPropertyValue("--st-background-color").trim() || "#fff";
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    return 0.299 * r + 0.587 * g + 0.114 * b < 128;
  }

  function update(data, setStateValue) {
    const before = m.settings, fresh = data.settings;
    emit = setStateValue;
    m.settings = fresh;
    count = fresh.titles.length;
    if (before.name !== fresh.name) recall();
    if (before.drag !== fresh.drag) m.mode = window.matchMedia("(pointer: coarse)").matches ? "pan" : fresh.drag;
    const names = JSON.stringify([fresh.groups.map((g) => g.name), fresh.classes]);
    if (!before.groups || names !== JSON.stringify([before.groups.map((g) => g.name), before.classes])) {
      m.hidden = new Set();
      m.only = m.only < fresh.classes.length && before.classes?.[m.only] === fresh.classes[m.only] ? m.only : -1;
    }
    m.pictures.change(fresh.sheets);
    m.dark = isDark();
    if (stamp !== fresh.stamp) {
      stamp = fresh.stamp;
      m.chosen = new Set(fresh.selected);
    }
    take(data);
    if (!before.set) m.focus = fresh.focus === null ? -1 : m.row.indexOf(fresh.focus);
    find(".panes").classList.toggle("two", count > 1);
    panes.forEach((pane, i) => {
      pane.root.hidden = i >= count;
      pane.title.textContent = fresh.titles[i] ?? "";
      pane.over.setAttribute("aria-label", fresh.alts[i] ?? "");
      pane.stage.style.height = fresh.room ? `clamp(320px, 100vh - ${fresh.room}px, ${fresh.height}px)` : `${fresh.height}px`;
    });
    hover(-1);
    fillTools();
    legend.fill();
    use(m.mode);
    resize();
    lightUp();
  }

  function resize() { // the observer reports each box once at first, at the size that `update` drew
    const changed = m.shown().filter((pane) => pane.resize());
    changed.forEach((pane) => pane.names.settle());
    if (changed.length) redraw();
  }

  const watcher = new ResizeObserver(resize);
  panes.forEach((pane) => watcher.observe(pane.stage));
  document.addEventListener("srcsel-picture-shown", shown);
  return {
    update,
    destroy() {
      watcher.disconnect();
      cancelAnimationFrame(frame);
      clearTimeout(spare);
      panes.forEach((pane) => pane.stop());
      letGo.forEach((go) => go());
      m.pictures.stop();
      document.removeEventListener("srcsel-picture-shown", shown);
    },
  };
}
