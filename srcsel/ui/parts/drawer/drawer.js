// One picture large, beside the page: what Python knows of it comes a moment after the picture itself.
// Names come from people's folders: they only ever become textContent.

const ASK = 90; // milliseconds for which an arrow key is held before Python is asked about the picture
const OPENER = "a[data-picture]"; // a picture on the page, as show.figure writes it
const WORDS = ".srcsel-pics figcaption"; // and what stands below it, which opens it too

const drawers = new WeakMap();

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  let drawer = drawers.get(parentElement);
  if (!drawer) {
    drawer = create(parentElement);
    drawers.set(parentElement, drawer);
  }
  drawer.update(data, setStateValue, setTriggerValue);
  return () => {
    drawer.destroy();
    drawers.delete(parentElement);
  };
}

function create(root) {
  const find = (selector) => root.querySelector(selector), box = find(".drawer");
  let data = {}, emit = () => {}, trigger = () => {}, timer = 0, copied = 0, first = true;
  let at = null; // { set, row, rows, opener, label, file }: what is open

  // ---- opening and closing -----------------------------------------------------------------------------------
  function open(next) {
    const fresh = at === null;
    at = next;
    box.hidden = false;
    if (fresh) {
      box.classList.remove("opening");
      void box.offsetWidth; // so that it comes again
      box.classList.add("opening");
    }
    fill();
    box.focus({ preventScroll: true });
    tell();
    clearTimeout(timer);
    timer = setTimeout(() => { if (at) ask(at.row); }, fresh ? 0 : ASK);
  }

  function close() {
    if (at === null) return;
    const { opener } = at;
    at = null;
    box.hidden = true;
    clearTimeout(timer);
    tell();
    ask(null);
    opener?.isConnected && opener.focus({ preventScroll: true });
  }

  const ask = (row) => emit("asked", { row, at: Date.now() });

  const tell = () => document.dispatchEvent(new CustomEvent("srcsel-picture-shown", {
    detail: { set: at?.set ?? data.set, row: at ? at.row : null },
  }));

  // A neighbour that was pressed need not be among `rows`: from there it goes on where it was left.
  const placeOf = () => (at.rows.includes(at.row) ? at.rows.indexOf(at.row) : at.rows.indexOf(at.left));

  function step(by) {
    const place = placeOf() + by;
    if (place < 0 || place >= at.rows.length) return;
    const next = at.links?.[place];
    open({ ...at, row: at.rows[place], label: next?.dataset.label, file: next?.dataset.file, opener: next ?? at.opener });
  }

  function pressed(event) { // anywhere on the page
    const way = event.composedPath(), words = way.find((one) => one.matches?.(WORDS));
    const link = way.find((one) => one.matches?.(OPENER)) ?? words?.parentElement.querySelector(OPENER);
    if (!link || event.ctrlKey || event.metaKey) return;
    if (words && !window.getSelection().isCollapsed) return; // its words are being selected, to copy them
    event.preventDefault();
    const { set } = link.dataset;
    const links = [...document.querySelectorAll(OPENER)].filter((one) => one.dataset.set === set);
    const rows = links.map((one) => Number(one.dataset.picture));
    const once = rows.filter((row, i) => rows.indexOf(row) === i);
    open({
      set, row: Number(link.dataset.picture), rows: once, links: once.map((row) => links[rows.indexOf(row)]),
      opener: link, label: link.dataset.label, file: link.dataset.file,
    });
  }

  const fromMap = ({ detail }) => open({ ...detail, links: null });

  // ---- what it shows -----------------------------------------------------------------------------------------
  function fill() {
    const held = box.querySelector(":focus");
    fillIn();
    // what had the focus may be gone, as "Leave out" is once it was pressed: the keys still work here
    if (held && (!held.isConnected || held.hidden)) box.focus({ preventScroll: true });
  }

  function fillIn() {
    const { facts } = data, known = facts && facts.row === at.row && data.set === at.set ? facts : null;
    const label = known?.label ?? at.label ?? "", file = known?.file ?? at.file ?? "";
    const image = find(".large img"), source = `${data.thumbs}/${at.set}/${at.row}/320.jpg`;
    if (image.dataset.source !== source) {
      image.dataset.source = source;
      image.src = source;
      find(".body").scrollTop = 0;
    }
    image.alt = [label, file].filter(Boolean).join(": ");
    box.classList.toggle("left", data.side === "left");
    box.setAttribute("aria-label", `Picture ${image.alt}`);
    const place = placeOf();
    find(".place").textContent = at.rows.length > 1 ? `${(place + 1).toLocaleString("en")} of ${at.rows.length.toLocaleString("en")}${at.links ? " shown here" : ""}` : "";
    find("[name=before]").disabled = place <= 0;
    find("[name=after]").disabled = place < 0 || place + 1 >= at.rows.length;
    find("h2").textContent = label;
    find(".path code").textContent = known?.path ?? file;
    if (!copied) find("[name=copy]").textContent = known || file ? "Copy" : "";
    find("[name=copy]").setAttribute("aria-label", "Copy the file's path");
    find(".spoken").textContent = known ? [label, file, ...known.near.map((one) => one.told)].filter(Boolean).map((one) => one.replace(/\.?$/, ".")).join(" ") : "";
    const foreign = at.set !== data.set;
    fillCorrections(known);
    find(".wait").textContent = foreign ? "" : known ? known.wait : "Looking it up";
    find(".nears").replaceChildren(...(known?.near ?? []).map(nearest));
    const taken = known?.taken;
    find(".taken").hidden = !taken;
    if (!taken) return;
    find(".taken p").textContent = taken.told;
    find(".taken ul").replaceChildren(...taken.models.map(verdictOf));
  }

  // What is corrected about it: only pictures of this run that Python has told of can be.
  function fillCorrections(known) {
    const form = find(".correct");
    form.hidden = !data.classes || !known;
    if (form.hidden) return;
    find(".mark").textContent = known.mark ? known.mark[0].toUpperCase() + known.mark.slice(1) : "";
    find("[name=out]").textContent = "Leave out";
    find("[name=out]").hidden = known.out;
    find("[name=back]").hidden = !known.mark;
    const list = find("datalist");
    if (list.childElementCount !== data.classes.length || list.dataset.set !== data.set) {
      list.dataset.set = data.set;
      list.replaceChildren(...data.classes.map((name) => Object.assign(document.createElement("option"), { value: name })));
    }
    if (form.dataset.row !== String(at.row)) find("[name=label]").value = "";
    form.dataset.row = String(at.row);
  }

  const correct = (act, label = "") => { if (at) trigger("correct", { row: at.row, act, label, at: Date.now() }); };

  const make = (tag, text = "", kind = "") => {
    const made = document.createElement(tag);
    made.textContent = text;
    made.className = kind;
    return made;
  };

  function nearest({ title, told, pictures }) {
    const section = make("section"), six = make("div", "", "six");
    six.append(...pictures.map((one) => {
      const button = make("button", "", one.same ? "same" : "other"), image = make("img");
      button.type = "button";
      image.src = `${data.thumbs}/${at.set}/${one.row}/96.jpg`;
      image.alt = `${one.label}, ${one.same ? "the same class" : "another class"}: ${one.file}`;
      button.title = `${one.label}: ${one.file} (cosine ${one.likeness})`;
      button.append(image, make("span", one.same ? one.likeness : one.label));
      button.onclick = () => open({ ...at, left: at.rows[placeOf()], row: one.row, label: one.label, file: one.file });
      return button;
    }));
    const key = make("p", "Below each: how alike the two are for this model (1 = the same), or its class where it is another one.", "key");
    section.append(make("h3", `Nearest for ${title}`), make("p", told), six, key);
    return section;
  }

  function verdictOf({ title, guess, right }) {
    const line = make("li", "", right ? "right" : "");
    line.append(make("i", right ? "✓" : "✗"), make("b", title), make("span", guess));
    line.firstChild.setAttribute("aria-label", right ? "right" : "wrong");
    line.firstChild.setAttribute("role", "img");
    return line;
  }

  async function copy() {
    const code = find(".path code");
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch { // only pages of this computer or with https may write there: select it for Ctrl+C
      const range = document.createRange();
      range.selectNodeContents(code);
      const chosen = window.getSelection();
      chosen.removeAllRanges();
      chosen.addRange(range);
    }
    clearTimeout(copied);
    find("[name=copy]").textContent = "Copied";
    copied = setTimeout(() => { copied = 0; find("[name=copy]").textContent = "Copy"; }, 1500);
  }

  // ---- hands -------------------------------------------------------------------------------------------------
  find("[name=close]").onclick = close;
  find("[name=before]").onclick = () => step(-1);
  find("[name=after]").onclick = () => step(1);
  find("[name=copy]").onclick = find(".path code").onclick = copy;
  find("[name=out]").onclick = () => correct("out");
  find("[name=back]").onclick = () => correct("back");
  find(".correct").onsubmit = (event) => {
    event.preventDefault();
    const label = find("[name=label]").value.trim();
    if (label) correct("label", label);
  };
  box.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.name === "label" && event.key !== "Escape") return; // arrows choose a label there
    const act = {
      Escape: close, ArrowLeft: () => step(-1), ArrowUp: () => step(-1), ArrowRight: () => step(1), ArrowDown: () => step(1),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const escaped = (event) => { if (event.key === "Escape" && at && !event.defaultPrevented) close(); };
  document.addEventListener("click", pressed, true);
  document.addEventListener("keydown", escaped);
  document.addEventListener("srcsel-picture", fromMap);

  return {
    update(next, setStateValue, setTriggerValue) {
      const { facts } = next;
      data = next;
      emit = setStateValue;
      trigger = setTriggerValue;
      if (at === null && first && facts) { // a link names a picture
        at = { set: next.set, row: facts.row, rows: Array.from({ length: next.total }, (_, i) => i), opener: null };
        box.hidden = false;
      }
      first = false;
      if (at) {
        fill();
        tell();
      }
    },
    destroy() {
      clearTimeout(timer);
      clearTimeout(copied);
      document.removeEventListener("click", pressed, true);
      document.removeEventListener("keydown", escaped);
      document.removeEventListener("srcsel-picture", fromMap);
    },
  };
}
