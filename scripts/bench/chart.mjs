// Bar charts as SVG. A bar shows the median, and the line over it reaches from the smallest to the largest value of all rounds.
//
// A chart has its own background, because an image cannot detect whether the page around it is dark.

import { rounded } from "./report.mjs";

const WIDTH = 720;
const MARGIN = 16;
/** The left end of all bars, and the length of the largest value. The number stands behind it. */
const BARS = 232;
const LONGEST = 372;
const ROW = 22;
const BAR = 14;
const TITLE = 30;
const PANEL = 26;
const COLOURS = {
  back: "#ffffff",
  frame: "#d0d7de",
  text: "#1f2328",
  quiet: "#59636e",
  ours: "#0969da",
  others: "#9aa4af",
};
const FONT = "-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const px = (value) => String(Math.round(value * 10) / 10);

/** The line from the smallest to the largest value. */
function spread({ least, most }, scale, y) {
  const [left, right] = [least, most].map((value) => px(BARS + value * scale));
  const [top, middle, bottom] = [y - 4, y, y + 4].map(px);
  const path = `M${left} ${top}V${bottom}M${left} ${middle}H${right}M${right} ${top}V${bottom}`;
  return `<path d="${path}" fill="none" stroke="${COLOURS.text}" stroke-width="1.2"/>`;
}

function bar({ label, isThis, median, least, most }, scale, unit, top) {
  const y = top + ROW / 2;
  const end = BARS + most * scale;
  const fill = isThis ? COLOURS.ours : COLOURS.others;
  const weight = isThis ? ' font-weight="600"' : "";
  return [
    `<text x="${BARS - 8}" y="${px(y + 4)}" text-anchor="end"${weight}>${escaped(label)}</text>`,
    `<rect x="${BARS}" y="${px(y - BAR / 2)}" width="${px(Math.max(median * scale, 1))}" height="${BAR}" rx="2" fill="${fill}"/>`,
    most > least ? spread({ least, most }, scale, y) : "",
    `<text x="${px(end + 8)}" y="${px(y + 4)}"${weight}>${escaped(`${rounded(median)} ${unit}`.trim())}</text>`,
  ].join("");
}

/** A panel: its label, and a bar for each contender. Each panel has its own scale. */
function panel({ label, bars, unit }, top) {
  const scale = LONGEST / Math.max(...bars.map(({ most }) => most), Number.MIN_VALUE);
  const heading = `<text x="${MARGIN}" y="${px(top + 17)}" fill="${COLOURS.quiet}">${escaped(label)}</text>`;
  return heading + bars.map((each, place) => bar(each, scale, unit, top + PANEL + place * ROW)).join("");
}

/**
 * @param {{ title: string, panels: { label: string, unit: string, bars: { label: string, isThis: boolean, median: number, least: number, most: number }[] }[] }} chart
 */
export function svg({ title, panels }) {
  const heights = panels.map(({ bars }) => PANEL + bars.length * ROW + 8);
  const tops = heights.map(
    (_, place) => MARGIN + TITLE + heights.slice(0, place).reduce((sum, height) => sum + height, 0),
  );
  const height = MARGIN + TITLE + heights.reduce((sum, each) => sum + each, 0) + MARGIN / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="${FONT}" font-size="13" fill="${COLOURS.text}">
<title>${escaped(title)}</title>
<rect x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6" fill="${COLOURS.back}" stroke="${COLOURS.frame}"/>
<text x="${MARGIN}" y="${MARGIN + 16}" font-size="15" font-weight="600">${escaped(title)}</text>
${panels.map((each, place) => panel(each, tops[place])).join("\n")}
</svg>
`;
}
