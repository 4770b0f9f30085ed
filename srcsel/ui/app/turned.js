// Draws the page again when it turns light or dark under an open window, by its menu or by the system: charts carry their
// colours with them, and dark letters would stay on a dark page. A change of the background is a transition of `i`.

export default function (component) {
  const { parentElement, setStateValue } = component;
  const probe = parentElement.querySelector("i");
  const turned = () => setStateValue("background", getComputedStyle(probe).backgroundColor);
  probe.addEventListener("transitionend", turned);
  return () => probe.removeEventListener("transitionend", turned);
}
