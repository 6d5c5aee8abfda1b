// The section Growth is drawn by the template; here a cursor goes over it, by pointer or by keys.
"use strict";

(() => {
  const WORDS = ["field", "shortest path", "effective", "stride"];

  /** Returns the number of the station at a place of the chart. */
  function station(places, x) {
    let found = 0;
    while (found + 2 < places.length && places[found + 1] <= x) found += 1;
    return found;
  }

  /** Returns what is said of a station. */
  function told(tensors, one) {
    const figures = WORDS.map((word, place) => one.figures[place] && `${word} ${one.figures[place]}`).filter(Boolean);
    const tensor = tensors[one.tensor];
    return `${tensor.name} ${tensor.label || tensor.op}: ${figures.join(", ")}${one.exceeds ? ", larger than the input" : ""}`;
  }

  pytestRf.growth = { station, told };
  pytestRf.section("growth", (root, data, model) => {
    for (const figure of root.querySelectorAll("[data-chart]")) {
      const one = data.charts[Number(figure.dataset.chart)];
      const { places } = one.chart;
      const svg = figure.querySelector("svg");
      const chart = figure.querySelector(".scroll");
      const cursor = figure.querySelector(".cursor");
      let at = -1;

      const show = (place) => {
        at = Math.min(Math.max(place, 0), one.stations.length - 1);
        for (const end of ["x1", "x2"]) cursor.setAttribute(end, places[at]);
        cursor.setAttribute("visibility", "visible");
        figure.querySelector(".at").textContent = told(model.data.tensors, one.stations[at]);
      };
      const under = (event) => {
        const box = svg.getBoundingClientRect();
        return station(places, ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width);
      };
      svg.addEventListener("pointermove", (event) => show(under(event)));
      svg.addEventListener("click", (event) => {
        show(under(event));
        model.choose(one.stations[at].tensor, "growth");
      });
      chart.addEventListener("keydown", (event) => {
        const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
        if (event.key in steps) show(at + steps[event.key]);
        else if (event.key === "Enter" && at >= 0) model.choose(one.stations[at].tensor, "growth");
        else return;
        event.preventDefault();
      });
    }
  });
})();
