// A small chart of events over time: bars of events and of failed ones. Dragging across bars, or a click on one, sends
// the numbers of the first and the last of them.

import { element } from "./elements.js";

const charts = new WeakMap();
const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 100;
const GAP = 0.12;

export default function ({ data, parentElement, setTriggerValue }) {
  const chart = charts.get(parentElement) ?? new Histogram(parentElement);
  charts.set(parentElement, chart);
  chart.zoom = (first, last) => setTriggerValue("zoom", [first, last]);
  chart.draw(data);
}

class Histogram {
  constructor(parent) {
    this.root = element("div", "histogram", parent);
    this.readout = element("div", "readout", this.root);
    this.plot = document.createElementNS(SVG, "svg");
    this.plot.setAttribute("preserveAspectRatio", "none");
    this.plot.setAttribute("role", "img");
    this.root.append(this.plot);
    this.events = this.shape("path", "events");
    this.failures = this.shape("path", "failures");
    this.brush = this.shape("rect", "brush");
    this.axis = element("div", "axis", this.root);
    this.plot.addEventListener("pointerdown", (event) => this.begin(event));
    this.plot.addEventListener("pointermove", (event) => this.move(event));
    this.plot.addEventListener("pointerup", () => this.end());
    this.plot.addEventListener("pointercancel", () => this.select(null));
    this.plot.addEventListener("pointerleave", () => this.read(null));
  }

  shape(tag, name) {
    const shape = document.createElementNS(SVG, tag);
    shape.setAttribute("class", name);
    this.plot.append(shape);
    return shape;
  }

  draw(data) {
    const { events, failures } = data;
    this.data = data;
    this.plot.setAttribute("viewBox", `0 0 ${events.length} ${HEIGHT}`);
    this.plot.setAttribute("aria-label", data.summary);
    const highest = Math.max(1, ...events);
    this.events.setAttribute("d", bars(events, highest));
    this.failures.setAttribute("d", bars(failures, highest));
    // The label of a bar near the end would be cut.
    const ticks = data.ticks.filter(([place]) => place <= 0.9 * events.length);
    this.axis.replaceChildren(
      ...ticks.map(([place, label]) => {
        const tick = element("span", "tick");
        tick.textContent = label;
        tick.style.left = `${(100 * place) / events.length}%`;
        return tick;
      }),
    );
    if (!this.selected) this.select(null);
    this.read(this.at ?? null);
  }

  number(event) {
    const box = this.plot.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    return Math.min(Math.max(Math.floor(share * this.data.events.length), 0), this.data.events.length - 1);
  }

  begin(event) {
    if (event.button !== 0) return;
    this.plot.setPointerCapture(event.pointerId);
    this.select([this.number(event), this.number(event)]);
  }

  move(event) {
    const number = this.number(event);
    if (this.selected) this.select([this.selected[0], number]);
    this.read(number);
  }

  end() {
    if (!this.selected) return;
    const [first, last] = [Math.min(...this.selected), Math.max(...this.selected)];
    this.select(null);
    this.zoom(first, last);
  }

  select(range) {
    this.selected = range;
    const [first, last] = range ? [Math.min(...range), Math.max(...range)] : [0, -1];
    for (const [name, value] of Object.entries({ x: first, y: 0, width: last - first + 1, height: HEIGHT }))
      this.brush.setAttribute(name, value);
  }

  read(number) {
    this.at = number;
    const { events, failures, labels } = this.data;
    const failed = failures[number] ? `, ${failures[number].toLocaleString("en")} failed` : "";
    this.readout.textContent =
      number === null || number >= events.length
        ? ""
        : `${labels[number]}: ${events[number].toLocaleString("en")} events${failed}`;
  }
}

function bars(counts, highest) {
  return counts
    .map((count, place) => {
      if (!count) return "";
      // One event among thousands is visible, too.
      const height = Math.max((HEIGHT * count) / highest, 2);
      return `M${place + GAP / 2} ${HEIGHT}v${-height}h${1 - GAP}v${height}z`;
    })
    .join("");
}
