// The report in a real browser: `node browser.mjs OUT READINGS [PICTURES]`.
//
// OUT is what `cargo xtask reproduce --dataset digits` wrote, READINGS what `cargo run -p xtask --example readings OUT
// READINGS` did, and PICTURES a folder for screenshots. Takes playwright-core; CHROMIUM names another browser than
// /usr/bin/chromium.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [out, readings, pictures] = process.argv.slice(2);
const url = pathToFileURL(path.resolve(out, "report.html")).href;
const results = JSON.parse(fs.readFileSync(path.join(out, "results.json")));
const claims = results.claims.length;
// What a session computes of the first epoch, where the results have no digest of it.
const answers = JSON.parse(fs.readFileSync("crates/web/tests/answers.json"));

const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const IMAGES = 1000;

const id = (name) => `[data-testid="${name}"]`;

async function launch(flags = []) {
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

// Opens the report in a page that tells of errors and of requests to anywhere else.
async function open(browser, options = {}, before = null) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  const wrong = [];
  page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  context.on("request", (request) => {
    const to = request.url();
    if (to !== url && !/^(data|blob):/.test(to) && !to.startsWith(`${url}#`)) wrong.push(`a request to ${to}`);
  });
  await page.goto(url);
  return { page, context, wrong };
}

async function ready(page) {
  await page.waitForFunction(() => document.querySelector("#try.ready, #try.off"));
  assert.equal(await page.locator("#try.ready").count(), 1, await page.locator("#try .missing").textContent());
}

// Nothing can be tried, and everything else is there.
async function untried(page, why) {
  await page.locator("#try.off").waitFor({ state: "attached" });
  assert.match(await page.locator("#try .missing").textContent(), why);
  assert.ok(!(await page.locator(id("draw-canvas")).isVisible()));
  assert.equal(await page.locator(".claims tr").count(), claims);
  assert.ok(await page.locator("figure img").first().isVisible());
}

const probabilities = (page) =>
  page.evaluate(() =>
    Array.from({ length: 10 }, (_, digit) =>
      Number(document.querySelector(`[data-testid="draw-probability-${digit}"]`).getAttribute("aria-valuenow")),
    ),
  );

async function picture(page, name, options = {}) {
  if (pictures) await page.screenshot({ path: path.join(pictures, `${name}.png`), ...options });
}

// A seven, as a hand draws it.
async function draw(page) {
  const field = page.locator(id("draw-canvas"));
  await field.scrollIntoViewIfNeeded();
  const { x, y, width, height } = await field.boundingBox();
  const at = (a, b) => [x + a * width, y + b * height];
  await page.mouse.move(...at(0.25, 0.25));
  await page.mouse.down();
  await page.mouse.move(...at(0.72, 0.25), { steps: 12 });
  await page.mouse.move(...at(0.42, 0.82), { steps: 16 });
  await page.mouse.up();
  await page.waitForTimeout(100);
}

