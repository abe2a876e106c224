// Compares what the modules in `dist` compute with `answers.json`, which sessions computed, and with repro.lock:
//
//   node [--experimental-wasm-relaxed-simd] answers.cjs [quick]
//
// `quick` leaves the epoch of training out, and what takes its weights. A variant that this Node cannot run is
// skipped, and said to be.
"use strict";

const crypto = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const Minutia = require("../minutia.js");

const SEED = 11;
const DIGIT = 3;
const IDEAL = { none: ["none", 200], l1: ["L1", 200], l2: ["L2", 1000] };
const PENALTY = 0.25;
const RATE = 0.01;
const EVERY = 100;
const FEW = 60;
const READ = 1000;
// Seconds of one core that an epoch may take.
const LIMITS = { plain: 30, relaxed: 10 };

const quick = process.argv.includes("quick");
const file = (...names) => fs.readFileSync(path.join(__dirname, ...names));
const answers = JSON.parse(file("answers.json"));
const lock = file("..", "..", "..", "repro.lock").toString();

const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest("hex");
const digest = (...arrays) => {
  const hash = crypto.createHash("sha256");
  for (const a of arrays) hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength));
  return hash.digest("hex");
};
const concat = (arrays) => Float32Array.from(arrays.flatMap((a) => [...a]));

// A float as results have it: the shortest decimals that are this one among all of 32 bits.
function short(value) {
  let text = "";
  for (let digits = 1; digits <= 9; digits++) {
    text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) break;
  }
  const number = Number(text);
  if (Object.is(number, -0)) return "-0.0";
  if (Number.isInteger(number)) return `${number}.0`;
  return Math.abs(number) < 1e-5 ? number.toExponential() : String(number);
}

// The digest that repro.lock has of a list.
function locked(name) {
  const line = lock.split("\n").find((text) => text.startsWith(`"${name}" = `));
  return line.split(" = ")[1].replaceAll('"', "");
}

function listed(values) {
  return `${values.length} items, sha256 ${sha256(`[${[...values].map(short).join(",")}]`)}`;
}

// Of this process, whatever else the machine does.
const seconds = () => process.cpuUsage().user / 1e6;

// Each check in turn; names of those that fail.
function check(minutia) {
  const wrong = [];
  const compare = (name, found, expected = answers[name]) => {
    if (found !== expected) wrong.push(`${name}: ${found}, expected ${expected}`);
  };
  inverses(minutia, compare);
  if (!quick) {
    published(minutia, compare);
    const weights = training(minutia, compare);
    for (const [name, [penalty, steps]] of Object.entries(IDEAL)) {
      const ideal = minutia.idealImage(weights, { digit: DIGIT, penalty, strength: PENALTY });
      compare(`ideal.${name}.losses`, digest(ideal.steps(steps)));
      const { pixels, probabilities } = ideal.now();
      compare(`ideal.${name}.image`, digest(pixels, probabilities));
      ideal.free();
    }
  }
  refusals(minutia, compare);
  return wrong;
}

function inverses(minutia, compare) {
  const matrix = minutia.randomMatrix(SEED);
  for (const optimizer of ["Adagrad", "Adam"]) {
    const name = `inverse.${optimizer.toLowerCase()}`;
    const inverse = minutia.matrixInverse(matrix, { optimizer, rate: RATE });
    // Steps may be made in any number of calls.
    const losses = concat([...Array(20)].map(() => inverse.steps(100, EVERY)));
    compare(`${name}.losses`, digest(losses));
    const { x, output, loss } = inverse.now();
    compare(`${name}.state`, digest(x, output, Float32Array.of(loss)));
    inverse.free();
  }
}

// The published descent, as repro.lock has it.
function published(minutia, compare) {
  const matrix = minutia.randomMatrix(SEED);
  const inverse = minutia.matrixInverse(matrix, { optimizer: "Adagrad", rate: RATE });
  compare("inverse.matrix", listed(matrix), locked("inverse.matrix"));
  compare("inverse.loss", listed(inverse.steps(100000, 100)), locked("inverse.loss"));
  const { x, output, loss } = inverse.now();
  compare("inverse.x", listed(x), locked("inverse.x"));
  compare("inverse.output", listed(output), locked("inverse.output"));
  compare("inverse.final_loss", short(loss), locked("inverse.final_loss"));
  inverse.free();
}

// An epoch, and what its weights read.
function training(minutia, compare) {
  const digits = minutia.digits();
  let start = seconds();
  while (digits.draw(5000) < Minutia.DIGITS);
  const drawing = seconds() - start;
  const images = digits.testImages(READ);
  const network = digits.train(SEED);
  start = seconds();
  const losses = [network.steps(FEW)];
  compare("training.few.parameters", network.digest());
  losses.push(network.steps(Minutia.EPOCH - FEW));
  const epoch = seconds() - start;
  compare("training.epoch.parameters", network.digest());
  compare("training.epoch.losses", digest(...losses));
  const { crossEntropy, accuracy } = network.test();
  compare("training.epoch.test", `(${crossEntropy}, ${accuracy})`);
  const weights = network.parameters();
  network.free();
  const reader = minutia.reader(weights);
  start = seconds();
  const { probabilities, hidden } = reader.read(images);
  const reading = seconds() - start;
  compare("reader.probabilities", digest(probabilities));
  compare("reader.hidden", digest(hidden));
  reader.free();
  console.log(
    `${minutia.variant}: ${drawing.toFixed(1)} s to draw the digits, ${epoch.toFixed(1)} s an epoch, ` +
      `${((1000 * reading) / READ).toFixed(2)} ms to read an image`,
  );
  compare("an epoch is within the limit", epoch <= LIMITS[minutia.variant], true);
  return weights;
}

// What cannot be done is an error that says why, and the module goes on.
function refusals(minutia, compare) {
  const message = (act) => {
    try {
      act();
      return "nothing was thrown";
    } catch (error) {
      return error.message;
    }
  };
  const cases = [
    [() => minutia.reader([1, 2]), "weights of the network: there are 2, and 238510 are needed"],
    [() => minutia.matrixInverse([1], {}), "entries of the matrix: there are 1, and 100 are needed"],
    [
      () => minutia.matrixInverse(minutia.randomMatrix(1), { rate: NaN }),
      "the learning rate is NaN; it must be a number that is not negative",
    ],
    [
      () => minutia.matrixInverse(minutia.randomMatrix(1), { optimizer: "SGD" }),
      "the optimizer is 4294967295; it must be 0 for Adagrad or 1 for Adam",
    ],
    [
      () => minutia.digits().train(1),
      "0 of 70000 images are drawn; draw all of them before training",
    ],
  ];
  for (const [act, expected] of cases) compare("refused", message(act), expected);
}

async function main() {
  const modules = { plain: file("..", "dist", "plain.wasm"), relaxed: file("..", "dist", "relaxed.wasm") };
  const fuses = await Minutia.fuses();
  let failed = false;
  for (const variant of ["plain", "relaxed"]) {
    if (variant === "relaxed" && !fuses) {
      console.log("skipped: relaxed, for want of relaxed SIMD that fuses (node --experimental-wasm-relaxed-simd)");
      continue;
    }
    const minutia = await Minutia.load(modules, variant);
    const wrong = check(minutia);
    for (const line of wrong) console.log(`${variant}: ${line}`);
    if (wrong.length === 0) console.log(`${variant}: the same bits`);
    failed ||= wrong.length > 0;
  }
  const chosen = (await Minutia.load(modules)).variant;
  if (chosen !== (fuses ? "relaxed" : "plain")) throw new Error(`the loader took ${chosen}`);
  process.exitCode = failed ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
