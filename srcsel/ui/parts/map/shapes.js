// Dots: their shapes, drawn once each, and the two ways to put many of them on a canvas.
// The files of this folder are joined in the order that ui/maps.py names; only map.js exports.

function outline(pen, shape, r) {
  const corners = (count, turn, inner) => {
    for (let i = 0; i < count; i++) {
      const a = turn + (i * 2 * Math.PI) / count, q = inner && i % 2 ? r * inner : r * 1.25;
      pen.lineTo(q * Math.cos(a), q * Math.sin(a));
    }
    pen.closePath();
  };
  const bars = () => {
    const a = r * 1.2, b = r * 0.42;
    [[-b, -a], [b, -a], [b, -b], [a, -b], [a, b], [b, b], [b, a], [-b, a], [-b, b], [-a, b], [-a, -b], [-b, -b]]
      .forEach(([px, py]) => pen.lineTo(px, py));
    pen.closePath();
  };
  pen.beginPath();
  if (shape === "square") pen.rect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8);
  else if (shape === "triangle") corners(3, -Math.PI / 2);
  else if (shape === "down") corners(3, Math.PI / 2);
  else if (shape === "diamond") corners(4, 0);
  else if (shape === "pentagon") corners(5, -Math.PI / 2);
  else if (shape === "star") corners(10, -Math.PI / 2, 0.55);
  else if (shape === "plus") bars();
  else if (shape === "cross") { pen.rotate(Math.PI / 4); bars(); }
  else pen.arc(0, 0, r, 0, 2 * Math.PI);
}

function stamped(shape, color, r, edge, ratio) {
  const side = Math.ceil((r * 1.4 + 2) * 2 * ratio), sheet = document.createElement("canvas");
  sheet.width = sheet.height = side;
  const pen = sheet.getContext("2d", { willReadFrequently: true });
  pen.translate(side / 2, side / 2);
  pen.scale(ratio, ratio);
  outline(pen, shape, r);
  pen.fillStyle = color;
  pen.fill();
  if (edge) {
    pen.lineWidth = 0.8;
    pen.strokeStyle = edge;
    pen.stroke();
  }
  return sheet;
}

// Few dots are stamped, with soft edges. `each` calls back (x, y, group, lit) in pixels of the canvas, bottom to top.
function stampAll(pen, sprites, fade, each) {
  each((sx, sy, g, lit) => {
    const sprite = sprites[g];
    pen.globalAlpha = lit ? 0.95 : fade;
    pen.drawImage(sprite, sx - sprite.width / 2, sy - sprite.height / 2);
  });
  pen.globalAlpha = 1;
}

// Many are written pixel by pixel: 100,000 take a few hundredths of a second without a graphics card. Pixels do not
// add up, so dots of groups that are `faint` stay faint where they are dense.
function splatAll(pen, width, height, sprites, fade, faint, each) {
  const picture = pen.createImageData(width, height), pixels = new Uint32Array(picture.data.buffer);
  const marks = sprites.map((sprite) => pixelsOf(sprite));
  each((sx, sy, g, lit) => {
    const { at, ink } = marks[g], left = Math.round(sx), top = Math.round(sy);
    const clear = Math.round(255 * fade * (faint[g] ? 0.4 : 1));
    const color = lit ? ink : ((ink & 0x00ffffff) | (clear << 24)) >>> 0;
    for (let k = 0; k < at.length; k += 2) {
      const px = left + at[k], py = top + at[k + 1];
      if (px >= 0 && py >= 0 && px < width && py < height) pixels[py * width + px] = color;
    }
  });
  pen.putImageData(picture, 0, 0);
}

function pixelsOf(sprite) {
  const side = sprite.width, { data } = sprite.getContext("2d").getImageData(0, 0, side, side), at = [];
  const words = new Uint32Array(data.buffer), half = Math.floor(side / 2);
  let ink = 0, best = 0;
  for (let i = 0; i < words.length; i++) {
    const alpha = data[4 * i + 3];
    if (alpha > 100) at.push((i % side) - half, Math.floor(i / side) - half);
    if (alpha > best) { best = alpha; ink = (words[i] | 0xff000000) >>> 0; }
  }
  return { at, ink };
}
