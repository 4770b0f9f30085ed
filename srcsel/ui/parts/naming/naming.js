// Names beside the dots of a Plotly scatter, for the size that it has now: no name covers a dot, a whisker, a line or
// another name. Python writes each name as an annotation on its dot, the most important first; those without room wait
// for the pointer. A chart of several small scatters names at least the first in each.

const GAP = 3; // pixels between a dot and its name
const REACH = [0, 13, 28, 44]; // pixels from a dot's edge to its name; from the second on a thin line joins them
const NEAR = REACH.slice(0, 2); // of a name that is written faintly
const AIR = 1; // pixels between a name and anything else
const BESIDE = 10; // pixels that a name may reach over the right and the upper edge
const STEP = 4; // pixels between two places of a line that are looked at
const SIDES = [ // of a dot, right first; down is positive
  [1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1],
  [1, 0.5], [1, -0.5], [-1, 0.5], [-1, -0.5], [0.5, -1], [-0.5, -1], [0.5, 1], [-0.5, 1],
];

export default function (component) {
  const { data, parentElement } = component;
  const inside = `.st-key-${data.chart} .js-plotly-plot`;
  let plot = null, on = null; // the chart, and its own way to be listened to, which is another after each fresh start

  function place() {
    if (plot.querySelector(".nsewdrag")?.getBoundingClientRect().width) settle(plot);
  }

  const leave = () => { if (on && plot.on === on) plot.removeListener("plotly_afterplot", place); };

  function follow() { // Streamlit puts another figure there when it likes, or starts the same anew
    const found = document.querySelector(inside);
    if (found === plot && found?.on === on) {
      if (on && plot.querySelector(".annotation:not([data-settled])")) place(); // Plotly wrote it anew and told nobody
      return;
    }
    leave();
    plot = found;
    on = found?.on;
    if (!on) return;
    plot.on("plotly_afterplot", place);
    place();
  }

  const watcher = new MutationObserver(follow);
  watcher.observe(document.body, { childList: true, subtree: true });
  document.fonts.ready.then(() => { if (on) place(); });
  (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]")?.style.setProperty("display", "none");
  follow();
  return () => {
    watcher.disconnect();
    leave();
  };
}

function settle(plot) {
  const names = [...plot.querySelectorAll(".annotation")].sort((a, b) => a.dataset.index - b.dataset.index);
  const areas = names.map((name) => areaOf(plot, name)), must = (i) => areas.indexOf(areas[i]) === i;
  const dots = boxesOf(plot, ".scatterlayer .point");
  const taken = [...dots, ...boxesOf(plot, ".errorbar path, .shapelayer text"), ...linesOf(plot)];
  names.forEach((name, i) => {
    name.dataset.settled = "";
    const text = name.querySelector(".annotation-text-g");
    text.style.translate = "none";
    name.querySelector(".srcsel-leader")?.remove();
    const box = boxOf(text.querySelector("text")), far = Number(name.style.opacity) < 1 ? NEAR : REACH;
    const spot = roomFor(box, areas[i].getBoundingClientRect(), dots, taken, far, must(i));
    name.classList.toggle("srcsel-beside", spot !== null);
    if (!spot) return;
    text.style.translate = `${spot.box[0] - box[0]}px ${spot.box[1] - box[1]}px`;
    taken.push(spot.box, ...spot.leader.map(([x, y]) => [x, y, x, y]));
    if (spot.leader.length) name.prepend(drawn(spot.leader, plot));
  });
}

// The scatter that a name belongs to, of several in one chart; null for what belongs to none.
function areaOf(plot, name) {
  const { xref = "x", yref = "y" } = plot.layout.annotations[name.dataset.index];
  return plot.querySelector(`.nsewdrag[data-subplot="${CSS.escape(xref + yref)}"]`);
}

// Where the name that lies at `box` on its dot finds room, and the places of the line that joins them; null where it
// finds none, unless it `must` stand: then where it covers least.
function roomFor(box, area, dots, taken, reaches, must) {
  const [wide, high] = [box[2] - box[0], box[3] - box[1]], x = (box[0] + box[2]) / 2, y = (box[1] + box[3]) / 2;
  const own = dots.filter((dot) => meets(dot, [x, y, x, y], 0)), others = dots.filter((dot) => !own.includes(dot));
  const edge = Math.max(4, ...own.map((dot) => (dot[2] - dot[0]) / 2)) + GAP;
  let best = null, least = Infinity;
  for (const reach of reaches) {
    for (const [across, down] of SIDES) {
      const far = (edge + reach) / Math.hypot(across, down), [ax, ay] = [x + across * far, y + down * far];
      const free = ax - (wide / 2) * (1 - across), top = ay - (high / 2) * (1 - down);
      const left = across % 1 === 0 && across ? free : Math.max(area.left, Math.min(area.right + BESIDE - wide, free));
      const spot = [left, top, left + wide, top + high];
      if (left < area.left || top < area.top - BESIDE || spot[2] > area.right + BESIDE || spot[3] > area.bottom) continue;
      const covered = taken.reduce((sum, other) => sum + common(spot, other), 0);
      if (covered && !(must && covered < least)) continue;
      const leader = reach ? between([x, y], [ax, ay], edge) : [];
      if (leader.some(([lx, ly]) => others.some((dot) => meets(dot, [lx, ly, lx, ly], 1)))) continue;
      best = { box: spot, leader };
      if (!covered) return best;
      least = covered;
    }
  }
  return best;
}

function between([x, y], [toX, toY], edge) { // places on the way, from the dot's edge on
  const far = Math.hypot(toX - x, toY - y), steps = Math.max(1, Math.ceil((far - edge) / STEP));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const share = (edge + ((far - edge) * i) / steps) / far;
    return [x + (toX - x) * share, y + (toY - y) * share];
  });
}

function drawn(places, plot) {
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const { left, top } = plot.querySelector(".main-svg").getBoundingClientRect();
  line.setAttribute("class", "srcsel-leader");
  line.setAttribute("d", `M${[places[0], places.at(-1)].map(([x, y]) => `${x - left} ${y - top}`).join("L")}`);
  return line;
}

function linesOf(plot) { // small boxes along every line
  return [...plot.querySelectorAll(".scatterlayer .js-line, .shapelayer path")].flatMap((line) => {
    const onto = line.getScreenCTM(), length = line.getTotalLength();
    return Array.from({ length: Math.ceil(length / STEP) }, (_, i) => {
      const { x, y } = line.getPointAtLength(i * STEP).matrixTransform(onto);
      return [x - 1, y - 1, x + 1, y + 1];
    });
  });
}

const boxesOf = (plot, selector) => [...plot.querySelectorAll(selector)].map(boxOf);

function boxOf(element) {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return [left, top, right, bottom];
}

const meets = (a, b, gap) => a[0] < b[2] + gap && a[2] > b[0] - gap && a[1] < b[3] + gap && a[3] > b[1] - gap;

function common(a, b) { // square pixels in common, with a little air around a
  const across = Math.min(a[2], b[2]) - Math.max(a[0], b[0]) + 2 * AIR, down = Math.min(a[3], b[3]) - Math.max(a[1], b[1]) + 2 * AIR;
  return across > 0 && down > 0 ? across * down : 0;
}
