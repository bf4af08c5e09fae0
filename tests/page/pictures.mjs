// Writes the pictures of the documents: node pictures.mjs EHLOTRACE

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Browser } from "./browser.mjs";

const program = resolve(process.argv[2]);
const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const pictures = join(root, "docs/pictures");
const folder = mkdtempSync(join(tmpdir(), "pictures-"));

const PICTURES = [
  ["light", { width: 1100, height: 900 }, "", 1400],
  ["dark", { width: 1100, height: 900, isDark: true }, "#open=15&cause=ehlo-argument&from=2003-04-15T06:00:00&until=2003-04-19T00:00:00", 2100],
  ["phone", { width: 390, height: 844, isPhone: true }, "", 1500],
  ["print", { width: 794, height: 1123, isPrint: true }, "", 1400],
];

const browser = await Browser.start();
try {
  mkdirSync(pictures, { recursive: true });
  const file = join(folder, "report.html");
  const run = spawnSync(program, ["scan", "--quiet", "-o", file, "samples/week.pcap"], { cwd: root, encoding: "utf8" });
  if (run.status !== 1) throw new Error(run.stderr);
  for (const [name, options, fragment, most] of PICTURES) {
    const page = await browser.page(options);
    await page.open(file, fragment);
    await page.run("scrollTo(0, 0)");
    writeFileSync(join(pictures, name + ".png"), await page.picture(most));
    await page.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
