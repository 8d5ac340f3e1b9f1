// Bulk selection. <form data-select> holds rows' boxes [data-select-row] (data-can="verb verb": what the row
// allows), a box [data-select-page] for all of this page and a [data-bulk-bar] with [data-selected-count],
// buttons [data-verb] (data-reason: why none of the selected allows it), [data-bulk-reason] and [data-select-none].
// [data-select-every] selects all rows of the filter, also those of other pages: it sets input[name=every] to 1.
function update(form) {
  const boxes = [...form.querySelectorAll("[data-select-row]")];
  const chosen = boxes.filter((box) => box.checked);
  const bar = form.querySelector("[data-bulk-bar]");
  const page = form.querySelector("[data-select-page]");
  const every = form.querySelector("[data-select-every-value]");
  const whole = every && every.value === "1";
  if (page) {
    page.checked = chosen.length > 0 && chosen.length === boxes.length;
    page.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  for (const place of bar.querySelectorAll("[data-selected-count]")) {
    place.textContent = whole ? bar.dataset.every : chosen.length;
  }
  const reasons = [];
  for (const button of bar.querySelectorAll("[data-verb]")) {
    const verb = button.dataset.verb;
    const rated = chosen.filter((box) => "can" in box.dataset);
    const none = !whole && rated.length > 0 && rated.every((box) => !box.dataset.can.split(" ").includes(verb));
    button.setAttribute("aria-disabled", none ? "true" : "false");
    if (none && button.dataset.reason) reasons.push(button.dataset.reason);
  }
  const line = bar.querySelector("[data-bulk-reason]");
  // Chinese sentences follow one another without a space.
  const gap = document.documentElement.lang.startsWith("zh") ? "" : " ";
  if (line) line.textContent = reasons.join(gap);
}

function refresh() {
  document.querySelectorAll("form[data-select]").forEach(update);
}

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-select]");
  if (!form) return;
  const every = form.querySelector("[data-select-every-value]");
  if (event.target.matches("[data-select-page]")) {
    for (const box of form.querySelectorAll("[data-select-row]")) box.checked = event.target.checked;
  } else if (!event.target.matches("[data-select-row]")) {
    return;
  }
  if (every) every.value = "";
  update(form);
});

document.addEventListener("click", (event) => {
  const press = event.target.closest("[data-select-none], [data-select-every]");
  const form = press && press.closest("form[data-select]");
  if (!form) return;
  event.preventDefault();
  const all = press.matches("[data-select-every]");
  for (const box of form.querySelectorAll("[data-select-row]")) box.checked = all;
  const every = form.querySelector("[data-select-every-value]");
  if (every) every.value = all ? "1" : "";
  update(form);
});

// A range: shift-click takes everything since the last box.
let last = null;
document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-select-row]");
  if (!box) return;
  const boxes = [...box.closest("form").querySelectorAll("[data-select-row]")];
  if (event.shiftKey && last && boxes.includes(last)) {
    const [from, to] = [boxes.indexOf(last), boxes.indexOf(box)].sort((a, b) => a - b);
    for (const one of boxes.slice(from, to + 1)) one.checked = box.checked;
  }
  last = box;
});

document.addEventListener("htmx:afterSettle", refresh);
window.addEventListener("pageshow", refresh);
refresh();