const checks = {
  async "a stroke changes the bars, and the field can be cleared"(browser) {
    const { page, wrong } = await open(browser);
    await ready(page);
    assert.deepEqual(await probabilities(page), Array(10).fill(0));
    await draw(page);
    const read = await probabilities(page);
    const sum = read.reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(sum - 1) < 1e-5, `the probabilities add up to ${sum}`);
    const best = read.indexOf(Math.max(...read));
    assert.match(await page.locator(id("draw-prediction")).textContent(), new RegExp(`reads a ${best}`));
    assert.match(await page.locator(".nearest-name").textContent(), /nearest to the mean of the \d/);
    await picture(page, "draw");
    await page.locator(id("draw-clear")).click();
    assert.deepEqual(await probabilities(page), Array(10).fill(0));
    assert.deepEqual(wrong, []);
  },

  async "images are read as the native program reads them"(browser) {
    const { page, wrong } = await open(browser);
    await ready(page);
    const bytes = fs.readFileSync(readings);
    assert.equal(bytes.length, IMAGES * (784 + 40));
    const images = bytes.subarray(0, IMAGES * 784).toString("base64");
    const read = await page.evaluate((text) => {
      const pixels = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
      const all = [];
      for (let i = 0; i < pixels.length; i += 784) all.push(...window.minutia.classify(pixels.slice(i, i + 784)));
      return all;
    }, images);
    const native = new Float32Array(bytes.buffer.slice(bytes.byteOffset + IMAGES * 784, bytes.byteOffset + bytes.length));
    const other = read.findIndex((value, i) => !Object.is(value, native[i]));
    assert.equal(other, -1, `number ${other} is ${read[other]} in the page and ${native[other]} in the native program`);
    assert.equal(read.length, native.length);
    assert.deepEqual(wrong, []);
  },

  async "the published ideal images and the inverse are those of the report"(browser) {
    const { page, wrong } = await open(browser);
    await ready(page);
    for (const [penalty, digit] of [["L2", "3"], ["L1", "8"], ["none", "0"]]) {
      await page.locator(id("ideal-class")).selectOption(digit);
      await page.locator(id("ideal-penalty")).selectOption(penalty);
      await page.locator(id("ideal-run")).click();
      await page.locator(`${id("ideal-verdict")}.good, ${id("ideal-verdict")}.bad`).waitFor({ timeout: 60_000 });
      assert.match(await page.locator(id("ideal-verdict")).textContent(), /^✓ Bit for bit/);
    }
    await page.locator(id("inverse-run")).click();
    await page.locator(`${id("inverse-verdict")}.good, ${id("inverse-verdict")}.bad`).waitFor({ timeout: 120_000 });
    assert.match(await page.locator(id("inverse-verdict")).textContent(), /^✓ The published curve.* and the inverse at their end are/);
    const loss = Number(await page.locator(id("inverse-loss")).textContent());
    assert.ok(Math.abs(loss - results.inverse.final_loss) < 1e-6, `the loss is ${loss}`);
    await picture(page, "inverse");
    assert.deepEqual(wrong, []);
  },

  async "an epoch in the worker gives the published parameters"(browser) {
    const { page, wrong } = await open(browser);
    await ready(page);
    await page.locator(id("train-start")).click();
    await page.locator(`${id("train-verdict")}:not(:empty)`).waitFor({ timeout: 120_000 });
    const words = await page.locator(id("train-verdict")).textContent();
    const digest = await page.locator(id("train-digest")).textContent();
    const published = results.classifier.epochs[0].parameters_sha256;
    assert.equal(digest, published ?? answers["training.epoch.parameters"]);
    assert.match(words, published ? /your browser computed the same 238,510 numbers/ : /no published digest/);
    await page.locator(id("train-pause")).click();
    const at = await page.locator(id("train-epoch")).textContent();
    await page.waitForTimeout(1500);
    const later = await page.locator(id("train-epoch")).textContent();
    await page.waitForTimeout(1500);
    assert.equal(await page.locator(id("train-epoch")).textContent(), later, `it goes on from '${at}'`);
    await picture(page, "train");
    await page.locator(id("train-stop")).click();
    assert.equal(await page.locator(id("train-epoch")).textContent(), "Stopped.");
    assert.deepEqual(wrong, []);
  },

  async "curves are read, figures enlarged and commands copied, by keyboard alone"(browser) {
    const { page, context, wrong } = await open(browser);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await ready(page);
    const reader = page.locator("#training_curves .reader").first();
    await reader.focus();
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowRight");
    assert.match(await reader.getAttribute("aria-valuetext"), /^epoch 2; training images: [\d.]+; test images: [\d.]+$/);
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".tip").count(), 0);

    const enlarge = page.locator("#training_curves .enlarge");
    await enlarge.focus();
    await page.keyboard.press("Enter");
    assert.ok(await page.locator("#large img").isVisible());
    await page.keyboard.press("Escape");
    assert.ok(!(await page.locator("#large").isVisible()));
    assert.ok(await enlarge.evaluate((button) => button === document.activeElement), "the button has lost the focus");
    assert.equal(await page.locator("#training_curves img").count(), 1);

    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForTimeout(100);
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^cargo xtask reproduce classifier/);

    const field = page.locator(id("draw-canvas"));
    await field.focus();
    await page.keyboard.press("Space");
    for (let i = 0; i < 15; i++) await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await page.waitForTimeout(100);
    assert.ok(Math.max(...(await probabilities(page))) > 0);
    assert.deepEqual(wrong, []);
  },

  async "the contents follow the scroll"(browser) {
    const { page, wrong } = await open(browser);
    const current = () => page.locator(".contents [aria-current]").getAttribute("href");
    assert.equal(await current(), "#top");
    await page.evaluate(() => document.getElementById("stage-fingerprints").scrollIntoView());
    await page.waitForTimeout(200);
    assert.equal(await current(), "#stage-fingerprints");
    assert.equal(await page.locator(".contents [aria-current]").count(), 1);
    assert.deepEqual(wrong, []);
  },

  async "nothing is wider than a phone, light or dark"(browser) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context, wrong } = await open(browser, { viewport: { width: 360, height: 780 }, colorScheme, hasTouch: true });
      await ready(page);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.equal(width, 360);
      await picture(page, `phone-${colorScheme}`);
      await page.locator("#try").scrollIntoViewIfNeeded();
      await page.evaluate(() => document.getElementById("try").scrollIntoView());
      await picture(page, `phone-try-${colorScheme}`);
      assert.deepEqual(wrong, []);
      await context.close();
      const wide = await open(browser, { colorScheme });
      await ready(wide.page);
      await draw(wide.page);
      await picture(wide.page, `wide-${colorScheme}`, { fullPage: true });
      await wide.context.close();
    }
  },

  async "paper has the figures and neither buttons nor contents"(browser) {
    const { page, wrong } = await open(browser);
    await page.emulateMedia({ media: "print" });
    for (const gone of [".contents", ".tools", "#try"]) {
      assert.ok(!(await page.locator(gone).first().isVisible()), `${gone} is printed`);
    }
    assert.ok(await page.locator("figure img").first().isVisible());
    if (pictures) await page.pdf({ path: path.join(pictures, "print.pdf"), format: "A4" });
    assert.deepEqual(wrong, []);
  },

  async "a browser without WebAssembly says so and shows the rest"(browser) {
    const { page, wrong } = await open(browser, {}, () => delete globalThis.WebAssembly);
    await untried(page, /it runs no WebAssembly/);
    assert.deepEqual(wrong, []);
  },

  async "a browser whose WebAssembly has no vectors says so and shows the rest"() {
    const browser = await launch(["--js-flags=--no-enable-sse4-1"]);
    const { page, wrong } = await open(browser);
    await untried(page, /no vectors of 128 bits/);
    assert.deepEqual(wrong, []);
    await browser.close();
  },

  async "relaxed multiply-adds are taken where there are some, and both variants agree"(browser) {
    const { page, wrong } = await open(browser);
    await ready(page);
    const told = await page.evaluate(async () => [await Minutia.fuses(), document.querySelector("#try .variant").textContent]);
    assert.equal(told[1], told[0] ? "relaxed" : "plain");
    const digests = await page.evaluate(async () => {
      const text = (name) => document.getElementById(`module-${name}`).textContent.trim();
      const modules = { plain: text("plain"), relaxed: text("relaxed") };
      const variants = (await Minutia.fuses()) ? ["plain", "relaxed"] : ["plain"];
      const found = [];
      for (const variant of variants) {
        const engine = await Minutia.load(modules, variant);
        const inverse = engine.matrixInverse(engine.randomMatrix(5), { optimizer: "Adam", rate: 0.01 });
        inverse.steps(500);
        found.push(Array.from(inverse.now().x).join());
      }
      return found;
    });
    assert.equal(new Set(digests).size, 1);
    console.log(`  the variant is ${told[1]}`);
    assert.deepEqual(wrong, []);
  },
};

const browser = await launch();
let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  const start = Date.now();
  try {
    await check(browser);
    console.log(`ok      ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
  await Promise.all(browser.contexts().map((context) => context.close()));
}
await browser.close();
process.exit(failed ? 1 : 0);
