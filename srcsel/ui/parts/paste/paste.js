// A picture that is pasted anywhere on the page goes where one could be dropped: into the box's own file input.

const LOOK = 100, LOOKS = 50; // milliseconds between two looks for the box that comes back, and how many

export default function (component) {
  const { data, parentElement } = component;
  const input = () => document.querySelector(`.st-key-${data.box} input[type=file]`);
  const put = (file) => {
    const hand = new DataTransfer();
    hand.items.add(file);
    input().files = hand.files;
    input().dispatchEvent(new Event("change", { bubbles: true }));
  };
  let waiting = 0;
  const back = (file, left) => { // from the camera to the box
    clearTimeout(waiting);
    if (input()) put(file);
    else if (left) waiting = setTimeout(() => back(file, left - 1), LOOK);
  };
  const pasted = (event) => {
    const typing = event.composedPath().some((one) => one.matches?.("input:not([type=file]), textarea, [contenteditable=true]"));
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    const camera = document.querySelector(`.st-key-${data.camera} input`);
    if (!file || typing || !(input() || camera?.checked)) return;
    event.preventDefault();
    if (!input()) camera.click();
    back(file, LOOKS);
  };
  // What is offered where one browses: a phone then turns its HEIC photos into JPEG. What is dropped is not held to it.
  const offered = () => input()?.setAttribute("accept", "image/*");
  document.addEventListener("paste", pasted);
  document.addEventListener("click", offered, true);
  (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]")?.style.setProperty("display", "none");
  return () => {
    clearTimeout(waiting);
    document.removeEventListener("paste", pasted);
    document.removeEventListener("click", offered, true);
  };
}
