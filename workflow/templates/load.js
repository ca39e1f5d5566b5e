// What is large beside a page is a script of its own that leaves a value behind, loaded when it is
// needed: unlike other files, a script may be read from a folder without a server.
function load(file, name, done, failed) {
  if (name in globalThis) return done(globalThis[name]);
  let script = document.getElementById(file);
  if (!script) {
    script = Object.assign(document.createElement("script"), { id: file, src: file });
    document.head.append(script);
  }
  script.addEventListener("load", () => done(globalThis[name]));
  script.addEventListener("error", failed);
}
