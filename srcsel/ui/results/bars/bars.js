// The bars of one score. Pressing a row chooses its model; pointing at it says more. Bars glide to their new places.
// Names come from people's folders: they only ever become textContent.

const charts = new WeakMap();

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let chart = charts.get(parentElement);
  if (!chart) {
    chart = create(parentElement);
    charts.set(parentElement, chart);
  }
  chart.update(data, (model) => setTriggerValue("pressed", model));
  return () => charts.delete(parentElement);
}

function create(root) {
  const box = root.querySelector(".chart"), list = root.querySelector(".rows"), tip = root.querySelector(".tip");
  const rows = new Map(); // model -> its button and what stands in it
  let press = () => {}, at = () => 0;
  list.replaceChildren(); // of a component that was here before

  function element(name, kind, parent) {
    const made = document.createElement(name);
    made.className = kind;
    parent?.append(made);
    return made;
  }

  function newRow(model) {
    const button = element("button", ""), row = { button, about: [] };
    button.type = "button";
    row.name = element("span", "name", button);
    row.track = element("span", "track", button);
    for (const kind of ["bar", "before", "whisker"]) row[kind] = element("i", kind, row.track);
    row.value = element("span", "value", button);
    button.onclick = () => press(model);
    button.onpointerenter = button.onfocus = () => say(row);
    button.onpointerleave = button.onblur = () => { tip.style.visibility = "hidden"; };
    rows.set(model, row);
    return row;
  }

  function say({ about, button, track }) { // below its row, from where the bars stand
    tip.replaceChildren(...about.map((text, i) => {
      const line = element(i ? "span" : "b", "");
      line.textContent = text;
      return line;
    }));
    tip.style.left = `${Math.max(0, Math.min(track.offsetLeft, box.clientWidth - tip.offsetWidth))}px`;
    tip.style.top = `${button.offsetTop + button.offsetHeight + 2}px`;
    tip.style.visibility = "visible";
  }

  function stretch(bar, from, to) {
    bar.hidden = from === null || to === null;
    if (bar.hidden) return;
    const [left, right] = [Math.min(from, to), Math.max(from, to)].map(at);
    bar.style.left = `${left}%`;
    bar.style.width = `${right - left}%`;
  }

  function drawRow(drawn, chosen) {
    const row = rows.get(drawn.model) ?? newRow(drawn.model), { button } = row;
    button.className = drawn.shaded ? "shaded" : "";
    button.setAttribute("aria-pressed", drawn.model === chosen);
    button.setAttribute("aria-label", drawn.about.concat(drawn.end === null ? drawn.text : []).join(", "));
    button.style.setProperty("--bar", drawn.color);
    row.about = drawn.about;
    row.name.textContent = drawn.label;
    row.value.textContent = drawn.text;
    stretch(row.bar, drawn.start, drawn.end);
    stretch(row.before, drawn.start, drawn.before);
    stretch(row.whisker, drawn.low, drawn.high > drawn.low ? drawn.high : null);
    return button;
  }

  function drawAxis({ marks, chance }) { // the line at chance stands before the bars
    const made = element("div", "axis"), words = element("div", "marks");
    made.ariaHidden = words.ariaHidden = "true";
    element("i", "", made).style.left = `${at(chance)}%`;
    for (const [value, text] of marks) {
      const word = element("span", "", words);
      word.style.left = `${at(value)}%`;
      word.textContent = text;
    }
    list.prepend(made);
    list.append(words);
  }

  function putInOrder(held) { // a row that is moved loses its focus, and would not glide
    list.querySelectorAll(":scope > :not(button)").forEach((one) => one.remove());
    if (held.length === list.children.length && held.every((row, i) => list.children[i] === row)) return;
    const focused = held.find((row) => row.matches(":focus"));
    list.replaceChildren(...held);
    focused?.focus();
  }

  return {
    update(data, pressed) {
      const { chart } = data, [low, high] = chart.limits, first = rows.size === 0;
      press = pressed;
      at = (value) => (100 * (value - low)) / (high - low); // percent of the track
      const looks = { ...data.paint, row: `${data.row}px`, size: data.size };
      for (const [name, value] of Object.entries(looks)) box.style.setProperty(`--${name}`, value);
      box.classList.toggle("beside", data.beside);
      box.setAttribute("aria-label", data.alt);
      root.querySelector(".scale").textContent = chart.scale;
      root.querySelector(".key").hidden = !chart.key;
      root.querySelector(".key span").textContent = chart.key;
      const held = chart.rows.map((drawn) => drawRow(drawn, data.chosen));
      for (const [model, row] of rows) if (!held.includes(row.button)) rows.delete(model);
      putInOrder(held);
      drawAxis(chart);
      if (first) requestAnimationFrame(() => requestAnimationFrame(() => list.classList.add("glide")));
    },
  };
}
