// A list below the query line of what completes its last word: fields, or values of a field. The arrow keys move in it,
// Enter and Tab take the chosen one, and Escape closes it. The line itself is Streamlit's, which applies it. Values of
// some fields are sent only when they are asked for.

import { element } from "./elements.js";

const MOST = 12;
// The word before the cursor: the sign, the field, and the value, in which quotes may be open.
const WORD = /(?:^|\s)(-?)(?:([^\s:"]+)(:))?("[^"]*|[^\s"]*)$/;
let completion;

export default function ({ data, parentElement, setTriggerValue }) {
  completion ??= new Completion();
  completion.ask = (field) => setTriggerValue("ask", field);
  completion.draw(data, parentElement);
}

class Completion {
  constructor() {
    this.list = element("ul");
    this.list.id = "query-completions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", "Completions of the query");
    this.list.addEventListener("pointerdown", (event) => this.press(event));
    // The line may be replaced whenever the page is drawn again, so the document listens for it.
    document.addEventListener("input", (event) => this.isLine(event.target) && this.open(event.target), true);
    document.addEventListener("focusin", (event) => this.isLine(event.target) && this.open(event.target), true);
    document.addEventListener("focusout", (event) => this.isLine(event.target) && this.close(), true);
    document.addEventListener("keydown", (event) => this.isLine(event.target) && this.key(event), true);
  }

  draw(data, parent) {
    this.data = data;
    const place = parent.querySelector(".query-completion") ?? element("div", "query-completion", parent);
    if (this.list.parentElement !== place) place.append(this.list);
    const line = document.querySelector(data.input);
    const { asked } = this;
    this.asked = "";
    if (line && line === document.activeElement && (asked || !this.list.hidden)) this.open(line);
    else this.close();
    if (line) this.describe(line);
  }

  isLine(target) {
    return target.matches?.(this.data.input);
  }

  open(line) {
    this.line = line;
    const before = line.value.slice(0, line.selectionStart);
    this.request(lastWord(before)?.field);
    const options = completions(before, this.data).slice(0, MOST);
    this.list.replaceChildren(
      ...options.map((text, number) => {
        const option = element("li");
        option.id = `query-completion-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.text = text;
        option.textContent = text;
        return option;
      }),
    );
    this.chosen = -1;
    this.list.hidden = !options.length;
    this.describe(line);
  }

  // Once for each drawing, which brings the values.
  request(field) {
    if (field === this.asked || !this.data.on_request.includes(field)) return;
    this.asked = field;
    this.ask(field);
  }

  close() {
    this.asked = "";
    this.list.hidden = true;
    this.chosen = -1;
    if (this.line) this.describe(this.line);
  }

  describe(line) {
    line.setAttribute("role", "combobox");
    line.setAttribute("aria-autocomplete", "list");
    line.setAttribute("aria-controls", this.list.id);
    line.setAttribute("aria-expanded", String(!this.list.hidden));
    [...this.list.children].forEach((option, number) =>
      option.setAttribute("aria-selected", String(number === this.chosen)),
    );
    const option = this.list.children[this.chosen];
    if (option) line.setAttribute("aria-activedescendant", option.id);
    else line.removeAttribute("aria-activedescendant");
  }

  key(event) {
    const number = this.list.children.length;
    if (this.list.hidden || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowDown") this.choose((this.chosen + 1) % number);
    else if (event.key === "ArrowUp") this.choose((Math.max(this.chosen, 0) - 1 + number) % number);
    else if (event.key === "Escape") this.close();
    else if (["Enter", "Tab"].includes(event.key) && this.chosen >= 0) this.take(this.list.children[this.chosen]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(number) {
    this.chosen = number;
    this.describe(this.line);
    this.list.children[number].scrollIntoView({ block: "nearest" });
  }

  press(event) {
    event.preventDefault(); // The line keeps the focus.
    const option = event.target.closest("li");
    if (option) this.take(option);
  }

  // Streamlit notices a value that is set as if it were typed.
  take(option) {
    const { line } = this;
    const after = line.value.slice(line.selectionStart);
    const before = line.value.slice(0, line.selectionStart);
    const typed = before.match(WORD)[4];
    const text = before.slice(0, before.length - typed.length) + option.dataset.text;
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(line, text + after);
    line.setSelectionRange(text.length, text.length);
    line.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function lastWord(before) {
  const word = before.match(WORD);
  return word && { sign: word[1], field: word[2] === "source_ip" ? "ip" : word[2], typed: word[4] };
}

// The texts that complete the word at the end of a line.
function completions(before, { fields, excluded, values }) {
  const word = lastWord(before);
  if (!word) return [];
  const { sign, field, typed } = word;
  const wanted = typed.replace(/^"/, "").toLowerCase();
  if (!field) {
    if (typed.startsWith('"')) return [];
    const offered = (sign ? excluded : fields).filter((field) => field.startsWith(wanted));
    return offered.map((field) => (field.endsWith(".") ? field : `${field}:`));
  }
  const offered = (values[field] ?? []).filter(
    (text) => text !== typed && text.toLowerCase().includes(wanted),
  );
  const begins = (text) => text.toLowerCase().replace(/^"/, "").startsWith(wanted);
  return [...offered.filter(begins), ...offered.filter((option) => !begins(option))];
}
