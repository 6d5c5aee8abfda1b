// The graph as a tree, for who rather reads, with the usual keys; it shows the same state as the drawing.
"use strict";

/**
 * Returns what lists the boxes that are to be seen.
 *
 * acts: what the drawing does: tabStop() tells the box that the tab key comes to, toggle(box), choose(box) and
 * scrollTo(box) open, choose and bring a box into sight.
 */
pytestRf.tree = (tree, data, about, state, acts) => {
  const { element } = pytestRf;
  const { parents, failing, children, isModule, name, besideName, findings, boxOf } = about;

  function list(trail) {
    const focused = tree.contains(document.activeElement);
    const items = (level, depth) =>
      children(level).flatMap((box, place, all) => {
        const open = state.open.has(box);
        const item = element(
          "li",
          {
            role: "treeitem",
            class: trail.boxes.has(box) ? "on" : null,
            style: `--level: ${depth}`,
            "aria-level": depth + 1,
            "aria-posinset": place + 1,
            "aria-setsize": all.length,
            "aria-selected": String(box === state.chosen),
            "aria-expanded": isModule(box) ? String(open) : null,
            tabindex: box === acts.tabStop() ? 0 : -1,
            "data-box": box,
          },
          element("span", { class: "sign", "aria-hidden": "true" }, isModule(box) ? (open ? "▾" : "▸") : ""),
          element("span", { class: "name" }, name(box)),
          " ",
          element("span", { class: "soft" }, besideName(box)),
          failing.has(box) ? element("span", { class: "fault", title: findings(box) }, "!") : "",
        );
        return open ? [item, ...items(data.inner[box], depth + 1)] : [item];
      });
    tree.replaceChildren(...items(0, 0));
    if (focused) tree.querySelector(`[data-box="${acts.tabStop()}"]`)?.focus();
    show(state.chosen);
  }

  /** Scrolls the tree so that a box is in it. */
  function show(box) {
    const row = tree.querySelector(`[data-box="${box}"]`);
    if (!row) return;
    const [own, around] = [row.getBoundingClientRect(), tree.getBoundingClientRect()];
    if (own.top < around.top) tree.scrollTop -= around.top - own.top;
    else if (own.bottom > around.bottom) tree.scrollTop += own.bottom - around.bottom;
  }

  tree.addEventListener("click", (event) => {
    const box = boxOf(event);
    if (box < 0) return;
    acts.toggle(box);
    acts.scrollTo(box);
    tree.querySelector(`[data-box="${box}"]`).focus();
  });

  tree.addEventListener("keydown", (event) => {
    const box = boxOf(event);
    if (box < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const visible = [...tree.querySelectorAll("[role=treeitem]")].map((one) => Number(one.dataset.box));
    const place = visible.indexOf(box);
    const open = state.open.has(box);
    let next = box;
    if (event.key === "ArrowDown") next = visible[place + 1] ?? box;
    else if (event.key === "ArrowUp") next = visible[place - 1] ?? box;
    else if (event.key === "Home") next = visible[0];
    else if (event.key === "End") next = visible[visible.length - 1];
    else if (event.key === "ArrowRight" && isModule(box)) {
      if (open) next = children(data.inner[box])[0];
      else acts.toggle(box);
    } else if (event.key === "ArrowLeft") {
      if (open) acts.toggle(box);
      else next = parents[box] >= 0 ? parents[box] : box;
    } else if (event.key === "Enter" || event.key === " ") acts.toggle(box);
    else return;
    event.preventDefault();
    if (next !== box) acts.choose(next);
    acts.scrollTo(next);
  });

  return { list };
};
