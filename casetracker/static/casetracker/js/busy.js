// A pressed button says that it works (data-busy holds the verb's going form) and a second press does nothing.
// A form whose answer is a download carries data-stays: its button wakes up again after three seconds.
function work(form, button) {
  form.dataset.working = "yes";
  if (!button) return;
  button.style.minWidth = `${button.offsetWidth}px`;
  button.setAttribute("aria-busy", "true");
  const words = button.querySelector("[data-words]");
  if (words && button.dataset.busy) {
    button.dataset.rest = words.textContent;
    words.textContent = button.dataset.busy;
  }
}

function rest(form) {
  delete form.dataset.working;
  for (const button of form.querySelectorAll('button[aria-busy="true"]')) {
    button.removeAttribute("aria-busy");
    const words = button.querySelector("[data-words]");
    if (words && button.dataset.rest) words.textContent = button.dataset.rest;
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.working) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  if (event.defaultPrevented && !form.matches("[hx-post]")) return;
  // After this event: a disabled or renamed button would not be sent.
  setTimeout(() => work(form, event.submitter), 0);
  if ("stays" in form.dataset) setTimeout(() => rest(form), 3000);
}, true);

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.target.closest("form");
  if (form) rest(form);
});

// Coming back through the browser's history finds the page as it was left.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-working]").forEach(rest));

// What is not allowed stays in the order of focus, and does nothing.
document.addEventListener("click", (event) => {
  if (event.target.closest('.btn[aria-disabled="true"]')) event.preventDefault();
});
