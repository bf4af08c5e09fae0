"use strict";
/* One session: its ladder, trace lines, evidence and remedy. Text of the capture only ever becomes text nodes. */

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== undefined && value !== null) made.setAttribute(name, value);
  }
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) made.append(child);
  }
  return made;
}

/* Seconds since the session's first frame, to the microsecond. */
function offset(atNs) {
  return atNs === undefined ? "" : (atNs / 1e9).toFixed(6);
}

function wait(ns) {
  const seconds = ns / 1e9;
  if (seconds < 60) return seconds.toFixed(1) + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min " + Math.round(seconds % 60) + " s";
  return Math.floor(seconds / 3600) + " h " + Math.round((seconds % 3600) / 60) + " min";
}

function cut(text, characters) {
  const all = Array.from(text);
  return all.length > characters ? all.slice(0, characters - 1).join("") + "\u2026" : text;
}

/* The hello with the character at fault marked. */
function helloNodes(hello) {
  if (!hello) return [];
  if (!hello.problem) return [element("code", {}, hello.before)];
  const mark = element("mark", { class: "fault" }, hello.mark || "\u2423");
  return [element("code", {}, hello.before, mark, hello.after), element("div", { class: "problem" }, hello.problem)];
}

/* A silence this long gets a line of its own in the ladder. */
const LONG_SILENCE_NS = 1e9;

function ladder(session) {
  const rungs = [];
  const spoken = [];
  let before = null;
  for (const event of session.events) {
    if (before !== null && event.at_ns !== undefined && event.at_ns - before > LONG_SILENCE_NS) {
      rungs.push(element("div", { class: "rung silence" }, element("span", { class: "label" },
        wait(event.at_ns - before) + " of silence")));
    }
    if (event.at_ns !== undefined) before = event.at_ns;
    const more = event.lines.length > 1 ? " (+" + (event.lines.length - 1) + ")" : "";
    const text = cut(event.lines[0] || "", 100) + more;
    const kind = ["rung", event.from || "remark", event.kind, event.decisive ? "fault" : ""].join(" ").trim();
    rungs.push(element("div", { class: kind },
      element("span", { class: "at" }, offset(event.at_ns)),
      element("span", { class: "label" }, event.decisive ? "\u2717 " + text : text),
      element("span", { class: "arrow" })));
    spoken.push((event.from ? event.from + ": " : "") + text);
  }
  return element("div", { class: "ladder", role: "img", "aria-label":
      "Ladder diagram of session " + session.id + ", client left, server right. " + spoken.join("; ") },
    element("div", { class: "ends" },
      element("div", {}, element("strong", {}, "Client"), element("span", {}, session.client)),
      element("div", {}, element("strong", {}, "Server"), element("span", {}, session.server),
        session.product ? element("span", {}, session.product) : null)),
    element("div", { class: "rungs" }, rungs));
}

function trace(session) {
  const rows = session.events.map((event) => element("tr", { class: event.decisive ? "fault" : null },
    element("td", { class: "number" }, event.frame === undefined ? "" : String(event.frame)),
    element("td", { class: "number" }, offset(event.at_ns)),
    element("td", {}, event.from || ""),
    element("td", {}, event.kind === "remark"
      ? element("em", {}, event.lines[0])
      : event.lines.map((line) => element("code", { class: "line" }, line)),
    event.decisive ? element("span", { class: "hidden" }, " (evidence)") : null)));
  const head = ["Frame", "Seconds", "From", "Line"].map((name) => element("th", { scope: "col" }, name));
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Trace of session " + session.id },
    element("table", { class: "trace" }, element("caption", {}, "Trace lines"),
      element("thead", {}, element("tr", {}, head)), element("tbody", {}, rows)));
}

/* `remedy` marks code with backticks. */
function marked(text) {
  return text.split("`").map((piece, at) => (at % 2 ? element("code", {}, piece) : piece));
}

/* Selects the text of an element, for a browser that lets no script copy. */
function selectText(of) {
  const range = document.createRange();
  range.selectNodeContents(of);
  const selection = document.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

/* Text with a button that copies it, and says so. */
function copyable(label, text) {
  const isCommand = label.startsWith("Command");
  const shown = element(isCommand ? "code" : "p", { class: "copied", tabindex: "-1" }, text);
  const button = element("button", { type: "button", class: "copy", "aria-label": "Copy: " + label }, "Copy");
  const said = element("span", { class: "said", role: "status", "aria-live": "polite" });
  const unable = () => {
    selectText(shown);
    said.textContent = "Selected. Copy it with your keyboard or menu.";
  };
  button.addEventListener("click", () => {
    if (!navigator.clipboard) return unable();
    navigator.clipboard.writeText(text).then(() => { said.textContent = "Copied."; }, unable);
  });
  return element("div", { class: "copyable" }, element("div", { class: "label" }, label + " ", button, " ", said), shown);
}

function handover(session) {
  if (!session.handover) return [];
  const note = session.handover_note ? element("p", { class: "filter" }, session.handover_note) : null;
  return [element("h4", {}, "To hand on"), session.handover.map(([label, text]) => copyable(label, text)), note].flat().filter(Boolean);
}

/* All there is to say of a session, built only when it is opened. */
function detail(session, titles) {
  const parts = [element("h3", {}, "Session " + session.id),
    element("p", { class: "filter" }, "Session " + session.number + " of ", element("code", {}, session.source))];
  const verdict = [element("strong", { class: session.outcome }, session.outcome)];
  if (session.cause) verdict.push(": ", titles.get(session.cause) || session.cause, " (", element("code", {}, session.cause), ")");
  if (session.reason) verdict.push("; " + session.reason[1] + " (", element("code", {}, session.reason[0]), ")");
  if (session.fault) verdict.push(", at fault: " + session.fault);
  if (session.confidence) verdict.push(", " + session.confidence);
  if (session.delivered_later) verdict.push(", delivered later by session " + (session.capture + 1) + "." + session.delivered_later);
  if (session.recovered) verdict.push(", " + session.recovered);
  parts.push(element("p", { class: "verdict" }, verdict));
  if (session.remedy) {
    parts.push(element("div", { class: "remedy" }, element("h4", {}, "What to do"), element("p", {}, marked(session.remedy))));
  }
  parts.push(...handover(session));
  if (session.evidence.length) {
    parts.push(element("h4", {}, "Evidence"), element("ul", { class: "evidence" }, session.evidence.map(([frame, text]) =>
      element("li", {}, element("span", { class: "frame" }, "Frame " + frame), " ", text))));
  }
  parts.push(element("h4", {}, "What happened"), ladder(session), trace(session));
  parts.push(element("p", { class: "filter" }, "Wireshark display filter: ", element("code", {}, session.filter)));
  for (const [label, text] of session.facts) {
    parts.push(element("p", { class: "filter" }, label + ": ", element("code", {}, text)));
  }
  return parts;
}
