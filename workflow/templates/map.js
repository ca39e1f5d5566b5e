// The map's colours. The page comes with the first; the values of all are in a script of their own.
const squares = [...document.querySelectorAll(".map a")];
const legends = document.querySelectorAll("section > .legend");
const colouring = document.getElementById("colouring");

function withMaps(done) {
  load("maps.js", "headAtlasMaps", done, () => { document.getElementById("unmapped").hidden = false; });
}

function colour(maps) {
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
