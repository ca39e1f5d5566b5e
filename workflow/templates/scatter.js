// Any two measures of the heads against each other; each dot leads to its head.
const scatter = document.getElementById("scatter");
const axes = ["x", "y"].map((axis) => document.getElementById(`scatter-${axis}`));
// In units of the picture's view box.
const PLOT = { width: 640, height: 400, left: 64, bottom: 36, top: 12, right: 16 };

function svg(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Round numbers, four to nine of them, whose first and last are around the values.
function marks(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / 4));
  const step = [5, 2, 1].map((m) => m * power).find((s) => span / s >= 4) ?? power;
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(9)));
}

function plot(maps) {
  const [x, y] = axes.map((select) => maps[select.value]);
  const names = axes.map((select) => select.selectedOptions[0].textContent);
  const heads = squares.map((square, i) => ({ square, x: x.values[i], y: y.values[i] })).filter((h) => h.x !== null && h.y !== null);
  const { width, height, left, bottom, top, right } = PLOT;
  const parts = [];
  if (heads.length) {
    const [mx, my] = [marks(heads.map((h) => h.x)), marks(heads.map((h) => h.y))];
    const at = (value, ms, from, to) => from + (to - from) * (value - ms[0]) / (ms.at(-1) - ms[0]);
    const px = (value) => at(value, mx, left, width - right);
    const py = (value) => at(value, my, height - bottom, top);
    const shown = (value) => String(value).replace("-", "−");
    for (const m of mx) parts.push(svg("line", { class: m ? "rule" : "zero", x1: px(m), x2: px(m), y1: top, y2: height - bottom }), svg("text", { x: px(m), y: height - bottom + 15, "text-anchor": "middle", "font-size": 11 }, shown(m)));
    for (const m of my) parts.push(svg("line", { class: m ? "rule" : "zero", x1: left, x2: width - right, y1: py(m), y2: py(m) }), svg("text", { x: left - 6, y: py(m) + 4, "text-anchor": "end", "font-size": 11 }, shown(m)));
    for (const h of heads) {
      const label = `${h.square.dataset.head}: ${names[0]} ${shown(h.x)}, ${names[1]} ${shown(h.y)}`;
      const dot = svg("circle", { class: "score", cx: px(h.x), cy: py(h.y), r: 4, opacity: 0.6 }, svg("title", {}, label));
      parts.push(svg("a", { href: h.square.getAttribute("href"), "aria-label": label }, dot));
    }
  }
  scatter.replaceChildren(...parts);
  document.getElementById("scattered").textContent = `${heads.length} of ${squares.length} heads have both`;
}
// Drawn when it comes into sight, since its values are loaded for it.
if (scatter) {
  const sight = new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) return;
    sight.disconnect();
    withMaps(plot);
  });
  sight.observe(scatter);
}
