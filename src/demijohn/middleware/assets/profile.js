"use strict";
// Draws the stacks of one request. `calls`: places, and nodes in pre-order as [parent, place, total µs, own µs, calls].
(() => {
  const { places, nodes: rows } = JSON.parse(document.getElementById("calls").textContent);
  const graph = document.getElementById("graph");
  const detail = document.getElementById("detail");
  const find = document.getElementById("find");
  const found = document.getElementById("found");
  const out = document.getElementById("out");
  const ROW = 21;
  const SMALLEST = 0.0006; // of the width

  const nodes = rows.map(([parent, place, total, own, calls]) => ({ parent, place: places[place], total, own, calls, children: [] }));
  nodes.forEach((node, index) => {
    node.index = index;
    const parent = nodes[node.parent];
    node.depth = parent ? parent.depth + 1 : 0;
    node.start = parent ? parent.end : 0;
    node.end = node.start; // where its next child begins
    if (parent) { parent.children.push(node); parent.end += node.total; }
  });
  const root = nodes[0];
  let zoomed = root;
  let current = root;
  let text = "";
  let bars = new Map();

  const ms = (us) => (us / 1000).toFixed(us < 10000 ? 2 : 1) + " ms";
  const share = (us) => (root.total ? (100 * us / root.total).toFixed(1) : "0.0") + " %";
  const where = (place) => (place[2] ? place[1] + ":" + place[2] : place[3]);
  const describe = (node) => `${node.place[0]}, ${where(node.place)}: ${ms(node.total)}, ${share(node.total)} of the request, `
    + `${ms(node.own)} itself, ${node.calls} ${node.calls === 1 ? "call" : "calls"}`;
  const isHit = (node) => text && (node.place[0].toLowerCase().includes(text) || node.place[1].toLowerCase().includes(text));

  const isAbove = (node, other) => { // node calls other, at any depth, or is it
    while (other && other.depth > node.depth) other = nodes[other.parent];
    return other === node;
  };

  const draw = () => {
    bars = new Map();
    const all = document.createDocumentFragment();
    let deepest = 0;
    for (const node of nodes) {
      const isBehind = node !== zoomed && isAbove(node, zoomed);
      if (!isBehind && !isAbove(zoomed, node)) continue;
      const width = isBehind ? 1 : zoomed.total ? node.total / zoomed.total : 1;
      if (width < SMALLEST) continue;
      const left = isBehind ? 0 : zoomed.total ? (node.start - zoomed.start) / zoomed.total : 0;
      const bar = document.createElement("div");
      bar.className = "bar " + node.place[4] + (isBehind ? " behind" : "") + (isHit(node) ? " hit" : "");
      bar.setAttribute("role", "treeitem");
      bar.setAttribute("aria-level", node.depth + 1);
      bar.setAttribute("aria-label", describe(node));
      bar.setAttribute("aria-selected", node === current);
      bar.tabIndex = node === current ? 0 : -1;
      bar.style.left = 100 * left + "%";
      bar.style.width = 100 * width + "%";
      bar.style.top = ROW * node.depth + "px";
      bar.title = describe(node);
      bar.dataset.index = node.index;
      if (width > 0.02) bar.textContent = node.place[0];
      bars.set(node, bar);
      all.append(bar);
      deepest = Math.max(deepest, node.depth);
    }
    graph.replaceChildren(all);
    graph.style.height = ROW * (deepest + 1) + "px";
    out.disabled = zoomed === root;
    detail.textContent = describe(current);
  };

  const go = (node) => {
    if (!node || !bars.has(node)) return;
    for (const [one, is] of [[current, false], [node, true]]) {
      const bar = bars.get(one);
      if (bar) { bar.tabIndex = is ? 0 : -1; bar.setAttribute("aria-selected", is); }
    }
    current = node;
    bars.get(node).focus();
    detail.textContent = describe(node);
  };

  const zoom = (node) => {
    zoomed = current = node;
    draw();
    bars.get(node).focus();
  };

  const beside = (step) => {
    // The next bar of the row, whoever called it.
    const row = [...bars.keys()].filter((node) => node.depth === current.depth).sort((a, b) => a.start - b.start);
    return row[row.indexOf(current) + step];
  };

  graph.addEventListener("click", (event) => {
    const bar = event.target.closest(".bar");
    if (bar) zoom(nodes[bar.dataset.index]);
  });
  graph.addEventListener("mouseover", (event) => {
    const bar = event.target.closest(".bar");
    if (bar) detail.textContent = describe(nodes[bar.dataset.index]);
  });
  graph.addEventListener("mouseleave", () => { detail.textContent = describe(current); });
  graph.addEventListener("keydown", (event) => {
    const widest = () => current.children.filter((node) => bars.has(node)).sort((a, b) => b.total - a.total)[0];
    const keys = {
      ArrowDown: () => go(widest()),
      ArrowUp: () => go(nodes[current.parent]),
      ArrowLeft: () => go(beside(-1)),
      ArrowRight: () => go(beside(1)),
      Home: () => go(root),
      Enter: () => zoom(current),
      " ": () => zoom(current),
    };
    if (keys[event.key] && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); keys[event.key](); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && zoomed !== root) zoom(root);
    if (event.key === "/" && event.target !== find) { event.preventDefault(); find.focus(); }
  });
  out.addEventListener("click", () => zoom(root));
  find.addEventListener("input", () => {
    text = find.value.trim().toLowerCase();
    // Time under several hits of one stack counts once.
    let total = 0;
    let count = 0;
    for (const node of nodes) {
      node.isUnderHit = Boolean(node.parent >= 0 && (nodes[node.parent].isUnderHit || isHit(nodes[node.parent])));
      if (isHit(node)) { count += 1; if (!node.isUnderHit) total += node.total; }
    }
    found.textContent = text ? `${count} found, ${share(total)} of the request` : "";
    draw();
  });
  draw();
})();
