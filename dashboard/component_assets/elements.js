// Elements and texts that several components draw.

// The text, with the parts that were searched for marked.
export function drawText(cell, text, find) {
  const needle = lower(find ?? "");
  const searched = needle.length ? lower(text) : [];
  const letters = [...text];
  let from = 0;
  for (let at = 0; needle.length && at + needle.length <= searched.length; at++) {
    if (!needle.every((letter, offset) => searched[at + offset] === letter)) continue;
    cell.append(letters.slice(from, at).join(""));
    from = at + needle.length;
    element("mark", "", cell).textContent = letters.slice(at, from).join("");
    at = from - 1;
  }
  cell.append(letters.slice(from).join(""));
}

// Each letter alone in lower case, as the store compares them.
function lower(text) {
  return [...text].map((letter) => [...letter.toLowerCase()][0]);
}

export function element(tag, name, parent) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  parent?.append(made);
  return made;
}

// A link to a page of the dashboard. A plain click is sent instead of followed, so that the page is not loaded again.
export function link(text, href, send, parent) {
  const made = element("a", "", parent);
  made.href = href;
  made.textContent = text;
  made.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    send(made.search);
  });
  return made;
}
