// The key `/` focuses the text search, and opens the sidebar that contains it.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable=true], [role=dialog]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing) return;
  const search = () => document.querySelector(".st-key-q input");
  document.querySelector("[data-testid=stExpandSidebarButton]")?.click();
  if (!search()) return;
  event.preventDefault();
  // The sidebar slides in; the focus is visible only once the search is inside the window.
  requestAnimationFrame(() => search()?.focus());
});
