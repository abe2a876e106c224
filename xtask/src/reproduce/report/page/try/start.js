// Starts the section once the engine is there, and says why where it cannot be.
(function () {
  "use strict";

  const section = document.getElementById("try");
  const part = (name) => section.querySelector(`.${name}-part`);
  const text = (name) => document.getElementById(name).textContent;

  function missing(why) {
    section.classList.add("off");
    section.querySelector(".missing").textContent =
      `Nothing can be tried in this browser: ${why}. The rest of the report needs none of it.`;
  }

  async function load(modules) {
    if (typeof WebAssembly !== "object") throw new Error("it runs no WebAssembly");
    try {
      return await Minutia.load(modules);
    } catch (error) {
      throw new Error(`its WebAssembly has no vectors of 128 bits, or not enough memory (${error.message})`);
    }
  }

  function classifier(reader) {
    return (pixels) => {
      if (!(pixels instanceof Uint8Array) || pixels.length !== 784) {
        throw new TypeError("classify takes a Uint8Array of 784 pixels, 0 for black and 255 for white ink");
      }
      return Array.from(reader.read(pixels).probabilities);
    };
  }

  async function start() {
    const data = JSON.parse(text("try-data"));
    const modules = { plain: text("module-plain").trim(), relaxed: text("module-relaxed").trim() };
    const engine = await load(modules);
    section.querySelector(".variant").textContent = engine.variant;
    const weights = data.weights ? Bits.floats(data.weights) : null;
    if (weights) {
      const reader = engine.reader(weights);
      new DrawDigit.Drawing(part("draw"), data, reader);
      new IdealImage.Descent(part("ideal"), data, engine, weights);
      window.minutia.classify = classifier(reader);
    } else {
      for (const name of ["draw", "ideal"]) part(name).hidden = true;
      window.minutia.classify = () => {
        throw new Error("this report has no trained network of the post's size");
      };
    }
    new MatrixInverse.Descent(part("inverse"), data, engine);
    new TrainHere.Trainer(part("train"), data, modules, engine.variant);
    section.classList.add("ready");
  }

  // Until the engine is there, and where it never will be, a promise.
  const ready = start();
  window.minutia = { ready, classify: (pixels) => ready.then(() => window.minutia.classify(pixels)) };
  ready.catch((error) => missing(error.message));
})();
