// The fields and the metadata of one event, a line each, with buttons that filter by its value or show it as a column.
// A click sends what is asked for and the number of the line.

import { drawText, element, link } from "./elements.js";

const ACTIONS = {
  only: ["=", "Filter by"],
  not: ["≠", "Exclude"],
  column: ["+", "Add as column:"],
};

export default function ({ data, parentElement, setTriggerValue }) {
  const shape = JSON.stringify(data);
  if (parentElement.shape === shape) return;
  parentElement.shape = shape;
  let root = parentElement.querySelector(".tree");
  if (!root) root = element("div", "tree", parentElement);
  const act = (action, number) => setTriggerValue("act", [action, number]);
  const go = (query) => setTriggerValue("go", query);
  root.replaceChildren();
  drawLines(root, data.fields, data.find, act, go);
  if (data.changes.length) drawChanges(root, data.changes);
  if (data.metadata.length) {
    title(root, "Metadata");
    drawLines(root, data.metadata, data.find, act, go);
  }
  if (data.more) element("p", "more", root).textContent = data.more;
  if (data.source) drawSource(root, data.source);
  const link = element("button", "copy", root);
  link.type = "button";
  link.textContent = "Copy link";
  link.addEventListener("click", () => copy(link, address(data.tz)));
}

function drawLines(root, lines, find, act, go) {
  const list = element("dl", "", root);
  for (const line of lines) {
    const row = element("div", "line", list);
    row.dataset.field = line.name;
    row.style.setProperty("--depth", line.depth);
    element("dt", "", row).textContent = line.label;
    const value = element("dd", "", row);
    drawText(line.href ? link("", line.href, go, value) : value, line.value, find);
    const actions = element("dd", "actions", row);
    for (const action of line.actions) {
      const [sign, words] = ACTIONS[action];
      button(actions, sign, `${words} ${line.label} ${line.value}`.slice(0, 120), () => act(action, line.number));
    }
    if (line.copy) {
      const copied = button(actions, "Copy", `Copy ${line.label}`, () => copy(copied, line.value));
    }
  }
}

function drawChanges(root, changes) {
  title(root, "Changes");
  const table = element("table", "", root);
  const head = element("tr", "", element("thead", "", table));
  element("td", "", head);
  for (const label of ["Before", "After"]) {
    const cell = element("th", "", head);
    cell.scope = "col";
    cell.textContent = label;
  }
  const body = element("tbody", "", table);
  for (const { label, before, after } of changes) {
    const row = element("tr", "", body);
    const name = element("th", "", row);
    name.scope = "row";
    name.textContent = label;
    element("del", "", element("td", "", row)).textContent = before;
    element("ins", "", element("td", "", row)).textContent = after;
  }
}

function drawSource(root, source) {
  const box = element("details", "", root);
  element("summary", "", box).textContent = "As text";
  element("pre", "", box).textContent = source;
}

function title(root, text) {
  element("h3", "", root).textContent = text;
}

function button(parent, sign, words, press) {
  const made = element("button", "", parent);
  made.type = "button";
  made.textContent = sign;
  made.title = words;
  made.setAttribute("aria-label", words);
  made.addEventListener("click", press);
  return made;
}

async function copy(from, text) {
  await navigator.clipboard.writeText(text);
  from.classList.add("copied");
  setTimeout(() => from.classList.remove("copied"), 1500);
}

// The page's address with its time zone, so that the link shows the same everywhere.
function address(tz) {
  const link = new URL(location.href);
  if (!link.searchParams.has("tz")) link.searchParams.set("tz", tz);
  return link.href;
}
