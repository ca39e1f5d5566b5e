// Ranked search: the index has each term with the texts that have it and what it adds to their
// score (scripts/headatlas/ranking.py, which also says what the terms of a text are).
const AROUND = "[“”\"'’‘.,;:()]*";
const SIGNS = new RegExp(`^${AROUND}(.*?)${AROUND}$`, "su");

function termsOf(text) {
  const chunks = text.toLowerCase().split(/\s+/).filter(Boolean);
  return chunks.flatMap((chunk) => chunk.match(/[\p{L}\p{N}_]+/gu) ?? [chunk.match(SIGNS)[1] || chunk]);
}

// By the number of a text its score; those without any word of the query have none.
function ranked(index, query) {
  const scores = new Map();
  for (const word of new Set(termsOf(query))) {
    const best = new Map();
    const start = word.endsWith("s") && word.length > 3 ? word.slice(0, -1) : word;
    for (const [term, found] of index) {
      if (term !== word && !(start.length >= 3 && term.startsWith(start))) continue;
      for (const [text, weight] of found) best.set(text, Math.max(weight, best.get(text) ?? 0));
    }
    for (const [text, weight] of best) {
      scores.set(text, Math.round(1000 * ((scores.get(text) ?? 0) + weight)) / 1000);
    }
  }
  return scores;
}
