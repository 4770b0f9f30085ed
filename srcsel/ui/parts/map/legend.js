// What colors and shapes mean, how many pictures each has, and the way to look at some of them only.

function createLegend(root, m) {
  const button = (text, title) => {
    const made = document.createElement("button");
    made.type = "button";
    made.title = title;
    made.append(...text);
    return made;
  };
  const span = (kind, text = "") => {
    const made = document.createElement("span");
    made.className = kind;
    made.textContent = text;
    return made;
  };

  // Where there is no room for a name, what stands before its cut goes first: behind it is what tells classes apart.
  function named(text) {
    const made = span("name"), cut = text.indexOf("…");
    made.append(span("head", cut > 0 ? text.slice(0, cut) : text));
    if (cut > 0) made.append(span("tail", text.slice(cut)));
    return made;
  }

  const written = (count) => count.toLocaleString("en");

  function mark(g) {
    const sheet = document.createElement("canvas");
    sheet.width = sheet.height = 14 * m.ratio;
    const pen = sheet.getContext("2d");
    pen.translate(sheet.width / 2, sheet.height / 2);
    pen.scale(m.ratio, m.ratio);
    outline(pen, g.shape, 5);
    pen.fillStyle = m.color(g);
    pen.fill();
    return sheet;
  }

  function entry(g, i) {
    const made = button(
      [mark(g), named(g.short), span("count")],
      `${g.name}: press to show only this, with Shift to hide or show it`,
    );
    made.hidden = g.empty;
    made.dataset.group = i;
    made.setAttribute("aria-pressed", m.groupOn(i));
    made.onclick = (event) => m.isolate(i, event.shiftKey || event.ctrlKey || event.metaKey);
    return made;
  }

  function scale({ title, low, middle, high, worse, better }) {
    const box = document.createElement("div"), bar = document.createElement("i");
    box.className = "scale";
    const levels = m.settings.groups.filter((g) => !g.other);
    bar.style.background = `linear-gradient(to right, ${levels.map((g) => m.color(g)).join(", ")})`;
    const zero = (middle - low) / (high - low), marks = document.createElement("div");
    marks.className = "marks";
    [[low, 0], [middle, zero], [high, 1]].forEach(([number, at], k) => {
      if (k === 1 && (zero < 0.08 || zero > 0.92)) return;
      const made = span("", number.toFixed(2).replace("-", "−"));
      made.style.left = `${100 * at}%`;
      marks.append(made);
    });
    const line = document.createElement("div");
    line.append(bar, marks);
    box.append(span("name", title), span("end", `▼ ${worse}`), line, span("end", `${better} ●`));
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", `${title}: from ${low.toFixed(2)}, ${worse}, to ${high.toFixed(2)}, ${better}`);
    return box;
  }

  function fill() {
    const { groups, scale: wanted } = m.settings;
    const entries = groups.map(entry);
    const all = button(["Show all"], "Show everything again");
    all.className = "all";
    all.onclick = () => m.isolate(-1);
    if (wanted) root.replaceChildren(scale(wanted), ...entries.filter((_, i) => groups[i].other), all);
    else root.replaceChildren(...entries, all);
    refresh();
  }

  function refresh() {
    const panes = m.shown(), per = panes.map((pane) => {
      const all = m.settings.groups.map(() => 0), mine = all.slice(), of = pane.groups();
      for (let i = 0; i < of.length; i++) {
        all[of[i]] += 1;
        if (m.chosen.has(m.row[i])) mine[of[i]] += 1;
      }
      return all.map((count, g) => (m.chosen.size ? `${written(mine[g])} / ${written(count)}` : written(count)));
    });
    root.querySelectorAll("[data-group]").forEach((made) => {
      const i = Number(made.dataset.group), texts = new Set(per.map((counts) => counts[i]));
      made.setAttribute("aria-pressed", m.groupOn(i));
      made.querySelector("canvas").replaceWith(mark(m.settings.groups[i]));
      made.querySelector(".count").textContent = texts.size > 1 ? per.map((counts) => counts[i]).join(" | ") : [...texts][0];
    });
    root.querySelector(".all").hidden = !m.groupsHidden();
  }

  return { fill, refresh };
}
