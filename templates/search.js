// Searches titles and authors in the page itself: without a server, so nothing leaves the reader's machine.
// The files of titles are scripts that call titles(), because a page opened from a folder can load nothing else.
// `messages` are the texts in the language of the page, with # for a number.
let papers = [];
function titles(rows) { papers = papers.concat(rows); }
// Only `digest serve` has a search.js, which shows the link to its own search: of abstracts, too.
function server() { document.querySelector(".server").hidden = false; }
function search(files, top, messages) {
  const form = document.querySelector(".search"), input = form.querySelector("input");
  const found = document.getElementById("found"), status = document.getElementById("status");
  const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const SHOWN = 50;
  let waiting = null;
  const summary = (count) => (count === 1 ? messages.one : messages.many.replace("#", count.toLocaleString(document.documentElement.lang)))
    + (count > SHOWN ? messages.newest.replace("#", SHOWN) : "");
  const scripts = location.protocol === "file:" ? files : [...files, "search.js"];
  const load = () => waiting ??= Promise.all(scripts.map((file) => new Promise((done) => {
    const script = document.createElement("script");
    script.src = top + file;
    script.onload = script.onerror = done;
    document.head.append(script);
  }))).then(() => { papers = papers.map((row) => [...row, fold(row[1] + " " + row[2])]).sort((a, b) => b[0] - a[0]); });
  const show = async () => {
    await load();
    const words = fold(input.value).split(/\s+/).filter(Boolean);
    const hits = words.length ? papers.filter((row) => words.every((word) => row[4].includes(word))) : [];
    status.textContent = words.length ? summary(hits.length) : "";
    found.replaceChildren(...hits.slice(0, SHOWN).map((row) => {
      const item = document.createElement("li"), link = document.createElement("a"), year = document.createElement("span");
      link.href = top + "papers/" + row[0] + ".html";
      link.dir = "auto";
      link.textContent = row[1] || messages.untitled;
      year.textContent = row[3];
      item.append(link, " ", year);
      return item;
    }));
  };
  input.addEventListener("focus", load);
  input.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
}
