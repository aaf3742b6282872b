// How one moves through time: dragging, a sideways wheel, and keys.

const SMALL_STEP = 0.1; // of what is shown
const LARGE_STEP = 0.5;

/** Have `node` call pan(seconds), zoom(1 or -1), toStart(), toLive() and mark().
 *  secondsPerPx(): how far in time a drag by one px leads. */
export function installPanning(node, { pan, zoom, toStart, toLive, mark, spanS, secondsPerPx }) {
  let lastX = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    lastX = event.clientX;
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (lastX === null) return;
    pan((lastX - event.clientX) * secondsPerPx());
    lastX = event.clientX;
    node.classList.add("is-dragged");
  });
  for (const over of ["pointerup", "pointercancel"]) {
    node.addEventListener(over, () => {
      lastX = null;
      node.classList.remove("is-dragged");
    });
  }
  node.addEventListener("wheel", (event) => {
    const sideways = event.shiftKey ? event.deltaX || event.deltaY : event.deltaX;
    if (Math.abs(sideways) <= Math.abs(event.shiftKey ? 0 : event.deltaY)) return;
    event.preventDefault();
    pan(sideways * secondsPerPx());
  }, { passive: false });

  const step = (event) => spanS() * (event.shiftKey ? LARGE_STEP : SMALL_STEP);
  const keys = {
    ArrowLeft: (event) => pan(-step(event)),
    ArrowRight: (event) => pan(step(event)),
    Home: toStart,
    End: toLive,
    "+": () => zoom(-1),
    "=": () => zoom(-1),
    "-": () => zoom(1),
    l: toLive,
    m: mark,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !isHeard(node, event.target)) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act(event);
  });
}

/** Keys are for the panels, and for nobody else where nothing has the focus. */
function isHeard(node, target) {
  if (document.querySelector("dialog[open]")) return false;
  return node.contains(target) || (target === document.body && node.offsetParent !== null);
}
