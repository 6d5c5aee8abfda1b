// The page of two states: which rows of a table are shown.
"use strict";

(() => {
  if (typeof document === "undefined") return;

  function start(root) {
    const table = root.querySelector(".tensors");
    if (!table) return;
    const bodies = [...table.tBodies];
    const buttons = [...root.querySelectorAll("[data-show]")];
    const figure = root.querySelector(".figure");
    const field = root.querySelector(".find");
    const has = (way) => table.querySelector(`[data-way="${way}"]`) !== null;
    for (const button of buttons) button.hidden = !has(button.dataset.show);
    root.querySelector(".tools").hidden = false;

    function filter() {
      const ways = new Set(buttons.filter((one) => one.getAttribute("aria-pressed") === "true").map((one) => one.dataset.show));
      const wanted = field.value.trim().toLowerCase();
      const name = figure?.value ?? "";
      let count = 0;
      let whole = true;
      for (const body of bodies) {
        if (body.className === "same") continue;
        const head = body.querySelector("th");
        const isMeant = !wanted || head.textContent.toLowerCase().includes(wanted);
        const rows = [...body.rows];
        const shown = rows.filter((row) => isMeant && ways.has(row.dataset.way) && (!name || !row.dataset.figure || row.dataset.figure === name));
        for (const row of rows) row.hidden = !shown.includes(row);
        if (shown.length < rows.length) whole = false;
        // The name stands in the first row that is shown, as high as these.
        if (shown.length) {
          shown[0].prepend(head);
          head.rowSpan = shown.length;
          count += 1;
        }
      }
      for (const body of bodies) if (body.className === "same") body.hidden = !whole;
      root.querySelector(".count").textContent = `${count.toLocaleString("en")} tensor${count === 1 ? "" : "s"}`;
    }

    for (const button of buttons) {
      button.addEventListener("click", () => {
        button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
        filter();
      });
    }
    figure?.addEventListener("change", filter);
    field.addEventListener("input", filter);
    filter();
  }

  /** What is chosen of one state is chosen of the other. */
  function follow([one, other]) {
    const { partners } = one.data.sections.graph;
    one.onChoose((place) => {
      if (partners[place] >= 0) other.choose(partners[place], "other");
    });
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const root of document.querySelectorAll("[data-compared]")) start(root);
    const { models } = pytestRf;
    if (!document.querySelector(".both")) return;
    follow(models);
    follow([...models].reverse());
  });
})();
