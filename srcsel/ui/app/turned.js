// Draws the page again when it turns light or dark under an open window, by its menu or by the system: charts carry their
// colours with them, and dark letters would stay on a dark page. A change of the background is a transition of `i`.
// A dialog is closed by that, so one that is open is waited for.

// Text that is copied from a page loses the joiners that keep Streamlit from rewriting it (JOINER in parts/show.py): a
// command with one in it would not run.

const DIALOG = '[data-testid="stDialog"]', LOOK = 500; // milliseconds
const JOINER = "\u2060";

function copied(event) {
  const text = String(window.getSelection());
  if (event.defaultPrevented || !text.includes(JOINER)) return;
  event.clipboardData.setData("text/plain", text.replaceAll(JOINER, ""));
  event.preventDefault();
}

function kind(color) {
  const [red, green, blue] = color.match(/[\d.]+/g).map(Number);
  return red + green + blue < 3 * 128 ? "dark" : "light";
}

let told; // the background that was sent last: the script is asked once for each

export default function ({ data, parentElement, setStateValue }) {
  const probe = parentElement.querySelector("i");
  let waiting;
  const turned = () => {
    clearTimeout(waiting);
    if (document.querySelector(DIALOG)) waiting = setTimeout(turned, LOOK);
    else setStateValue("background", (told = getComputedStyle(probe).backgroundColor));
  };
  waiting = setTimeout(() => {
    const now = getComputedStyle(probe).backgroundColor;
    if (now !== told && kind(now) !== data.drawn) turned(); // it turned while this was being drawn
  }, LOOK);
  probe.ontransitionend = turned; // in place of the last drawing's
  document.addEventListener("copy", copied); // once, however often it is drawn
  return () => {
    clearTimeout(waiting);
    probe.ontransitionend = null;
    document.removeEventListener("copy", copied);
  };
}
