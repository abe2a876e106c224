// Pictures that the page draws itself: grey pixels, and curves that grow.
const Pictures = (function () {
  "use strict";

  // Paints values as pixels, `low` white and `high` black, as the report's figures do.
  function grey(canvas, values, width, low = 0, high = 255) {
    canvas.width = width;
    canvas.height = values.length / width;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < values.length; i++) {
      const share = Math.min(Math.max((values[i] - low) / (high - low), 0), 1);
      image.data.fill(255 - Math.round(255 * share), 4 * i, 4 * i + 3);
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  // Paints values of both signs: red above zero, blue below, white zero.
  function signed(canvas, values, width) {
    canvas.width = width;
    canvas.height = values.length / width;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    const reach = values.reduce((reach, value) => Math.max(reach, Math.abs(value)), 0) || 1;
    values.forEach((value, i) => {
      const share = Math.abs(value) / reach;
      const ends = value > 0 ? [178, 24, 43] : [33, 102, 172];
      ends.forEach((end, k) => {
        image.data[4 * i + k] = Math.round(255 + (end - 255) * share);
      });
      image.data[4 * i + 3] = 255;
    });
    context.putImageData(image, 0, 0);
  }

  // A small chart with one logarithmic or linear axis beside it; its lines are given anew whenever they grow.
  class Chart {
    constructor(svg, { log, xLabel, yLabel, last }) {
      Object.assign(this, { svg, log, xLabel, yLabel, last });
      this.show([]);
    }

    ends(lines) {
      const values = lines.flatMap(({ points }) => points.map((point) => point[1]));
      const usable = values.filter((value) => Number.isFinite(value) && (!this.log || value > 0));
      if (!usable.length) return this.log ? [0.1, 10] : [0, 1];
      const [low, high] = [Math.min(...usable), Math.max(...usable)];
      if (!this.log) return [Math.min(0, low), high > 0 ? high * 1.05 : 1];
      return [10 ** Math.floor(Math.log10(low)), 10 ** Math.max(Math.ceil(Math.log10(high)), Math.floor(Math.log10(low)) + 1)];
    }

    // `lines` are { points: [[x, y]], name, dots } from the back to the front.
    show(lines) {
      const [width, height, left, lower] = [460, 220, 58, 184];
      const [low, high] = this.ends(lines);
      const at = this.log ? Math.log10 : (value) => value;
      const last = this.last;
      const x = (value) => left + (value / last) * (width - left - 14);
      const y = (value) => lower - ((at(value) - at(low)) / (at(high) - at(low))) * (lower - 26);
      const place = ([a, b]) => `${x(a).toFixed(1)},${Math.min(y(Math.max(b, low)), lower).toFixed(1)}`;
      const text = (a, b, anchor, words) => `<text x="${a}" y="${b}" text-anchor="${anchor}">${words}</text>`;
      const ticks = this.log
        ? Array.from({ length: Math.round(at(high) - at(low)) + 1 }, (_, i) => 10 ** (at(low) + i))
        : [0, 0.5, 1].map((share) => low + share * (high - low));
      const every = Math.ceil(ticks.length / 6);
      const rows = ticks.filter((_, i) => i % every === 0).map((tick) => {
        const label = this.log ? String(Number(tick.toPrecision(1))) : tick.toFixed(1);
        return `<path class="grid" d="M${left},${y(tick)}H${width - 14}"/>${text(left - 6, y(tick) + 4, "end", label)}`;
      });
      const drawn = lines
        .filter(({ points }) => points.length)
        .map(({ points, name, dots }) => {
          const mark = (point) => `<circle class="${name}" r="3" cx="${place(point).split(",")[0]}" cy="${place(point).split(",")[1]}"/>`;
          return `<polyline class="${name}" points="${points.map(place).join(" ")}"/>${dots ? points.map(mark).join("") : ""}`;
        });
      this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
      this.svg.innerHTML =
        rows.join("") +
        `<path class="axis" d="M${left},20V${lower}H${width - 14}"/>` +
        text(left, lower + 16, "start", "0") +
        text(width - 14, lower + 16, "end", last.toLocaleString("en-US")) +
        text((left + width) / 2, lower + 30, "middle", this.xLabel) +
        text(left - 50, 12, "start", this.yLabel) +
        drawn.join("");
    }
  }

  // At most so many points of a list, the last one among them.
  function thinned(points, most) {
    const every = Math.ceil(points.length / most) || 1;
    return points.filter((_, i) => i % every === 0 || i === points.length - 1);
  }

  return { grey, signed, Chart, thinned };
})();
