"use strict";
// The map's colours, and the filters and the order of the table of heads.

const maps = JSON.parse(document.getElementById("data").textContent);
const squares = [...document.querySelectorAll(".map a")];
const legends = document.querySelectorAll("section > .legend");
const colouring = document.getElementById("colouring");

function colour() {
  const { colours, levels, texts } = maps[colouring.value];
  legends.forEach((legend, i) => { legend.hidden = i !== Number(colouring.value); });
  squares.forEach((square, i) => {
    const label = `${square.dataset.head}: ${texts[i]}`;
    square.setAttribute("aria-label", label);
    square.querySelector("title").textContent = label;
    const rect = square.querySelector("rect");
    rect.classList.toggle("none", levels[i] < 0);
    rect.style.fill = colours[levels[i]] ?? "";
  });
}
colouring.addEventListener("change", colour);
colour();

{% include "scatter.js" %}

const body = document.querySelector("#table tbody");
const rows = [...body.rows].map((row) => ({ row, words: row.textContent.toLowerCase() }));
const search = document.getElementById("search");
const filters = [...document.querySelectorAll("select[data-filter]")];

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { row, words: text } of rows) {
    const fits = words.every((word) => text.includes(word))
      && filters.every((f) => !f.value || row.dataset[f.dataset.filter] === f.value);
    row.hidden = !fits;
    shown += fits;
  }
  document.getElementById("shown").textContent = `${shown} of ${rows.length} heads`;
}

for (const select of filters) {
  const values = new Set(rows.map(({ row }) => row.dataset[select.dataset.filter]));
  for (const value of [...values].filter(Boolean).sort()) select.add(new Option(value, value));
  select.addEventListener("change", filter);
}
search.addEventListener("input", filter);
filter();

// A family's name leads to the table and shows that family alone.
for (const link of document.querySelectorAll("a[data-filter]")) {
  link.addEventListener("click", () => {
    search.value = "";
    for (const select of filters) select.value = select.dataset.filter === link.dataset.filter ? link.dataset.value : "";
    filter();
  });
}

function sort(column, descending) {
  const text = (row) => row.cells[column].textContent.trim();
  const number = (row) => row.cells[column].dataset.value;
  const numeric = rows.some(({ row }) => number(row) !== undefined);
  rows.sort(({ row: a }, { row: b }) => {
    if (!numeric) return (descending ? -1 : 1) * text(a).localeCompare(text(b));
    if (number(a) === undefined || number(b) === undefined) return (number(a) === undefined) - (number(b) === undefined);
    return (descending ? -1 : 1) * (number(a) - number(b));
  });
  body.append(...rows.map(({ row }) => row));
}

const headings = [...document.querySelectorAll("#table thead th")];
headings.forEach((heading, column) => {
  heading.querySelector("button").addEventListener("click", () => {
    const before = heading.getAttribute("aria-sort");
    const descending = before ? before === "ascending" : heading.classList.contains("number");
    for (const other of headings) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
    sort(column, descending);
  });
});
