// Drives Chromium by its DevTools protocol through a pipe: real keys, a real mouse, no library.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

export class Browser {
  static async start() {
    for (const name of NAMES) {
      const browser = new Browser(name);
      if (await browser.hasStarted) return browser;
    }
    throw new Error("no Chromium is installed");
  }

  constructor(name) {
    this.profile = mkdtempSync(join(tmpdir(), "page-check-"));
    this.waiting = new Map();
    this.listeners = [];
    this.number = 0;
    this.process = spawn(name, ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
      "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
      "--remote-debugging-pipe", "--user-data-dir=" + this.profile, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.hasStarted = new Promise((tell) => {
      this.process.once("error", () => tell(false));
      this.process.once("spawn", () => tell(true));
    });
    this.process.stdio[3].on("error", () => {});
    let text = "";
    this.process.stdio[4].setEncoding("utf8").on("data", (part) => {
      text += part;
      const messages = text.split("\0");
      text = messages.pop();
      messages.forEach((message) => this.#heard(JSON.parse(message)));
    });
  }

  #heard(message) {
    if (message.id === undefined) {
      this.listeners.forEach((listener) => listener(message));
      return;
    }
    const { resolve, reject } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(message.error.message));
    else resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.number;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.process.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
    });
  }

  // A tab of `width` by `height` pixels.
  async page({ width = 1280, height = 900, isPhone = false, isDark = false, isPrint = false, bypassesPolicy = false, scale = 1 } = {}) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    for (const domain of ["Page", "Runtime", "Log"]) await page.send(domain + ".enable");
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: scale, mobile: isPhone });
    await page.send("Emulation.setEmulatedMedia", {
      media: isPrint ? "print" : "",
      features: [{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }],
    });
    await page.send("Page.bringToFront");
    // Only to let an examiner in that the page's own policy would keep out.
    if (bypassesPolicy) await page.send("Page.setBypassCSP", { enabled: true });
    return page;
  }

  async close() {
    const ended = new Promise((tell) => this.process.once("exit", tell));
    const tooLate = setTimeout(() => this.process.kill("SIGKILL"), 5000);
    this.send("Browser.close").catch(() => {});
    await ended;
    clearTimeout(tooLate);
    try {
      rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 });
    } catch {
      // One of its processes still writes; the folder is a temporary one.
    }
  }
}

class Page {
  constructor(browser, targetId, sessionId) {
    this.browser = browser;
    this.targetId = targetId;
    this.sessionId = sessionId;
    // What the page complained of.
    this.errors = [];
    browser.listeners.push((message) => {
      if (message.sessionId !== sessionId) return;
      if (message.method === "Runtime.exceptionThrown") this.errors.push(message.params.exceptionDetails.text);
      if (message.method === "Log.entryAdded") this.errors.push(message.params.entry.text);
      if (message.method === "Runtime.consoleAPICalled" && message.params.type === "error") this.errors.push("console.error");
      if (message.method === "Page.loadEventFired" && this.loaded) this.loaded();
    });
  }

  send(method, params = {}) {
    return this.browser.send(method, params, this.sessionId);
  }

  async open(file, fragment = "") {
    const loaded = new Promise((tell) => { this.loaded = tell; });
    await this.send("Page.navigate", { url: "file://" + file + fragment });
    await loaded;
    // Two frames later everything has been painted.
    await this.run("new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(tell)))");
  }

  // The value of an expression in the page.
  async run(expression) {
    const { result, exceptionDetails } =
      await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description || exceptionDetails.text);
    return result.value;
  }

  // Presses and releases a key: `Tab`, `Enter` or `Space`.
  async press(key) {
    const [code, text] = { Tab: [9, ""], Enter: [13, "\r"], Space: [32, " "] }[key];
    const event = { key: key === "Space" ? " " : key, code: key, windowsVirtualKeyCode: code };
    await this.send("Input.dispatchKeyEvent", { ...event, type: text ? "keyDown" : "rawKeyDown", text });
    await this.send("Input.dispatchKeyEvent", { ...event, type: "keyUp" });
  }

  // Drags the mouse with its button down.
  async drag(from, to) {
    const mouse = (type, [x, y]) => this.send("Input.dispatchMouseEvent", { type, x, y, button: "left", buttons: 1, clickCount: 1 });
    await mouse("mousePressed", from);
    await mouse("mouseMoved", [(from[0] + to[0]) / 2, to[1]]);
    await mouse("mouseMoved", to);
    await mouse("mouseReleased", to);
  }

  // A picture of the whole page, or of its upper part.
  async picture(most = 4000) {
    const height = Math.min(most, await this.run("document.documentElement.scrollHeight"));
    const width = await this.run("innerWidth");
    const clip = { x: 0, y: 0, width, height, scale: 1 };
    const { data } = await this.send("Page.captureScreenshot", { format: "png", clip, captureBeyondViewport: true });
    return Buffer.from(data, "base64");
  }

  close() {
    return this.browser.send("Target.closeTarget", { targetId: this.targetId });
  }
}
