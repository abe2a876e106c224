// A drawing becomes an image as those of MNIST: the ink is cropped, scaled to fit 20 x 20 pixels with greys where
// a pixel is partly inked, and placed in 28 x 28 with its centre of mass in the middle.
const Prepare = (function () {
  "use strict";

  const SIDE = 28;
  const BOX = 20;

  // The smallest rectangle around all ink; null where there is none.
  function bounds(ink, width, height) {
    const box = { left: width, top: height, right: 0, bottom: 0 };
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (!ink[y * width + x]) continue;
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x + 1);
        box.top = Math.min(box.top, y);
        box.bottom = Math.max(box.bottom, y + 1);
      }
    }
    return box.right > box.left ? box : null;
  }

  // How much of a row of `count` cells each of `parts` equal parts covers: [cell, share] of each part.
  function shares(count, parts) {
    const length = count / parts;
    return Array.from({ length: parts }, (_, part) => {
      const [from, to] = [part * length, (part + 1) * length];
      const cells = [];
      for (let cell = Math.floor(from); cell < Math.min(Math.ceil(to), count); cell++) {
        cells.push([cell, (Math.min(to, cell + 1) - Math.max(from, cell)) / length]);
      }
      return cells;
    });
  }

  // `ink` has a number from 0 to 255 for each pixel, `width` in a row. Gives 784 bytes, all zero without ink.
  function prepare(ink, width, height) {
    const image = new Uint8Array(SIDE * SIDE);
    const box = bounds(ink, width, height);
    if (!box) return image;
    const [wide, tall] = [box.right - box.left, box.bottom - box.top];
    const scale = BOX / Math.max(wide, tall);
    const [columns, rows] = [wide, tall].map((side) => Math.max(1, Math.round(side * scale)));
    const [across, down] = [shares(wide, columns), shares(tall, rows)];
    const small = new Float64Array(columns * rows);
    let [mass, massX, massY] = [0, 0, 0];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        let sum = 0;
        for (const [y, shareY] of down[row]) {
          for (const [x, shareX] of across[column]) {
            sum += ink[(box.top + y) * width + box.left + x] * shareX * shareY;
          }
        }
        small[row * columns + column] = sum;
        mass += sum;
        massX += sum * (column + 0.5);
        massY += sum * (row + 0.5);
      }
    }
    const left = Math.min(Math.max(Math.round(SIDE / 2 - massX / mass), 0), SIDE - columns);
    const top = Math.min(Math.max(Math.round(SIDE / 2 - massY / mass), 0), SIDE - rows);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        image[(top + row) * SIDE + left + column] = Math.round(Math.min(small[row * columns + column], 255));
      }
    }
    return image;
  }

  return { prepare };
})();
