// Photos: chosen files are listed with a small picture and a button that takes one away again, and the pair
// before/after opens in a dialog that steps through both sides (arrows, Esc). Without it, links open the pictures.
const SHOWN = /^image\/(jpeg|png|webp|gif)$/;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function without(input, index) {
  const left = new DataTransfer();
  [...input.files].forEach((file, at) => at !== index && left.items.add(file));
  input.files = left.files;
  list(input);
}

function list(input) {
  const old = input.parentElement.querySelector("[data-file-list]");
  if (old) {
    old.querySelectorAll("img").forEach((img) => URL.revokeObjectURL(img.src));
    old.remove();
  }
  if (!input.files.length) return;
  const rows = element("ul", "file-list");
  rows.dataset.fileList = "";
  [...input.files].forEach((file, index) => {
    const row = element("li");
    if (SHOWN.test(file.type)) {
      const thumb = element("span", "thumb");
      const img = element("img");
      img.alt = "";
      img.src = URL.createObjectURL(file);
      thumb.append(img);
      row.append(thumb);
    }
    row.append(element("span", "file-name", file.name));
    row.append(element("span", "quiet", `${(file.size / 1048576).toFixed(1)} MB`));
    const remove = element("button", "btn is-text", document.body.dataset.wordRemove || "Remove");
    remove.type = "button";
    remove.setAttribute("aria-label", `${remove.textContent} ${file.name}`);
    remove.addEventListener("click", () => without(input, index));
    row.append(remove);
    rows.append(row);
  });
  input.after(rows);
}

document.addEventListener("change", (event) => {
  if (event.target.matches('input[type="file"]')) list(event.target);
});

// The viewer
function side(pair, name) {
  return [...pair.querySelectorAll(`a[data-photo="${name}"]`)];
}

function picture(link) {
  const figure = element("figure");
  const img = element("img");
  img.src = link.href;
  img.alt = link.querySelector("img")?.alt || "";
  figure.append(img, element("figcaption", "", link.dataset.caption || ""));
  return figure;
}

function button(words, press) {
  const made = element("button", "btn is-small", words);
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

function open(pair, from) {
  const sides = [side(pair, "before"), side(pair, "after")].filter((links) => links.length);
  const steps = Math.max(...sides.map((links) => links.length));
  const dialog = element("dialog", "viewer");
  const bar = element("div", "viewer-bar");
  const place = element("p");
  const photos = element("div", "viewer-photos");
  let now = Math.max(...sides.map((links) => links.indexOf(from)), 0);
  const show = () => {
    photos.replaceChildren(...sides.map((links) => picture(links[Math.min(now, links.length - 1)])));
    place.textContent = `${now + 1} / ${steps}`;
  };
  const step = (by) => {
    now = (now + by + steps) % steps;
    show();
  };
  place.setAttribute("aria-live", "polite");
  bar.append(place);
  if (steps > 1) {
    bar.append(button(pair.dataset.previous, () => step(-1)), button(pair.dataset.next, () => step(1)));
  }
  bar.append(button(pair.dataset.close, () => dialog.close()));
  dialog.setAttribute("aria-label", pair.dataset.title || "");
  dialog.append(bar, photos);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    from.focus();
  });
  document.body.append(dialog);
  show();
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-photo-pair] a[data-photo]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(link.closest("[data-photo-pair]"), link);
});
