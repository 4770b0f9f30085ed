// Pictures instead of dots: sheets of many small ones, and single ones when the map is zoomed in.

const ON_SHEET = 256, ROW = 16, CELL = 48; // pictures of a sheet, in a row of it, pixels of one; as pictures/sheets.py
const SHEETS = 20; // kept in memory, 2.4 MB each: 5,000 pictures
const SINGLE = 240; // single pictures kept in memory
const AGAIN = 1500; // milliseconds until a sheet that is being made is asked for again
const PATIENCE = 200; // times
const SMALLEST = 24, LARGEST_SIDE = 84; // pixels of a picture on the map

function createPictures(m, redraw, late) {
  const sheets = new Map(), singles = new Map();
  let set = null, timers = new Set(), over = false;

  function change(next) { // another set of pictures
    if (next === set) return;
    forget();
    set = next;
  }

  function forget() {
    sheets.forEach((sheet) => sheet.bitmap?.close());
    timers.forEach(clearTimeout);
    timers = new Set();
    sheets.clear();
    singles.clear();
  }

  async function load(number, sheet, left = PATIENCE) {
    const asked = set;
    try {
      const answer = await fetch(`${asked}/sheets/${number}.jpg`);
      if (answer.status === 200) {
        const bitmap = await createImageBitmap(await answer.blob());
        if (over || asked !== set || sheets.get(number) !== sheet) return bitmap.close();
        sheet.bitmap = bitmap;
        return redraw();
      }
      if (answer.status !== 202) return undefined;
      late();
    } catch { return undefined; } // a server that went away, or no picture: dots stay dots
    if (over || asked !== set || left <= 0) return undefined;
    const timer = setTimeout(() => { timers.delete(timer); load(number, sheet, left - 1); }, AGAIN);
    return timers.add(timer);
  }

  function sheetOf(cell) {
    const number = Math.floor(cell / ON_SHEET);
    let sheet = sheets.get(number);
    if (!sheet) {
      sheet = { bitmap: null };
      sheets.set(number, sheet);
      load(number, sheet);
      if (sheets.size > SHEETS) {
        const [oldest, old] = sheets.entries().next().value;
        old.bitmap?.close();
        sheets.delete(oldest);
      }
    }
    return sheet.bitmap;
  }

  function single(row) {
    let image = singles.get(row);
    if (image) singles.delete(row); // put last again: the one not used longest goes first
    else {
      image = new Image();
      image.onload = redraw;
      image.src = `${m.settings.thumbs}/${row}/96.jpg`;
    }
    singles.set(row, image);
    if (singles.size > SINGLE) singles.delete(singles.keys().next().value);
    return image.complete && image.naturalWidth > 0 ? image : null;
  }

  // Draws picture i around (sx, sy), `side` pixels wide; false while it is on its way.
  function put(pen, i, sx, sy, side, color, fine) {
    const one = fine ? single(m.row[i]) : null, sheet = one || !m.cell ? null : sheetOf(m.cell[i]);
    if (!one && !sheet) return false;
    const left = sx - side / 2, top = sy - side / 2, at = m.cell ? m.cell[i] % ON_SHEET : 0;
    pen.fillStyle = color;
    pen.fillRect(left - 2, top - 2, side + 4, side + 4);
    if (one) {
      const short = Math.min(one.naturalWidth, one.naturalHeight);
      pen.drawImage(one, (one.naturalWidth - short) / 2, (one.naturalHeight - short) / 2, short, short, left, top, side, side);
    } else pen.drawImage(sheet, (at % ROW) * CELL, Math.floor(at / ROW) * CELL, CELL, CELL, left, top, side, side);
    return true;
  }

  return { change, put, stop() { over = true; forget(); } };
}

// Which of the points (x, y, in order of importance) get a picture of `side` pixels, so that none covers another.
function apart(points, side) {
  const step = side + 5, cells = new Map(), kept = [];
  for (const point of points) {
    const cx = Math.floor(point.sx / step), cy = Math.floor(point.sy / step);
    let free = true;
    for (let y = cy - 1; free && y <= cy + 1; y++)
      for (let x = cx - 1; free && x <= cx + 1; x++) {
        const other = cells.get(y * 4096 + x);
        free = !other || other.every((o) => Math.abs(o.sx - point.sx) >= step || Math.abs(o.sy - point.sy) >= step);
      }
    if (!free) continue;
    const key = cy * 4096 + cx;
    if (!cells.has(key)) cells.set(key, []);
    cells.get(key).push(point);
    kept.push(point);
  }
  return kept;
}
