"use strict";
// The map, any two measures, and the filters and the order of the table of heads.

{% include "load.js" %}

{% include "map.js" %}

{% include "scatter.js" %}

{% include "rank.js" %}

{% include "address.js" %}

const body = document.querySelector("#table tbody");
const rows = [...body.rows].map((row, number) => ({ row, number }));
const search = document.getElementById("search");
const filters = [...document.querySelectorAll("select[data-filter]")];
const headings = [...document.querySelectorAll("#table thead th")];
const shown = document.getElementById("shown");
const BY_HEAD = { column: 0, descending: false };
let index = null;
let missing = false; // the index, where the page was taken away without it
let sorting = BY_HEAD; // null: the best match first

// A head may have several flags, each on a line of its own; no name of a family has a line break.
function valuesOf(row, filter) {
  return row.dataset[filter.dataset.filter].split("\n");
}

function show() {
  const words = search.value.trim();
  if (words && !index && !missing) load("search.js", "headAtlasIndex", (loaded) => { index = loaded; show(); }, () => { missing = true; show(); });
  const scores = words && index ? ranked(index, words) : null;
  for (const { row, number } of rows) {
    row.hidden = (scores && !scores.has(number))
      || filters.some((f) => f.value && !valuesOf(row, f).includes(f.value));
  }
  const visible = rows.filter(({ row }) => !row.hidden).length;
  const order = words && missing ? ": search.js is not beside this page" : scores && !sorting ? ", the best match first" : "";
  shown.textContent = `${visible} of ${rows.length} heads${order}`;
  rows.sort(sorting ? byColumn(sorting) : (a, b) => (scores?.get(b.number) ?? 0) - (scores?.get(a.number) ?? 0) || a.number - b.number);
  body.append(...rows.map(({ row }) => row));
  headings.forEach((heading, column) => {
    heading.removeAttribute("aria-sort");
    if (sorting?.column === column) heading.setAttribute("aria-sort", sorting.descending ? "descending" : "ascending");
  });
}

function byColumn({ column, descending }) {
  const text = (row) => row.cells[column].textContent.trim();
  const number = (row) => row.cells[column].dataset.value;
  const sign = descending ? -1 : 1;
  if (!rows.some(({ row }) => number(row) !== undefined)) {
    return ({ row: a }, { row: b }) => sign * text(a).localeCompare(text(b));
  }
  return ({ row: a }, { row: b }) => {
    if (number(a) === undefined || number(b) === undefined) return (number(a) === undefined) - (number(b) === undefined);
    return sign * (number(a) - number(b));
  };
}

// The selects of the pictures, by the name that their choice has in the address.
const drawn = Object.entries({ colour: colouring, x: axes[0], y: axes[1] }).filter(([, select]) => select);
const first = (select) => [...select.options].find((option) => option.defaultSelected);

function remember() {
  const state = new URLSearchParams();
  if (search.value.trim()) state.set("q", search.value.trim());
  for (const f of filters) if (f.value) state.set(f.dataset.filter, f.value);
  if (sorting && sorting !== BY_HEAD) state.set("sort", `${sorting.descending ? "-" : ""}${sorting.column}`);
  for (const [key, select] of drawn) if (select.selectedOptions[0] !== first(select)) state.set(key, select.selectedOptions[0].text);
  if (String(state) || location.hash.includes("=")) history.replaceState(null, "", `#${state}`);
}

function recall() {
  if (!location.hash.includes("=")) return;
  const state = new URLSearchParams(location.hash.slice(1));
  search.value = state.get("q") ?? "";
  for (const f of filters) f.value = state.get(f.dataset.filter) ?? "";
  const [, minus, column] = state.get("sort")?.match(/^(-?)(\d+)$/) ?? [];
  sorting = column < headings.length ? { column: Number(column), descending: Boolean(minus) } : search.value ? null : BY_HEAD;
  for (const [key, select] of drawn) {
    (([...select.options].find((option) => option.text === state.get(key))) ?? first(select)).selected = true;
    select.dispatchEvent(new Event("recall"));
  }
  show();
  if (state.has("q") || state.has("sort") || filters.some((f) => f.value)) document.getElementById("heads").scrollIntoView();
}

function changed() {
  show();
  soon(remember);
}

for (const select of filters) {
  const values = new Set(rows.flatMap(({ row }) => valuesOf(row, select)));
  for (const value of [...values].filter(Boolean).sort()) select.add(new Option(value, value));
  select.addEventListener("change", changed);
}
search.addEventListener("input", () => {
  sorting = search.value.trim() ? null : BY_HEAD;
  changed();
});
headings.forEach((heading, column) => {
  heading.querySelector("button").addEventListener("click", () => {
    const same = sorting?.column === column;
    sorting = { column, descending: same ? !sorting.descending : heading.classList.contains("number") };
    changed();
  });
});

// A family's name leads to the table and shows that family alone.
for (const link of document.querySelectorAll("a[data-filter]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    search.value = "";
    sorting = BY_HEAD;
    for (const select of filters) select.value = select.dataset.filter === link.dataset.filter ? link.dataset.value : "";
    changed();
    document.getElementById("heads").scrollIntoView();
  });
}

for (const event of ["change", "recall"]) {
  colouring.addEventListener(event, () => withMaps(colour));
  for (const select of axes) select?.addEventListener(event, () => withMaps(plot));
}
for (const [, select] of drawn) select.addEventListener("change", changed);

// A slash leads to the search.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.target.matches("input, select")) return;
  event.preventDefault();
  search.focus();
});

addEventListener("hashchange", recall);
show();
recall();
