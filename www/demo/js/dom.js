// Small helpers to build elements. Text is always added as text nodes, never as markup.

const SVG = "http://www.w3.org/2000/svg";

/** el("a", { href, class, dataset: {…}, on: { click } }, ...children). null and false are left out. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) element.addEventListener(type, listener);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A drawing from one of the two sprite files. It is decorative unless it has a label. */
function drawing(file, id, className, label) {
  const svg = document.createElementNS(SVG, "svg");
  if (className) svg.setAttribute("class", className);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `/media/${file}.svg#${id}`);
  svg.append(use);
  return svg;
}

export const icon = (name) => drawing("icons", name, "icon");
export const art = (product, label) => drawing("art", `p${product.id}`, "", label);

/** The coloured square behind a product's picture. */
export const tile = (product, label) =>
  el("div", { class: "tile", dataset: { category: product.category } }, art(product, label));

/** @returns {any} */
export const byId = (id) => document.getElementById(id);
