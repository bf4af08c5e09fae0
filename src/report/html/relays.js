/* The table of relays: a button in each heading sorts by that column. */
(() => {
  const table = document.querySelector("table.relays");
  if (!table || table.tBodies[0].rows.length < 2) return;
  const collator = new Intl.Collator("en", { numeric: true });
  const heads = Array.from(table.tHead.rows[0].cells);
  const text = (row, at) => row.cells[at].dataset.value || row.cells[at].textContent;
  heads.forEach((head, at) => {
    if (table.querySelector("tbody td:nth-child(" + (at + 1) + ") svg")) return;
    const button = element("button", { type: "button" }, head.textContent);
    const printed = element("span", { class: "printed" }, head.textContent);
    head.replaceChildren(button, printed);
    button.addEventListener("click", () => {
      const isDown = head.getAttribute("aria-sort") === "ascending";
      const rows = Array.from(table.tBodies[0].rows).sort((one, other) => collator.compare(text(one, at), text(other, at)));
      table.tBodies[0].append(...(isDown ? rows.reverse() : rows));
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", isDown ? "descending" : "ascending");
    });
  });
})();
