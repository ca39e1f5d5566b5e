"use strict";
// Exemplars: the query under the pointer or the keyboard shows the keys it attends to.
// Each can fill the screen. Other atlases that say what the head does are shown where they are.

{% include "load.js" %}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
const percent = (byte) => `${Math.round(byte / 2.55)} %`;

// Rows of `data-attention`: count, weight before the excerpt, then (key, weight) pairs.
function attentionRows(packed) {
  const rows = [];
  for (let at = 0; at < packed.length; ) {
    const count = packed[at];
    const row = { before: packed[at + 1], pairs: [] };
    at += 2;
    for (const end = at + 2 * count; at < end; at += 2) row.pairs.push([packed[at], packed[at + 1]]);
    rows.push(row);
  }
  return rows;
}

// The figure's tokens, decoded when they are first needed: a page holds thousands.
function decoded(figure) {
  figure.decoded ??= {
    tokens: [...figure.querySelector(".text").children],
    activation: bytes(figure.dataset.activation),
    rows: attentionRows(bytes(figure.dataset.attention)),
    held: Number(figure.dataset.query),
  };
  return figure.decoded;
}

function word(tag, token) {
  const shown = document.createElement(tag);
  const isolated = document.createElement("bdi");
  isolated.textContent = token.textContent.replaceAll("\n", "");
  shown.append("“", isolated, "”");
  return shown;
}

function show(figure, query) {
  const { tokens, activation, rows } = decoded(figure);
  for (const token of figure.querySelectorAll(".q, .k")) token.classList.remove("q", "k");
  tokens[query].classList.add("q");
  const { before, pairs } = rows[query];
  const start = Number(figure.dataset.start);
  const readout = figure.querySelector(".readout");
  const strength = start + query ? `, activation ${(activation[query] / 255).toFixed(2)} of the largest,` : "";
  readout.replaceChildren("token ", String(start + query), " ", word("b", tokens[query]), `${strength} attends to `);
  let elsewhere = 255 - before;
  for (const [key, weight] of pairs) {
    tokens[key].classList.add("k");
    tokens[key].style.setProperty("--w", (weight / 255).toFixed(2));
    readout.append(word("span", tokens[key]), ` ${percent(weight)} (${query === key ? "itself" : `−${query - key}`}), `);
    elsewhere -= weight;
  }
  if (before) readout.append(`tokens before the excerpt ${percent(before)}, `);
  readout.append(`elsewhere ${percent(Math.max(0, elsewhere))}`);
}

const indexOf = (figure, target) => decoded(figure).tokens.indexOf(target.closest(".text > bdi"));
const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -10, ArrowDown: 10 };

for (const figure of document.querySelectorAll(".exemplar")) {
  const text = figure.querySelector(".text");
  text.addEventListener("pointerover", (event) => {
    const query = indexOf(figure, event.target);
    if (query >= 0 && event.pointerType !== "touch") show(figure, query);
  });
  text.addEventListener("pointerleave", () => show(figure, decoded(figure).held));
  text.addEventListener("click", (event) => {
    const query = indexOf(figure, event.target);
    if (query >= 0) show(figure, (decoded(figure).held = query));
  });
  text.addEventListener("keydown", (event) => {
    const data = decoded(figure);
    if (event.key === "Escape") data.held = Number(figure.dataset.query);
    else if (event.key in steps) data.held = Math.min(data.tokens.length - 1, Math.max(0, data.held + steps[event.key]));
    else return;
    event.preventDefault();
    show(figure, data.held);
  });
  const whole = document.createElement("button");
  whole.textContent = "Full screen";
  whole.addEventListener("click", () => figure.requestFullscreen());
  figure.querySelector("figcaption").append(whole);
  show(figure, Number(figure.dataset.query));
}

for (const item of document.querySelectorAll("#other-runs li")) {
  load(item.dataset.titles, `headAtlasTitles ${item.dataset.run}`, (titles) => {
    const title = titles?.[item.dataset.head];
    if (!title) return;
    item.querySelector("bdi").textContent = title;
    item.hidden = document.getElementById("other-runs").hidden = false;
  }, () => {});
}

// j and k lead to the next head and to the one before.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const rel = { j: "next", k: "prev" }[event.key];
  if (rel) document.querySelector(`a[rel=${rel}]`)?.click();
});
