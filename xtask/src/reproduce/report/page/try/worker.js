// Trains in a thread of its own. The page's script of the engine stands before this one.
(function () {
  "use strict";

  const DRAWN_AT_ONCE = 2000;
  const STEPS_AT_ONCE = 10;
  let paused = false;
  let resume = null;

  // Lets messages arrive, and waits while the reader has paused.
  async function breathe() {
    await new Promise((done) => setTimeout(done, 0));
    while (paused) await new Promise((done) => (resume = done));
  }

  async function train({ modules, variant, seed, epochs }) {
    const engine = await Minutia.load(modules, variant);
    postMessage({ kind: "loaded", variant: engine.variant });
    const digits = engine.digits();
    for (let there = 0; there < Minutia.DIGITS; ) {
      there = digits.draw(DRAWN_AT_ONCE);
      postMessage({ kind: "drawn", there, all: Minutia.DIGITS });
      await breathe();
    }
    const training = digits.train(seed);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const start = performance.now();
      for (let step = 0; step < Minutia.EPOCH; step += STEPS_AT_ONCE) {
        const losses = training.steps(Math.min(STEPS_AT_ONCE, Minutia.EPOCH - step));
        const loss = losses.reduce((sum, value) => sum + value, 0) / losses.length;
        postMessage({ kind: "steps", epoch, step: step + losses.length, loss });
        await breathe();
      }
      const seconds = (performance.now() - start) / 1000;
      postMessage({ kind: "epoch", epoch, seconds, digest: training.digest(), test: training.test() });
      await breathe();
    }
    postMessage({ kind: "done" });
  }

  onmessage = ({ data }) => {
    if (data.kind === "start") {
      train(data).catch((error) => postMessage({ kind: "failed", message: error.message }));
    } else {
      paused = data.kind === "pause";
      if (!paused && resume) resume();
    }
  };
})();
