// The list of events: a table in which a click on a row, or the Enter key, opens its event.
//
// While events are added on top, the rows in view, the selection and the focus stay.

import { drawText, element } from "./elements.js";

const lists = new WeakMap();

export default function ({ data, parentElement, setTriggerValue }) {
  const list = lists.get(parentElement) ?? new EventList(parentElement);
  lists.set(parentElement, list);
  list.open = (id) => setTriggerValue("open", id);
  list.draw(data);
}

class EventList {
  constructor(parent) {
    this.scroller = element("div", "event-list", parent);
    this.table = element("table", "", this.scroller);
    this.table.setAttribute("role", "grid");
    this.widths = element("colgroup", "", this.table);
    this.head = element("tr", "", element("thead", "", this.table));
    this.body = element("tbody", "", this.table);
    this.rows = new Map();
    this.expanded = new Set();
    this.scroller.addEventListener("click", (event) => this.click(event));
    this.scroller.addEventListener("keydown", (event) => this.key(event));
  }

  draw(data) {
    const isNew = data.selected !== this.selected;
    this.selected = data.selected;
    this.table.setAttribute("aria-label", data.label);
    this.scroller.style.setProperty("--row-height", `${data.row_height}px`);
    this.scroller.style.setProperty("--rows", data.room_for + 1);
    const anchor = this.anchor();
    this.drawHead(data.columns);
    this.drawRows(data);
    const isOther = data.page !== this.page;
    if (isOther) this.toTop();
    else this.keep(anchor);
    this.page = data.page;
    const row = this.rows.get(data.selected);
    // Only once, so that a viewer can scroll away from the event while the page is drawn again.
    if (row && (isNew || isOther)) row.scrollIntoView({ block: "nearest" });
  }

  // Another page of the list begins at its top, which is also where a viewer looks who came from an event's details.
  toTop() {
    this.scroller.scrollTop = 0;
    if (this.page !== undefined) this.scroller.getRootNode().host?.closest("[data-testid=stMain]")?.scrollTo(0, 0);
  }

  // The first row in view and its place, so that it stays there when events are added above it.
  anchor() {
    const { scrollTop } = this.scroller;
    const row = scrollTop ? [...this.body.children].find((row) => !row.hidden && row.offsetTop >= scrollTop) : null;
    return row && { id: row.dataset.id, top: row.offsetTop };
  }

  keep(anchor) {
    const row = anchor && this.rows.get(anchor.id);
    if (row && !row.hidden) this.scroller.scrollTop += row.offsetTop - anchor.top;
  }

  drawHead(columns) {
    const shape = JSON.stringify(columns);
    if (shape === this.shape) return;
    this.shape = shape;
    this.columns = columns;
    this.widths.replaceChildren(
      ...columns.map(({ name, width }) => {
        const column = element("col", name);
        if (width) column.style.width = `${width}px`;
        return column;
      }),
    );
    this.head.replaceChildren(
      ...columns.map(({ name, label, help }) => {
        const cell = element("th", name);
        cell.scope = "col";
        cell.textContent = label;
        if (help) cell.title = help;
        return cell;
      }),
    );
  }

  drawRows({ rows, find }) {
    const text = JSON.stringify([rows, find, this.shape]);
    if (text !== this.text) {
      const focused = this.scroller.getRootNode().activeElement?.dataset.id;
      this.rows = new Map(rows.map((data) => [data.id, this.row(data, find)]));
      this.body.replaceChildren(...this.rows.values());
      this.text = text;
      this.mark();
      this.rows.get(focused)?.focus({ preventScroll: true });
    } else this.mark();
  }

  // Which rows are folded into another one, which is selected, and which one the Tab key reaches.
  mark() {
    const open = this.rows.get(this.selected);
    for (const [id, row] of this.rows) {
      const { lead } = row.dataset;
      row.hidden = lead !== id && !this.expanded.has(lead) && open?.dataset.lead !== lead;
      row.setAttribute("aria-selected", String(row === open));
      row.tabIndex = -1;
      const button = row.querySelector("button");
      if (button) button.setAttribute("aria-expanded", String(this.expanded.has(id) || open?.dataset.lead === id));
    }
    const reached = open ?? this.body.firstElementChild;
    if (reached) reached.tabIndex = 0;
  }

  row(data, find) {
    const row = element("tr", data.alarm ? "alarmed" : "");
    row.dataset.id = data.id;
    row.dataset.lead = data.lead;
    row.classList.toggle("member", data.lead !== data.id);
    const activity = this.columns.findIndex(({ name }) => name === "activity");
    const opening = activity < 0 ? this.columns.length - 1 : activity;
    this.columns.forEach(({ name }, place) => {
      const cell = element("td", name, row);
      if (name === "alarm") drawAlarm(cell, data.alarm);
      else if (name === "outcome") drawOutcome(cell, data.cells[place]);
      else if (name === "time") drawTime(cell, data.cells[place]);
      else drawDescribed(cell, data.cells[place], find);
      if (place === opening && data.folded) drawFolded(cell, ...data.folded);
    });
    return row;
  }

  click(event) {
    const row = event.target.closest("tbody tr");
    if (!row) return;
    if (event.target.closest("button")) return this.expand(row.dataset.id);
    if (!getSelection().toString()) this.open(row.dataset.id);
  }

  expand(id) {
    if (!this.expanded.delete(id)) this.expanded.add(id);
    this.mark();
  }

  key(event) {
    const row = event.target.closest("tbody tr");
    if (!row || event.target.closest("button") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") this.open(row.dataset.id);
    else if (event.key === "ArrowDown") beside(row, "nextElementSibling")?.focus();
    else if (event.key === "ArrowUp") beside(row, "previousElementSibling")?.focus();
    else return;
    event.preventDefault();
  }
}

function beside(row, direction) {
  let other = row[direction];
  while (other?.hidden) other = other[direction];
  return other;
}

function drawAlarm(cell, word) {
  if (!word) return;
  const sign = element("span", "sign", cell);
  sign.textContent = "▲";
  sign.title = word;
  sign.setAttribute("role", "img");
  sign.setAttribute("aria-label", word);
  sign.dataset.state = word;
}

function drawOutcome(cell, outcome) {
  if (!outcome) return;
  const badge = element("span", "badge", cell);
  badge.textContent = outcome;
  badge.dataset.outcome = outcome;
}

// The parts of a second in an element of their own, which a narrow screen leaves out.
function drawTime(cell, text) {
  const point = text.indexOf(".");
  cell.append(point < 0 ? text : text.slice(0, point));
  if (point >= 0) element("span", "fraction", cell).textContent = text.slice(point);
}

function drawFolded(cell, label, sentence) {
  const button = element("button", "folded");
  button.type = "button";
  button.textContent = label;
  button.title = sentence;
  cell.prepend(button);
}

function drawDescribed(cell, text, find) {
  cell.title = text;
  drawText(cell, text, find);
}
