// A list of tensors to choose from, with a search. Of many only the first that match are shown.
"use strict";

(() => {
  const MOST = 250;

  /** Returns the places of tensors all of whose words are in their names, modules or operators. */
  function matching(tensors, words) {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    tensors.forEach((one, place) => {
      const text = `${one.name} ${one.module || ""} ${one.node || ""} ${one.op} ${one.label || ""}`.toLowerCase();
      if (wanted.every((word) => text.includes(word))) found.push(place);
    });
    return found;
  }

  /** Returns a tensor's name in two parts: the path that can be cut, and its end. */
  function parts(name) {
    const at = Math.max(name.lastIndexOf("/", name.length - 2), name.lastIndexOf(".", name.length - 2));
    return at > 0 ? [name.slice(0, at + 1), name.slice(at + 1)] : ["", name];
  }

  /** Fills an element with a search and a list, and returns what keeps the list at the model's choice. */
  function picker(root, model, id) {
    const { element } = pytestRf;
    const { tensors } = model.data;
    const final = new Set(Object.values(model.data.final).flatMap((axes) => Object.values(axes).flat()));
    let shown = [];
    const list = element("ul", {
      role: "listbox",
      tabindex: "0",
      id: `${id}-list`,
      "aria-label": "Tensors",
      onclick: (event) => {
        const option = event.target.closest("[data-place]");
        if (option) model.choose(Number(option.dataset.place), "picker");
      },
      onkeydown: keys,
    });
    const count = element("p", { class: "count", role: "status" });
    const search = element("input", {
      type: "search",
      id: `${id}-search`,
      placeholder: "name, module or operator",
      autocomplete: "off",
      spellcheck: "false",
      oninput: fill,
      onkeydown: (event) => {
        if (event.key === "ArrowDown") {
          event.preventDefault();
          list.focus();
        }
      },
    });
    root.append(element("label", { for: `${id}-search` }, "Tensor"), search, list, count);

    function fill() {
      const all = matching(tensors, search.value);
      // Around the chosen one, where that is among them: it is seen at once.
      const at = Math.max(all.indexOf(model.chosen), 0);
      const start = Math.max(Math.min(at - MOST / 2, all.length - MOST), 0);
      shown = all.slice(start, start + MOST);
      list.replaceChildren(
        ...shown.map((place) => {
          const one = tensors[place];
          const [path, end] = parts(one.name);
          return element(
            "li",
            { role: "option", id: `${id}-t${place}`, "data-place": place, title: one.name },
            element("span", { class: "path" }, path),
            element("span", { class: "leaf" }, end),
            element("span", { class: "op" }, final.has(place) ? "final" : one.label || one.op),
          );
        }),
      );
      const more = all.length - shown.length;
      count.textContent = more > 0 ? `${all.length} tensors; ${shown.length} listed` : `${all.length} tensors`;
      mark();
    }

    function mark() {
      for (const option of list.children) {
        const chosen = Number(option.dataset.place) === model.chosen;
        option.setAttribute("aria-selected", String(chosen));
        if (chosen) {
          list.setAttribute("aria-activedescendant", option.id);
          const above = option.offsetTop - list.clientHeight / 2;
          if (option.offsetTop < list.scrollTop || option.offsetTop + option.offsetHeight > list.scrollTop + list.clientHeight) {
            list.scrollTop = above;
          }
        }
      }
    }

    function keys(event) {
      const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
      if (!(event.key in steps)) return;
      event.preventDefault();
      const at = shown.indexOf(model.chosen) + steps[event.key];
      model.choose(shown[Math.min(Math.max(at, 0), shown.length - 1)], "picker");
    }

    fill();
    return {
      /** Shows what is chosen now; whatever the search hides it is brought back. */
      follow() {
        if (!shown.includes(model.chosen)) {
          search.value = "";
          fill();
        } else {
          mark();
        }
      },
    };
  }

  pytestRf.picker = { picker, matching, parts };
})();
