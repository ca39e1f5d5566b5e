"use strict";
// Two heads' pages in frames; which they are is in the address, after the #.

const sides = [...document.querySelectorAll("select.side")];
const frames = [...document.querySelectorAll("iframe")];

function show() {
  sides.forEach((select, i) => {
    const page = `heads/${select.value}.html`;
    if (frames[i].getAttribute("src") !== page) frames[i].setAttribute("src", page);
  });
}

// Only names that the page offers: the address is anybody's.
function recall() {
  const names = location.hash.slice(1).split(",");
  sides.forEach((select, i) => {
    const known = [...select.options].some((option) => option.value === names[i]);
    if (known) select.value = names[i];
    else if (i && select.selectedIndex === sides[0].selectedIndex) select.selectedIndex = (select.selectedIndex + 1) % select.options.length;
  });
  show();
}

for (const select of sides) {
  select.addEventListener("change", () => {
    history.replaceState(null, "", `#${sides.map((side) => side.value)}`);
    show();
  });
}
addEventListener("hashchange", recall);
recall();
