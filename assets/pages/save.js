// Saves a figure, or a grid of them, with its headings and its key as one picture: pixels or vectors.

const FONT = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif";
const [LINE, GAP, EDGE] = [22, 26, 10];  // px: a line of text, between entries, at the picture's edge
/** @type {{[sign: string]: string}} */
const ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"};
/** @param {string} text */
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => ESCAPES[sign]);

/**
 * @typedef {object} Piece of an entry: a text, a line, or a scale of colours
 * @property {string} kind
 * @property {string} [text]
 * @property {number} [size]
 * @property {boolean} [bold]
 * @property {string} [color]
 * @property {string[]} [colors]
 * @property {boolean} [dashed]
 */
/**
 * @typedef {object} View what Bokeh shows of a model
 * @property {HTMLElement} el
 * @property {(kind: "svg" | "png") => {canvas: HTMLCanvasElement, to_blob: () => Promise<Blob>}} export
 */
/**
 * @typedef {object} Figure
 * @property {object} plot
 * @property {string} name
 * @property {boolean} svg
 * @property {string} page its colour
 * @property {[object, Piece[][]][]} heads
 * @property {Piece[][]} key
 */

// Draws pixels.
class Pixels {
  /** @param {CanvasRenderingContext2D} ctx */
  constructor(ctx) {
    this.ctx = ctx;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {Piece} look
   */
  text(x, y, text, {size, bold, color}) {
    Object.assign(this.ctx, {font: `${bold ? 600 : 400} ${size}px ${FONT}`, fillStyle: color});
    this.ctx.fillText(text, x, y);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   * @param {string} color
   */
  box(x, y, width, height, color) {
    this.ctx.fillStyle = color;
    this.ctx.fillRect(x, y, width, height);
  }
}

// Writes SVG.
class Vectors {
  constructor() {
    /** @type {string[]} */
    this.parts = [];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} text
   * @param {Piece} look
   */
  text(x, y, text, {size, bold, color}) {
    this.parts.push(`<text x="${x}" y="${y}" font-family="${FONT}" font-size="${size}"`
      + ` font-weight="${bold ? 600 : 400}" fill="${color}" xml:space="preserve">${escaped(text)}</text>`);
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {number} width
   * @param {number} height
   * @param {string} color
   */
  box(x, y, width, height, color) {
    const [solid, alpha] = color.length === 9 ? [color.slice(0, 7), parseInt(color.slice(7), 16) / 255] : [color, 1];
    this.parts.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${solid}" fill-opacity="${alpha}"/>`);
  }
}

const ruler = document.createElement("canvas").getContext("2d");

/** @param {Piece} told */
function wide({kind, text, size, bold}) {
  if (kind !== "text") return kind === "scale" ? 56 : 22;
  ruler.font = `${bold ? 600 : 400} ${size}px ${FONT}`;
  return ruler.measureText(text).width;
}

// One piece with its left end at x, on a line of text at y.
/**
 * @param {Pixels | Vectors} pen
 * @param {number} x
 * @param {number} y
 * @param {Piece} told
 */
function piece(pen, x, y, told) {
  const {kind, colors, dashed} = told;
  const width = wide(told);
  if (kind === "text") pen.text(x, y, told.text, told);
  else if (kind === "scale") colors.forEach((color, k) => pen.box(x + k * width / colors.length, y - 9, width / colors.length, 9, color));
  else for (let at = 0; at < width; at += dashed ? 6 : width) pen.box(x + at, y - 5, dashed ? 3 : width, dashed ? 1.5 : 3, colors[0]);
  return width;
}

// Entries from the left to the right, in as many lines as it takes; returns their height. Without a pen it only measures.
/**
 * @param {Pixels | Vectors | null} pen
 * @param {Piece[][]} entries
 * @param {number} left
 * @param {number} top
 * @param {number} right
 */
function flow(pen, entries, left, top, right) {
  let [x, y] = [left, top + 16];
  for (const pieces of entries) {
    const width = pieces.reduce((sum, told) => sum + wide(told), 0);
    if (x > left && x + width > right) [x, y] = [left, y + LINE];
    let at = x;
    for (const told of pieces) at += pen ? piece(pen, at, y, told) : wide(told);
    x += width + GAP;
  }
  return entries.length ? y + 8 - top : 0;
}

/** @param {Blob} blob @param {string} name */
function keep(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

// `heads` stand where the page has them, within the figure; `key` stands below it.
/**
 * @param {Figure} figure
 * @param {object} obj the button
 * @param {object} data of the event
 * @param {{index: {find_one: (model: object) => View}}} context
 */
export default async ({plot, name, svg, page, heads, key}, obj, data, {index}) => {
  const view = index.find_one(plot);
  const layer = view.export(svg ? "svg" : "png");
  const box = view.el.getBoundingClientRect();
  const right = box.width - EDGE;
  const height = box.height + flow(null, key, EDGE, 0, right) + EDGE;
  /** @type {[Piece[][], number, number][]} */
  const places = heads.map(([head, entries]) => {
    const {left, top} = index.find_one(head).el.getBoundingClientRect();
    return [entries, left - box.left, top - box.top];
  });
  /** @param {Pixels | Vectors} pen */
  const draw = (pen) => {
    for (const [entries, left, top] of places) flow(pen, entries, left, top, right);
    flow(pen, key, EDGE, box.height, right);
  };
  if (svg) {
    const pen = new Vectors();
    draw(pen);
    const inner = await (await layer.to_blob()).text();
    const parts = [`<rect width="${box.width}" height="${height}" fill="${page}"/>`, inner.replace(/<\?xml.*?\?>/, ""), ...pen.parts];
    const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${box.width}" height="${height}">${parts.join("\n")}</svg>`;
    return keep(new Blob([text], {type: "image/svg+xml"}), `${name}.svg`);
  }
  const ratio = layer.canvas.width / box.width;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, {width: layer.canvas.width, height: Math.round(height * ratio)});
  const ctx = canvas.getContext("2d");
  ctx.fillStyle = page;
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.drawImage(layer.canvas, 0, 0);
  ctx.scale(ratio, ratio);
  draw(new Pixels(ctx));
  canvas.toBlob((blob) => keep(blob, `${name}.png`));
};
