// Small help with the document. What comes from outside becomes text, never markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children (elements, or text). */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Set text only where it is another: most of it stays the same from one drawing to the next. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function show(node, isShown) {
  if (node.hidden === isShown) node.hidden = !isShown;
}
