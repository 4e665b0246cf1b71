// The parts of a filter, each with a button that removes it; a click sends the number of the part.

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ul");
  if (!list) {
    list = document.createElement("ul");
    list.setAttribute("aria-label", "Active filters");
    parentElement.append(list);
  }
  const pills = data.labels.map((label, number) => pill(label, () => setTriggerValue("remove", number)));
  list.replaceChildren(...(pills.length ? pills : [noFilters()]));
}

function noFilters() {
  const item = document.createElement("li");
  item.className = "none";
  item.textContent = "No filters";
  return item;
}

function pill(label, remove) {
  const item = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = label;
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
