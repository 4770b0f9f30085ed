"use strict";
const map = document.getElementById("map"), tip = document.getElementById("tip"), store = document.getElementById("tips");
if (map && tip && store) {
  const tips = JSON.parse(store.textContent);
  const dots = [...map.querySelectorAll("use[data-i]")];
  let at = -1;
  function show(dot) {
    at = dots.indexOf(dot);
    dots.forEach((one) => one.classList.toggle("on", one === dot));
    const [name, file, source] = tips[+dot.dataset.i];
    const image = tip.querySelector("img");
    image.hidden = !source;
    if (source) image.src = source;
    image.alt = name;
    tip.querySelector("b").textContent = name;
    tip.querySelector("span").textContent = file;
    tip.hidden = false;
    const place = dot.getBoundingClientRect(), own = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, place.left + place.width / 2 - own.width / 2), innerWidth - own.width - 8);
    const above = place.top - own.height - 10;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : place.bottom + 10}px`;
  }
  function hide() {
    tip.hidden = true;
    dots.forEach((one) => one.classList.remove("on"));
  }
  const near = (event) => {
    let best = null, least = 18;
    for (const dot of dots) {
      const box = dot.getBoundingClientRect();
      const away = Math.hypot(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
      if (away < least) [best, least] = [dot, away];
    }
    return best;
  };
  const point = (event) => { const dot = near(event); dot ? show(dot) : hide(); };
  map.addEventListener("pointermove", point);
  map.addEventListener("pointerdown", point);
  map.addEventListener("pointerleave", hide);
  map.addEventListener("blur", hide);
  map.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step) return;
    event.preventDefault();
    show(dots[(at + step + dots.length) % dots.length]);
  });
}
