// What is told of the chosen box of a graph, beside the drawing.
"use strict";

pytestRf.boxPanel = (panel, box, data, model, about) => {
  const { element } = pytestRf;
  const { isModule, isEnd, name, what, kinds, tensor } = about;
  if (box < 0) {
    panel.replaceChildren(element("p", { class: "note" }, "Nothing is chosen."));
    return;
  }
  const own = tensor(box);
  const rows = [["is", what(box)]];
  if (data.paths[box]) rows.push(["module", data.paths[box]]);
  else if (own?.module && !isModule(box)) rows.push(["module", own.module]);
  if (own && !isEnd(box)) rows.push([isModule(box) ? "last tensor" : "tensor", own.name]);
  if (own?.shape) rows.push(["shape", own.shape.join("×") || "scalar"]);
  if (own?.source && !isModule(box)) rows.push(["source", own.source]);
  if (!isEnd(box)) rows.push(["brings in", kinds(box).join(", ") || "nothing: it passes positions on"]);
  const figures = data.rows[box] < 0 ? null : data.figures[data.rows[box]];
  const several = model.data.inputs.length > 1;
  data.towards.forEach(([input, axis], place) => {
    const [size, stride] = figures?.[place] ?? ["", ""];
    if (size) rows.push([several ? `${input} ${axis}` : axis, `rf ${size}, stride ${stride}`]);
  });
  if (!figures && own?.reason) rows.push(["unknown", own.reason]);
  const line = ([head, text]) => element("tr", {}, element("th", { scope: "row" }, head), element("td", {}, text));
  const table = element("table", {}, element("tbody", {}, ...rows.map(line)));
  const link =
    own && model.data.sections.look
      ? element("p", {}, element("a", { href: `#m${model.number}-look`, "data-tensor": data.tensors[box] }, "see what it reads"))
      : "";
  panel.replaceChildren(element("p", { class: "name" }, name(box)), table, link);
};
