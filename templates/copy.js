// Shows the button that copies the BibTeX entry, where the browser lets a page write to the clipboard.
(() => {
  const button = document.getElementById("copy");
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById("bibtex").textContent);
    button.textContent = "\u2713 " + button.textContent.replace("\u2713 ", "");
  });
})();
