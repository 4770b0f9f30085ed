// A picture that is pasted anywhere on the page goes where one could be dropped: into the box's own file input.

export default function (component) {
  const { data, parentElement } = component;
  const pasted = (event) => {
    const typing = event.composedPath().some((one) => one.matches?.("input:not([type=file]), textarea, [contenteditable=true]"));
    const file = [...(event.clipboardData?.files ?? [])].find((one) => one.type.startsWith("image/"));
    const input = document.querySelector(`.st-key-${data.box} input[type=file]`);
    if (!file || !input || typing) return;
    event.preventDefault();
    const hand = new DataTransfer();
    hand.items.add(file);
    input.files = hand.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };
  document.addEventListener("paste", pasted);
  (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]")?.style.setProperty("display", "none");
  return () => document.removeEventListener("paste", pasted);
}
