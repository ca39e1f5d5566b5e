// What is shown is in the address, after the #, so that a link shows the same. Browsers limit how
// often the address may change: it does when nothing has been typed or chosen for a moment.
let waiting;
function soon(remember) {
  clearTimeout(waiting);
  waiting = setTimeout(remember, 300);
}
