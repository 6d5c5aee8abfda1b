// The section Verdicts is made by the template; here it is filtered, and links open what they lead to.
"use strict";

(() => {
  pytestRf.section("verdicts", (root) => {
    const buttons = [...root.querySelectorAll("[data-filter]")];
    for (const button of buttons) {
      button.addEventListener("click", () => {
        for (const one of buttons) one.setAttribute("aria-pressed", String(one === button));
        for (const verdict of root.querySelectorAll(".verdict")) {
          verdict.hidden = button.dataset.filter !== "" && verdict.dataset.status !== button.dataset.filter;
        }
      });
    }
    root.addEventListener("click", (event) => {
      const link = event.target.closest('a[href*="-rule-"]');
      const rule = link && document.getElementById(link.getAttribute("href").slice(1));
      if (rule) rule.open = true;
    });
  });
})();
