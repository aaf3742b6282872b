// Before anything is painted: the theme that was chosen here, if any (theme.js has the rest).
try {
  const chosen = localStorage.getItem("narrowcast.theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: then it is the system's theme.
}
