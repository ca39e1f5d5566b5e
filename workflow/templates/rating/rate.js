"use strict";
// Keys: 1 to 5 rate, arrows and Space mark, Enter sends. Without this script forms work as they are.

const form = document.querySelector("form[data-keys]");

function moved(event, boxes) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !boxes.length) return false;
  const at = boxes.indexOf(document.activeElement);
  boxes[at < 0 ? 0 : Math.min(Math.max(at + step, 0), boxes.length - 1)].focus();
  return true;
}

function keys(event) {
  const writing = event.target.matches("textarea, input[type=text]");
  if (event.altKey || event.metaKey || (event.ctrlKey && event.key !== "Enter")) return;
  if (event.key === "Enter") {
    // A focused button or link does what it says; in a text Enter begins a line.
    if (event.target.matches("button, a") || (writing && !event.ctrlKey)) return;
    form.requestSubmit();
  } else if (writing) {
    return;
  } else if (form.dataset.keys === "rate" && /^[1-5]$/.test(event.key)) {
    const point = form.querySelector(`input[name=rating][value="${event.key}"]`);
    point.checked = true;
    point.focus({ preventScroll: true });
  } else if (form.dataset.keys !== "mark" || !moved(event, boxes)) {
    return;
  }
  event.preventDefault();
}

const boxes = form ? [...form.querySelectorAll(".marking input")] : [];
const count = form?.querySelector("[data-count]");

function counted() {
  const marked = boxes.filter((box) => box.checked).length;
  if (count) count.textContent = `(${marked} marked)`;
}

if (form) {
  document.addEventListener("keydown", keys);
  form.addEventListener("change", counted);
  counted();
}
