// Closes toasts: by their cross, and by themselves where data-seconds says so (an undo). A toast that has the
// focus or the pointer stays.
function close(toast) {
  toast.remove();
}

function start(toast) {
  const seconds = Number(toast.dataset.seconds);
  if (!seconds || toast.dataset.started) return;
  toast.dataset.started = "yes";
  setTimeout(function end() {
    if (toast.matches(":hover, :focus-within")) setTimeout(end, 1000);
    else close(toast);
  }, seconds * 1000);
}

document.addEventListener("click", (event) => {
  const cross = event.target.closest("[data-toast-close]");
  if (cross) close(cross.closest(".toast"));
});

const shelf = document.querySelector("[data-toasts]");
if (shelf) {
  shelf.querySelectorAll(".toast").forEach(start);
  new MutationObserver(() => shelf.querySelectorAll(".toast").forEach(start)).observe(shelf, { childList: true });
}
