// Read-outs: what stands under the pointer, the finger or, by the arrow keys, the guide of a chart.
(function () {
  "use strict";

  const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

  // A number in five digits, as the figures write theirs.
  function number(value) {
    if (value === 0) return "0";
    const size = Math.abs(value);
    const sign = value < 0 ? "−" : "";
    if (size >= 1e7 || size < 1e-4) {
      const [digits, exponent] = size.toExponential(3).split("e");
      const power = [...String(Number(exponent))].map((sign) => RAISED[sign]).join("");
      return `${sign}${Number(digits)}×10${power}`;
    }
    return sign + Number(size.toPrecision(5)).toLocaleString("en-US", { maximumFractionDigits: 9 });
  }

  // Where a value stands along an axis, from 0 to 1.
  function along(axis, value) {
    const at = axis.log ? Math.log : (number) => number;
    return (at(value) - at(axis.low)) / (at(axis.high) - at(axis.low));
  }

  function element(kind, name, parent) {
    const made = document.createElement(kind);
    made.className = name;
    parent.append(made);
    return made;
  }

  // A chart with its points as shares of the plot's sides, to the right and down.
  function placed(plot) {
    const curves = plot.curves.map((curve) => ({
      ...curve,
      places: curve.points.map(([x, y]) => [along(plot.x, x), 1 - along(plot.y, y)]),
    }));
    const stops = [...new Set(curves.flatMap((curve) => curve.points.map((point) => point[0])))];
    stops.sort((a, b) => along(plot.x, a) - along(plot.x, b));
    return { ...plot, curves, stops };
  }

  class Reader {
    constructor(box, plot, size) {
      this.plot = placed(plot);
      this.box = box;
      this.node = element("div", "reader", box);
      const [x, y] = plot.corner;
      Object.assign(this.node.style, {
        left: `${(100 * x) / size[0]}%`,
        top: `${(100 * y) / size[1]}%`,
        width: `${(100 * plot.size[0]) / size[0]}%`,
        height: `${(100 * plot.size[1]) / size[1]}%`,
      });
      this.node.tabIndex = 0;
      this.node.setAttribute("role", "slider");
      this.node.setAttribute("aria-label", `Values of ${plot.title || plot.y.label}, by ${plot.x.label}`);
      this.node.setAttribute("aria-valuemin", 0);
      this.node.setAttribute("aria-valuemax", this.plot.stops.length - 1);
      this.node.setAttribute("aria-valuenow", 0);
      this.at = 0;
      this.shown = [];
      for (const kind of ["pointermove", "pointerdown"]) {
        this.node.addEventListener(kind, (event) => this.point(event));
      }
      this.node.addEventListener("pointerleave", (event) => {
        if (event.pointerType === "mouse") this.hide();
      });
      this.node.addEventListener("keydown", (event) => this.key(event));
      this.node.addEventListener("focus", () => {
        if (this.node.matches(":focus-visible")) this.show(this.at);
      });
      this.node.addEventListener("blur", () => this.hide());
    }

    // The stop nearest to a pointer: along the axis where there are lines, on the plane where there are dots.
    point(event) {
      const { left, top, width, height } = this.node.getBoundingClientRect();
      const [x, y] = [event.clientX - left, event.clientY - top];
      const flat = this.plot.curves.some((curve) => curve.joined);
      let best = Infinity;
      let stop = 0;
      for (const curve of this.plot.curves) {
        curve.places.forEach((place, i) => {
          const far = Math.hypot(place[0] * width - x, flat ? 0 : place[1] * height - y);
          if (far < best) [best, stop] = [far, curve.points[i][0]];
        });
      }
      this.show(this.plot.stops.indexOf(stop));
    }

    key(event) {
      const last = this.plot.stops.length - 1;
      const page = Math.max(1, Math.round(last / 10));
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page };
      if (event.key === "Escape" && this.shown.length) this.hide();
      else if (event.key === "Home") this.show(0);
      else if (event.key === "End") this.show(last);
      else if (steps[event.key]) this.show(this.at + steps[event.key]);
      else return;
      event.preventDefault();
    }

    // The point of each curve that stands nearest to a stop.
    values(stop) {
      const at = along(this.plot.x, stop);
      const near = (curve) => {
        let best = 0;
        curve.places.forEach((place, i) => {
          if (Math.abs(place[0] - at) < Math.abs(curve.places[best][0] - at)) best = i;
        });
        return { curve, point: curve.points[best], place: curve.places[best] };
      };
      const found = this.plot.curves.filter((curve) => curve.points.length).map(near);
      return found.filter(({ curve, place }) => curve.joined || place[0] === at);
    }

    show(stop) {
      this.hide();
      this.at = Math.min(Math.max(stop, 0), this.plot.stops.length - 1);
      const x = this.plot.stops[this.at];
      const at = along(this.plot.x, x);
      const guide = element("div", "guide", this.node);
      guide.style.left = `${100 * at}%`;
      const tip = element("div", "tip", this.box);
      element("b", "", tip).textContent = `${this.plot.x.label} ${number(x)}`;
      const words = [tip.textContent];
      for (const { curve, point, place } of this.values(x)) {
        const spot = element("div", "spot", this.node);
        Object.assign(spot.style, { left: `${100 * place[0]}%`, top: `${100 * place[1]}%`, background: curve.color });
        const line = element("span", "", tip);
        const there = point[0] === x ? "" : ` (at ${number(point[0])})`;
        const text = `${curve.name || this.plot.y.label}: ${number(point[1])}${there}`;
        element("i", "", line).style.background = curve.color;
        line.append(text);
        words.push(text);
        this.shown.push(spot);
      }
      this.shown.push(guide, tip);
      this.settle(tip, at);
      this.node.setAttribute("aria-valuenow", this.at);
      this.node.setAttribute("aria-valuetext", words.join("; "));
    }

    // Puts the words beside the guide, on the side where there is room.
    settle(tip, at) {
      const x = this.node.offsetLeft + at * this.node.offsetWidth;
      const right = x + 12 + tip.offsetWidth <= this.box.clientWidth;
      const left = right ? x + 12 : Math.max(0, x - 12 - tip.offsetWidth);
      tip.style.left = `${left}px`;
      tip.style.top = `${this.node.offsetTop + 8}px`;
    }

    hide() {
      for (const node of this.shown) node.remove();
      this.shown = [];
    }
  }

  for (const data of document.querySelectorAll("script.readouts")) {
    const { size, plots } = JSON.parse(data.textContent);
    const box = data.closest("figure").querySelector(".plot");
    for (const plot of plots) if (plot.curves.some((curve) => curve.points.length)) new Reader(box, plot, size);
  }
})();
