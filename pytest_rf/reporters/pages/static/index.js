// A page of several models: the overview, or the one model that is looked at.
"use strict";

(() => {
  if (typeof document === "undefined") return;

  document.addEventListener("DOMContentLoaded", () => {
    const index = document.getElementById("index");
    if (!index) return;
    const articles = [...document.querySelectorAll("article.model")];

    /** Shows what the address names: a model or a part of one, else the overview. */
    function show() {
      const target = document.getElementById(location.hash.slice(1));
      const chosen = target?.closest("article.model") ?? null;
      for (const one of [index, ...articles]) one.hidden = one !== (chosen ?? index);
      if (chosen) target.scrollIntoView();
      return chosen;
    }

    for (const article of articles) {
      const back = pytestRf.element("a", { href: "#index", class: "back" }, "← all models");
      article.querySelector("h1").before(back);
    }
    addEventListener("hashchange", () => {
      const chosen = show();
      if (chosen && chosen.id !== location.hash.slice(1)) return; // a part of a model
      (chosen ?? index).querySelector("h1").focus({ preventScroll: true });
      scrollTo(0, 0);
    });
    show();

    const rows = [...index.querySelectorAll("tbody tr")];
    const field = index.querySelector(".find");
    index.querySelector(".tools").hidden = rows.length < 8;
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      const count = rows.filter((row) => !row.hidden).length;
      index.querySelector(".count").textContent = wanted ? `${count} of ${rows.length} models` : "";
    });
  });
})();
