// Checks the page in Chromium: node check.mjs EHLOTRACE [LARGE-CAPTURE]
//
// It needs axe-core (npm ci in this folder). A check that cannot be done is a failure.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Browser } from "./browser.mjs";

const [program, large] = process.argv.slice(2).map((path) => resolve(path));
const samples = join(dirname(fileURLToPath(import.meta.url)), "../../samples");
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const folder = mkdtempSync(join(tmpdir(), "page-check-"));

function report(name, ...captures) {
  const file = join(folder, name + ".html");
  const run = spawnSync(program, ["scan", "--quiet", "--format", "html", "-o", file, ...captures], { cwd: samples, encoding: "utf8" });
  assert.ok([0, 1].includes(run.status), run.stderr);
  return file;
}

// What axe-core calls serious or critical, in the page as it is shown now.
async function examine(page, what) {
  await page.run(execFileSync("cat", [axe], { encoding: "utf8", maxBuffer: 1 << 26 }) + "; undefined");
  const found = await page.run(`axe.run(document, { resultTypes: ["violations"] }).then((results) => ({
    passes: results.passes.length,
    serious: results.violations.filter((violation) => ["serious", "critical"].includes(violation.impact))
      .map((violation) => violation.id + ": " + violation.nodes.slice(0, 3).map((node) => node.html + " " + node.failureSummary).join(" | ")),
  }))`);
  assert.ok(found.passes > 10, what + ": axe-core has looked at nothing");
  assert.deepEqual(found.serious, [], what);
}

// Presses Tab until `selector` has the focus; every element on the way shows that it has it.
async function tabTo(page, selector) {
  for (let presses = 0; presses < 400; presses += 1) {
    await page.press("Tab");
    const [isThere, outline, tag] = await page.run(`(() => {
      const at = document.activeElement;
      return [at.matches(${JSON.stringify(selector)}), getComputedStyle(at).outlineStyle, at.outerHTML.slice(0, 120)];
    })()`);
    assert.notEqual(outline, "none", "no focus to be seen on " + tag);
    if (isThere) return;
  }
  assert.fail(selector + " cannot be reached with Tab");
}

// A check that hangs is one that failed.
const LONGEST_MS = 240_000;

function within(ms, work) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error("took more than " + ms + " ms")), ms); });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const listed = (page) => page.run("document.querySelectorAll('#list tr.session').length");

const checks = {
  async "axe-core has nothing serious to say"(browser, pages) {
    for (const [what, options] of [["light", {}], ["dark", { isDark: true }], ["phone", { width: 360, height: 740, isPhone: true }]]) {
      const page = await browser.page({ ...options, bypassesPolicy: true });
      await page.open(pages.week, "#open=2");
      await examine(page, "a week, " + what);
      await page.open(pages.all, "#outcome=lost");
      await examine(page, "all samples, " + what);
      await page.close();
    }
  },

  async "nothing is wider than a small phone"(browser, pages) {
    for (const file of Object.values(pages)) {
      const page = await browser.page({ width: 360, height: 740, isPhone: true });
      await page.open(file);
      await page.run("document.querySelectorAll('details').forEach((details) => { details.open = true; })");
      await page.run("Array.from(document.querySelectorAll('.opener')).slice(0, 60).forEach((opener) => opener.click())");
      assert.equal(await page.run("document.documentElement.scrollWidth"), 360, file);
      await page.close();
    }
  },

  async "the keyboard is enough"(browser, pages) {
    const page = await browser.page();
    await page.open(pages.week);
    const all = await listed(page);
    await tabTo(page, ".numbers summary");
    await page.press("Enter");
    assert.ok(await page.run("document.querySelector('.numbers').open"));
    await tabTo(page, ".findings th a");
    await page.press("Enter");
    await page.run("new Promise((tell) => setTimeout(tell, 50))");
    assert.ok(await listed(page) < all, "a finding leads to its sessions");
    await tabTo(page, ".relays thead button");
    await page.press("Enter");
    assert.equal(await page.run("document.querySelector('.relays th').getAttribute('aria-sort')"), "ascending");
    await tabTo(page, ".relays summary");
    await page.press("Space");
    assert.ok(await page.run("document.activeElement.parentElement.open"));
    await tabTo(page, ".opener");
    await page.press("Enter");
    assert.equal(await page.run("document.querySelectorAll('.detail .ladder').length"), 1);
    await tabTo(page, ".copy");
    assert.deepEqual(page.errors, []);
    await page.close();
  },

  async "the mouse chooses a time"(browser, pages) {
    const page = await browser.page();
    await page.open(pages.week);
    const all = await listed(page);
    const [left, top, width, height] =
      await page.run("(() => { const box = document.getElementById('over-time').getBoundingClientRect(); return [box.left, box.top, box.width, box.height]; })()");
    await page.drag([left + width * 0.52, top + height / 2], [left + width * 0.995, top + height / 2]);
    const [from, chosen] = [await page.run("new URLSearchParams(location.hash.slice(1)).get('from')"), await listed(page)];
    assert.ok(from > "2003-04-15" && from < "2003-04-16", from);
    assert.ok(chosen > 0 && chosen < all, chosen + " of " + all);
    assert.ok(await page.run("Number(document.getElementById('brush').getAttribute('width')) > 0"));
    await page.close();
    const other = await browser.page();
    await other.open(pages.week, "#from=2003-04-15T06:00:00&until=2003-04-15T12:00:00");
    assert.equal(await listed(other), 2);
    await other.close();
  },

  async "10,000 sessions are painted within a second"(browser, pages) {
    if (!pages.large) assert.fail("no large capture was given");
    const times = [];
    for (let run = 0; run < 5; run += 1) {
      const page = await browser.page();
      await page.open(pages.large);
      times.push(await page.run("performance.getEntriesByName('first-contentful-paint')[0].startTime"));
      assert.ok(await page.run("document.querySelectorAll('#list tr.session').length > 0"));
      assert.deepEqual(page.errors, []);
      await page.close();
    }
    times.sort((one, other) => one - other);
    const told = times.map((time) => Math.round(time) + " ms").join(", ");
    console.log("  first paint of " + Math.round(statSync(pages.large).size / 1e6) + " MB: " + told);
    assert.ok(times[2] < 1000, told);
  },

  async "no page complains"(browser, pages) {
    for (const file of [pages.week, pages.all]) {
      const page = await browser.page();
      await page.open(file);
      await page.run("Array.from(document.querySelectorAll('.opener')).forEach((opener) => opener.click())");
      await page.run("dispatchEvent(new Event('beforeprint')); dispatchEvent(new Event('afterprint'))");
      assert.deepEqual(page.errors, [], file);
      await page.close();
    }
  },
};

const browser = await Browser.start();
let failed = 0;
try {
  const pages = { week: report("week", "week.pcap"), all: report("all", ".") };
  if (large) pages.large = report("large", large);
  for (const [name, check] of Object.entries(checks)) {
    try {
      await within(LONGEST_MS, check(browser, pages));
      console.log("ok: " + name);
    } catch (error) {
      failed += 1;
      console.log("FAILED: " + name + "\n" + error.message);
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
