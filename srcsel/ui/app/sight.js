// Scrolls a part of the page in sight: once for each stamp, when the page has stopped moving, and not where the person
// has begun to scroll. What stands in the upper half already stays where it is, unless it lies below what floats there,
// which its `scroll-margin-top` tells.

const LOOK = 200, LONGEST = 10_000; // milliseconds
const HANDS = ["wheel", "touchmove", "keydown"];
const done = new Set();

export default function ({ data }) {
  const mark = `${data.target} ${data.stamp}`;
  if (done.has(mark)) return;
  const until = Date.now() + LONGEST;
  let last;
  const stop = () => {
    clearInterval(looking);
    for (const hand of HANDS) window.removeEventListener(hand, enough);
  };
  const enough = () => {
    done.add(mark);
    stop();
  };
  const looking = setInterval(() => {
    const target = document.querySelector(`.st-key-${data.target}`);
    const top = target?.getBoundingClientRect().top;
    if (top !== undefined && top === last) {
      enough();
      const floor = parseFloat(getComputedStyle(target).scrollMarginTop);
      if (top < floor || top > window.innerHeight / 2) target.scrollIntoView({ block: "start" });
    } else if (Date.now() > until) enough();
    last = top;
  }, LOOK);
  for (const hand of HANDS) window.addEventListener(hand, enough, { passive: true });
  return stop;
}
