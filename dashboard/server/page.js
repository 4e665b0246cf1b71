// The key `/` goes to the text search beside the pages, and opens the bar it is in.
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable=true], [role=dialog]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing) return;
  const search = () => document.querySelector(".st-key-q input");
  document.querySelector("[data-testid=stExpandSidebarButton]")?.click();
  if (!search()) return;
  event.preventDefault();
  // The bar slides in: what is still outside the window cannot be seen to have the focus.
  requestAnimationFrame(() => search()?.focus());
});
