"use strict";
// The search over the heads of all runs.

{% include "load.js" %}

{% include "rank.js" %}

{% include "address.js" %}

const MOST = 50;
const search = document.getElementById("search");
const shown = document.getElementById("shown");
const list = document.getElementById("found");
let index = null;
let missing = false; // the index, where the page was taken away without it

function result([run, head, title, page]) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const words = document.createElement("bdi");
  link.href = page.split("/").map(encodeURIComponent).join("/");
  link.textContent = head;
  words.textContent = title;
  item.append(link, " ", words, ` (${run})`);
  return item;
}

function show() {
  const words = search.value.trim();
  if (words && !index && !missing) load("search.js", "headAtlasIndex", (loaded) => { index = loaded; show(); }, () => { missing = true; show(); });
  const found = words && index ? [...ranked(index, words)].sort((a, b) => b[1] - a[1] || a[0] - b[0]) : [];
  list.replaceChildren(...found.slice(0, MOST).map(([head]) => result(globalThis.headAtlasHeads[head])));
  const said = `${found.length} heads${found.length > MOST ? `, the best ${MOST}` : ""}, the best match first`;
  shown.textContent = missing ? "search.js is not beside this page" : words && index ? said : "";
}

function recall() {
  search.value = new URLSearchParams(location.hash.slice(1)).get("q") ?? "";
  show();
}

search.addEventListener("input", () => {
  show();
  soon(() => history.replaceState(null, "", `#${new URLSearchParams({ q: search.value.trim() })}`));
});
addEventListener("hashchange", recall);
recall();
