// A small table. A click on a link sends the parameters in its URL.

import { element, link } from "./elements.js";

export default function ({ data, parentElement, setTriggerValue }) {
  const shape = JSON.stringify(data);
  if (parentElement.shape === shape) return;
  parentElement.shape = shape;
  parentElement.querySelector(".table")?.remove();
  const root = element("div", "table", parentElement);
  root.setAttribute("role", "region");
  root.setAttribute("aria-label", data.label);
  // A table that scrolls can be scrolled with the keyboard, too.
  root.tabIndex = 0;
  root.style.setProperty("--rows", data.most_rows + 1);
  const table = element("table", "", root);
  const head = element("tr", "", element("thead", "", table));
  for (const { label, is_number } of data.columns) {
    const cell = element("th", is_number ? "number" : "", head);
    cell.scope = "col";
    cell.textContent = label;
  }
  const body = element("tbody", "", table);
  const go = (query) => setTriggerValue("go", query);
  data.rows.forEach((texts, row) => {
    const line = element("tr", "", body);
    texts.forEach((text, column) => drawCell(line, text, data.columns[column], data.links[column][row], go));
  });
}

function drawCell(line, text, { is_number, is_warning }, href, go) {
  const cell = element("td", is_number ? "number" : "", line);
  cell.title = text;
  if (href) link(text, href, go, cell);
  else if (is_warning && text) element("span", "warning", cell).textContent = text;
  else cell.textContent = text;
}
