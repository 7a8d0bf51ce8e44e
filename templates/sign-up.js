"use strict";
// Shows what the keywords bring while they are typed. The page works without it.
(() => {
  const form = document.getElementById("sign-up");
  const live = ["notes", "exclude-notes", "tried"];
  if (!form || !window.fetch || !window.AbortController) return;
  document.documentElement.classList.add("live");
  const zone = form.elements.timezone;
  if (zone && zone.value === zone.defaultValue && form.dataset.known === undefined) {
    try { zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || zone.value; } catch { /* keeps the default */ }
  }
  let timer = 0, request = null, shown = "";
  const typed = () => {
    const query = new URLSearchParams();
    for (const name of ["keywords", "exclude"]) query.append(name, form.elements[name].value);
    query.append("timezone", zone ? zone.value : "");
    return query.toString();
  };
  const show = async () => {
    const query = typed();
    if (query === shown) return;
    shown = query;
    if (request) request.abort();
    request = new AbortController();
    const tried = document.getElementById("tried");
    tried.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.try || "subscribe/try", {
        method: "POST", body: new URLSearchParams(query), signal: request.signal, credentials: "omit",
        headers: { "Accept-Language": document.documentElement.lang },
      });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of live) {
        const part = page.getElementById(id), old = document.getElementById(id);
        if (part && old) old.replaceWith(part);
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      shown = "";
      tried.setAttribute("aria-busy", "false");
    }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(show, 250); };
  form.addEventListener("input", (event) => { if (["keywords", "exclude", "timezone"].includes(event.target.name)) soon(); });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=add], button[name=without], button[name=instead]");
    if (!button) return;
    event.preventDefault();
    const field = form.elements[button.name === "without" ? "exclude" : "keywords"];
    if (button.name === "instead") {
      const [old, better] = button.value.split("\t");
      field.value = field.value.split("\n").map((line) => (line.trim() === old ? better : line)).join("\n");
    } else field.value = (field.value.trimEnd() + "\n" + button.value).trimStart();
    field.focus();
    show();
  });
  if (form.elements.keywords.value.trim() && !document.querySelector("#tried h2")) show();
})();
