// The parts of a filter, each with a button that removes it; a click sends the number of the part. A click on the name of
// an agent, address or target sends the parameters of its page.

import { link } from "./elements.js";

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ul");
  if (!list) {
    list = document.createElement("ul");
    list.setAttribute("aria-label", "Active filters");
    parentElement.append(list);
  }
  const go = (query) => setTriggerValue("go", query);
  const pills = data.pills.map((data, number) => pill(data, go, () => setTriggerValue("remove", number)));
  list.replaceChildren(...(pills.length ? pills : [noFilters()]));
}

function noFilters() {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = "No filters";
  return item;
}

function pill({ label, href }, go, remove) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  if (href) link(label, href, go, text);
  else text.textContent = label;
  text.title = label;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.title = "Remove this filter";
  button.setAttribute("aria-label", `Remove ${label}`);
  button.addEventListener("click", remove);
  item.append(text, button);
  return item;
}
