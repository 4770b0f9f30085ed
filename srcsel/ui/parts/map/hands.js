// Mouse, fingers and keys on one map.

function bindHands(pane, m) {
  const { over } = pane, fingers = new Map();
  const pointer = (event) => {
    const box = over.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { apart: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, at: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
  };

  over.onpointerdown = (event) => {
    if (event.button !== 0) return;
    over.setPointerCapture(event.pointerId);
    const start = pointer(event);
    fingers.set(event.pointerId, start);
    m.hover(-1);
    if (fingers.size === 2) {
      const { apart, at } = spread();
      m.drag = { pane, mode: "pinch", apart, spot: pane.toData(...at), k: m.view.k };
    } else
      m.drag = { pane, mode: event.altKey ? "pan" : m.mode, start, path: [start], view: { ...m.view }, moved: false };
  };

  over.onpointermove = (event) => {
    const here = pointer(event), [px, py] = here, { drag } = m;
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, here);
    if (!drag) return m.hover(pane.nearest(px, py), pane);
    if (drag.mode === "pinch") {
      if (fingers.size < 2) return undefined;
      const { apart, at } = spread();
      return m.zoomTo(pane, (drag.k * apart) / drag.apart, at, drag.spot);
    }
    const dx = px - drag.start[0], dy = py - drag.start[1];
    if (!drag.moved && Math.hypot(dx, dy) < (event.pointerType === "touch" ? 8 : 4)) return undefined;
    drag.moved = true;
    if (drag.mode === "pan") {
      const [sx, sy] = pane.span();
      over.style.cursor = "grabbing";
      return m.moveTo(drag.view.x - dx / sx, drag.view.y + dy / sy);
    }
    drag.path.push(here);
    pane.drawOver();
    return undefined;
  };

  over.onpointerup = (event) => {
    const done = m.drag;
    fingers.delete(event.pointerId);
    if (fingers.size) return; // the other finger of a pinch
    m.drag = null;
    if (!done || done.mode === "pinch") return;
    if (done.moved && done.mode !== "pan") m.select(pane.caught(done.path, done.mode), done.mode, event.shiftKey);
    else if (!done.moved) {
      const i = pane.nearest(...pointer(event));
      if (i >= 0 && event.shiftKey && m.settings.select) m.select([m.row[i]], "add", true);
      else if (i >= 0) m.open(i, pane);
    }
    m.use(m.mode);
    pane.drawOver();
  };
  over.onpointercancel = (event) => {
    fingers.delete(event.pointerId);
    m.drag = null;
    pane.drawOver();
  };
  over.onpointerleave = () => { if (!m.drag) m.hover(-1); };
  over.ondblclick = () => m.act.home();

  const wheel = (event) => {
    if (!event.ctrlKey && !event.metaKey && over.getRootNode().activeElement !== over) {
      pane.say("Click the map, or hold Ctrl, to zoom with the wheel");
      return;
    }
    event.preventDefault();
    m.zoom(pane, Math.exp(-event.deltaY / 400), pointer(event));
  };
  pane.stage.addEventListener("wheel", wheel, { passive: false }); // also over a name

  over.onfocus = () => {
    if (over.matches(":focus-visible"))
      pane.say(`Arrows move, + and − zoom, N and P step from picture to picture, Enter opens`);
  };
  over.onblur = () => m.hover(-1);
  over.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = 0.2 / m.view.k, { view } = m;
    const keys = {
      "+": m.act.in, "=": m.act.in, "-": m.act.out, 0: m.act.home,
      Escape: () => m.settings.select && m.select([], "clear"),
      Enter: () => {
        if (m.hovered < 0) return;
        if (event.shiftKey && m.settings.select) m.select([m.row[m.hovered]], "add", true);
        else m.open(m.hovered, pane);
      },
      n: () => m.step(pane, 1), p: () => m.step(pane, -1),
      ArrowLeft: () => m.moveTo(view.x - step, view.y), ArrowRight: () => m.moveTo(view.x + step, view.y),
      ArrowUp: () => m.moveTo(view.x, view.y + step), ArrowDown: () => m.moveTo(view.x, view.y - step),
    };
    const act = keys[event.key] ?? keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return () => pane.stage.removeEventListener("wheel", wheel);
}
