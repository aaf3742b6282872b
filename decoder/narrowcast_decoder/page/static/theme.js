// Light or dark: the system's, until somebody chooses; and the colours as canvases want them.

const KEY = "narrowcast.theme";
const NAMES = [
  "curve", "band", "minor", "minor-fill", "cap", "mark", "grid", "line", "quiet", "text", "sheet",
  "ok", "no-face", "skipped", "lost", "late",
];

/** Colours by their names in theme.css; always those of now. */
export const colours = {};

const listeners = [];
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");

export function onTheme(listener) {
  listeners.push(listener);
}

export function installTheme(button) {
  systemIsDark.addEventListener("change", () => changed(button));
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // It holds until the page is loaded again.
    }
    changed(button);
  });
  changed(button);
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : systemIsDark.matches;
}

function changed(button) {
  button.textContent = isDark() ? "Light" : "Dark";
  button.setAttribute("aria-label", isDark() ? "Light theme" : "Dark theme");
  // A custom property is text; what it stands for is told by a property that is a colour.
  const probe = document.body.appendChild(document.createElement("i"));
  for (const name of NAMES) {
    probe.style.color = `var(--${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  for (const listener of listeners) listener();
}
