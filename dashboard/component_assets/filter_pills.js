// The parts of a filter, each with a button that removes it; a click sends the number of the part.

export default function ({ data, parentElement, setTriggerValue }) {
  let list = parentElement.querySelector("ul");
  if (!list) {
    list = document.createElement("ul");
    list.setAttribute("aria-label", "Active filters");
    parentElement.append(list);
  }
  list.textContent = data.labels.length ? "" : "No filters";
  list.append(...data.labels.map((label, number) => pill(label, () => setTriggerValue("remove", number))));
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
