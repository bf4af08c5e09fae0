/* The list of sessions: filtered, sorted, opened; its state is in the fragment of the address, as in
   #q=sub2&outcome=lost&cause=ehlo-argument&from=2003-04-15T10:34:00&sort=opened&open=5 (a "-" before the column sorts downwards; a session of
   the second capture is 2.5; several are parted by commas). #ticket=2, #relay=1:192.0.2.10-192.0.2.25 and #finding=1 show those of
   a ticket, of a client and a server in one, and of a finding; from and until are times of the page's zone. */
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const place = document.getElementById("list");
  if (!place) return;
  const about = read("about-data");
  const sessions = read("session-data");
  const titles = new Map(about.causes);
  const severalCaptures = about.captures > 1;
  sessions.forEach((session) => {
    session.id = severalCaptures ? session.capture + 1 + "." + session.number : String(session.number);
  });
  const byId = new Map(sessions.map((session) => [session.id, session]));

  const tickets = Array.from(new Set(sessions.map((session) => String(session.ticket + 1))));
  const relays = Array.from(new Set(sessions.map((session) => session.relay)));

  const findings = new Map(about.findings.map(([number, title]) => [String(number), title]));

  const OUTCOMES = ["lost", "unknown", "no-mail", "not-smtp", "delivered"];
  const openedThere = (session) => session.local || session.opened;
  /* As an input for date and time has it. */
  const openedAt = (session) => openedThere(session).slice(0, 19).replace(" ", "T");
  const collator = new Intl.Collator("en", { numeric: true });
  const inOrder = (one, other) => one.capture - other.capture || one.number - other.number;
  const byText = (text) => (one, other) => collator.compare(text(one), text(other)) || inOrder(one, other);
  const helloText = (session) => (session.hello ? session.hello.before + session.hello.mark + session.hello.after : "");
  const COLUMNS = [
    ["session", "Session", inOrder],
    ["opened", "Opened (" + about.zone + ")", (one, other) => (one.opened < other.opened ? -1 : one.opened > other.opened ? 1 : inOrder(one, other))],
    ["client", "Client", byText((session) => session.client)],
    ["server", "Server", byText((session) => session.server)],
    ["hello", "Hello", byText(helloText)],
    ["answer", "Answer", byText((session) => session.answer)],
    ["outcome", "Outcome", (one, other) => OUTCOMES.indexOf(one.outcome) - OUTCOMES.indexOf(other.outcome)
      || collator.compare(one.cause || "", other.cause || "") || inOrder(one, other)],
  ];

  /* Rows built at once: more at the press of a button. */
  const STEP = 100;
  const PRINTED_ROWS = 500;
  const PRINTED_OPEN = 100;
  const state = { q: "", outcome: "", cause: "", ticket: "", relay: "", finding: "", from: "", until: "", sort: "outcome", open: new Set(), rows: STEP };

  function haystack(session) {
    if (session.haystack === undefined) {
      const said = session.events.flatMap((event) => event.lines);
      session.haystack = [session.id, severalCaptures ? session.source : "", openedThere(session), session.client, session.server, session.product || "", helloText(session),
        session.answer, session.outcome, session.cause || "", ...(session.reason || []), ...said].join("\n").toLowerCase();
    }
    return session.haystack;
  }

  function matching() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    const found = sessions.filter((session) => (!state.outcome || session.outcome === state.outcome)
      && (!state.cause || session.cause === state.cause)
      && (!state.ticket || String(session.ticket + 1) === state.ticket)
      && (!state.relay || session.relay === state.relay)
      && (!state.finding || String(session.finding + 1) === state.finding)
      && (!state.from || openedAt(session) >= state.from)
      && (!state.until || openedAt(session) < state.until)
      && words.every((word) => haystack(session).includes(word)));
    const isDown = state.sort.startsWith("-");
    const column = COLUMNS.find(([key]) => key === state.sort.replace("-", "")) || COLUMNS[6];
    found.sort(column[2]);
    return isDown ? found.reverse() : found;
  }

  function option(value, text) {
    return element("option", { value }, text);
  }

  function labelled(text, control) {
    return element("label", {}, element("span", {}, text), control);
  }

  /* The picture of all sessions: dragging over it sets the times. */
  const picture = document.getElementById("over-time");
  const brush = document.getElementById("brush");
  const edges = about.bars.map((time) => time.replace(" ", "T"));
  /* The width of a bar in units of the drawing. */
  const BAR = 10;

  function showBrush() {
    if (!brush) return;
    const start = state.from ? Math.max(0, edges.filter((edge) => edge <= state.from).length - 1) : 0;
    const end = state.until ? edges.filter((edge) => edge < state.until).length : edges.length - 1;
    const isAll = !state.from && !state.until;
    brush.setAttribute("x", String(start * BAR));
    brush.setAttribute("width", String(isAll ? 0 : Math.max(0, Math.min(end, edges.length - 1) - start) * BAR));
  }

  if (picture && edges.length > 1) {
    document.getElementById("brush-hint").hidden = false;
    picture.classList.add("brushable");
    let anchor = -1;
    const barAt = (event) => {
      const box = picture.getBoundingClientRect();
      const at = Math.floor(((event.clientX - box.left) / box.width) * (edges.length - 1));
      return Math.min(edges.length - 2, Math.max(0, at));
    };
    const select = (event) => {
      const bar = barAt(event);
      change({ from: edges[Math.min(anchor, bar)], until: edges[Math.max(anchor, bar) + 1] });
    };
    picture.addEventListener("pointerdown", (event) => {
      anchor = barAt(event);
      try {
        picture.setPointerCapture(event.pointerId);
      } catch {
        /* The pointer is gone already. */
      }
      event.preventDefault();
    });
    picture.addEventListener("pointermove", (event) => {
      if (anchor >= 0) select(event);
    });
    picture.addEventListener("pointerup", (event) => {
      if (anchor >= 0) select(event);
      anchor = -1;
    });
    picture.addEventListener("pointercancel", () => {
      anchor = -1;
    });
  }

  const search = element("input", { type: "search", placeholder: "address, name, text \u2026", autocomplete: "off", spellcheck: "false" });
  const count = (of) => sessions.filter(of).length.toLocaleString("en");
  const outcomes = element("select", {}, option("", "any"), OUTCOMES.filter((outcome) => sessions.some((session) => session.outcome === outcome))
    .map((outcome) => option(outcome, outcome + " (" + count((session) => session.outcome === outcome) + ")")));
  const causes = element("select", {}, option("", "any"),
    about.causes.map(([code]) => option(code, code + " (" + count((session) => session.cause === code) + ")")));
  const sorts = element("select", {}, COLUMNS.flatMap(([key, name]) => [option(key, name + ", up"), option("-" + key, name + ", down")]));
  const from = element("input", { type: "datetime-local", step: "1" });
  const until = element("input", { type: "datetime-local", step: "1" });
  const status = element("p", { class: "status", role: "status" });
  const reset = element("button", { type: "button" }, "Show all");
  const head = element("tr", { role: "row" }, COLUMNS.map(([key, name]) => {
    const button = element("button", { type: "button" }, name);
    button.addEventListener("click", () => change({ sort: state.sort === key ? "-" + key : key }));
    /* A heading with a button in it does not repeat on the pages of a print. */
    const printed = element("span", { class: "printed" }, name);
    return element("th", { scope: "col", role: "columnheader", "data-key": key }, button, printed);
  }));
  const body = element("tbody", { role: "rowgroup" });
  const more = element("button", { type: "button", class: "more" });
  const table = element("table", { class: "sessions", role: "table" },
    element("caption", { class: "hidden" }, "Sessions; the button in the first column opens one"),
    element("thead", { role: "rowgroup" }, head), body);

  function cell(name, ...content) {
    return element("td", { role: "cell", "data-name": name }, ...content);
  }

  function detailRow(session) {
    const row = element("tr", { role: "row", class: "detail", id: "detail-" + session.id });
    row.append(element("td", { role: "cell", colspan: String(COLUMNS.length) }, detail(session, titles)));
    return row;
  }

  function row(session, isOpen) {
    const button = element("button", { type: "button", class: "opener", "aria-expanded": String(isOpen), "aria-controls": "detail-" + session.id },
      element("span", { class: "hidden" }, "Session "), session.id);
    const made = element("tr", { role: "row", class: "session " + session.outcome, id: "session-" + session.id },
      element("th", { scope: "row", role: "rowheader" }, button,
        severalCaptures ? element("div", { class: "small source" }, session.source) : null,
        element("div", { class: "small" }, "frames " + session.first + "-" + session.last)),
      cell("Opened", openedThere(session).slice(0, 10) + " ", element("span", { class: "nowrap" }, openedThere(session).slice(11, 23))),
      cell("Client", session.client),
      cell("Server", session.server, session.product ? element("div", { class: "small" }, session.product) : null),
      cell("Hello", helloNodes(session.hello)),
      cell("Answer", session.answer),
      cell("Outcome", element("strong", { class: "outcome " + session.outcome }, session.outcome),
        session.cause ? element("div", {}, element("code", {}, session.cause)) : null,
        session.reason ? element("div", {}, element("code", {}, session.reason[0])) : null,
        session.delivered_later ? element("div", { class: "small" }, "delivered later") : null));
    made.addEventListener("click", (event) => {
      const isText = String(document.getSelection()).length > 0;
      if (event.target.closest(".opener") || !isText) toggle(session, made);
    });
    return made;
  }

  function toggle(session, made) {
    const isOpen = !state.open.has(session.id);
    made.querySelector(".opener").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) {
      state.open.add(session.id);
      made.after(detailRow(session));
    } else {
      state.open.delete(session.id);
      const opened = document.getElementById("detail-" + session.id);
      if (opened) opened.remove();
    }
    remember();
  }

  function render(rows, isPrinted) {
    const found = matching();
    const shown = found.slice(0, rows);
    const built = document.createDocumentFragment();
    shown.forEach((session, at) => {
      const isOpen = state.open.has(session.id) || (isPrinted && at < PRINTED_OPEN);
      built.append(row(session, isOpen));
      if (isOpen) built.append(detailRow(session));
    });
    body.replaceChildren(built);
    const of = found.length === sessions.length ? "" : " of " + sessions.length.toLocaleString("en");
    const first = shown.length < found.length ? ", the first " + shown.length.toLocaleString("en") + " shown" : "";
    const closed = isPrinted && shown.length > PRINTED_OPEN ? ", the first " + PRINTED_OPEN + " opened" : "";
    const ticket = state.ticket ? " of ticket " + state.ticket : "";
    const relay = state.relay ? " from " + state.relay.split(":").slice(1).join(":").replace("-", " to ") : "";
    const finding = state.finding ? ", " + findings.get(state.finding) : "";
    status.textContent = found.length.toLocaleString("en") + of + (sessions.length === 1 ? " session" : " sessions") + ticket + relay + finding + first + closed;
    more.hidden = shown.length === found.length;
    more.textContent = "Show " + Math.min(STEP * 5, found.length - shown.length).toLocaleString("en") + " more";
    const key = state.sort.replace("-", "");
    for (const header of head.children) {
      const isKey = header.dataset.key === key;
      header.setAttribute("aria-sort", !isKey ? "none" : state.sort.startsWith("-") ? "descending" : "ascending");
    }
    search.value = state.q;
    outcomes.value = state.outcome;
    causes.value = state.cause;
    sorts.value = state.sort;
    from.value = state.from;
    until.value = state.until;
    showBrush();
    return found;
  }

  function remember() {
    const fields = [["q", state.q], ["outcome", state.outcome], ["cause", state.cause],
      ["ticket", state.ticket], ["relay", state.relay], ["finding", state.finding], ["from", state.from], ["until", state.until],
      ["sort", state.sort === "outcome" ? "" : state.sort], ["open", Array.from(state.open).join(",")]];
    const fragment = new URLSearchParams(fields.filter(([, value]) => value)).toString();
    try {
      history.replaceState(null, "", "#" + fragment);
    } catch {
      /* A viewer without an address bar allows none; the list works all the same. */
    }
  }

  function change(what) {
    Object.assign(state, { rows: STEP }, what);
    render(state.rows, false);
    remember();
  }

  function fromFragment() {
    const fields = new URLSearchParams(location.hash.slice(1));
    const known = (value, values) => (values.includes(value) ? value : "");
    state.q = fields.get("q") || "";
    state.outcome = known(fields.get("outcome"), OUTCOMES);
    state.cause = known(fields.get("cause"), Array.from(titles.keys()));
    state.ticket = known(fields.get("ticket"), tickets);
    state.relay = known(fields.get("relay"), relays);
    state.finding = known(fields.get("finding"), Array.from(findings.keys()));
    const time = (value) => (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(value || "") ? value.padEnd(19, ":00") : "");
    state.from = time(fields.get("from"));
    state.until = time(fields.get("until"));
    state.sort = known(fields.get("sort"), COLUMNS.flatMap(([key]) => [key, "-" + key])) || "outcome";
    const ids = (fields.get("open") || "").split(",").map((id) => (severalCaptures && !id.includes(".") ? "1." + id : id));
    state.open = new Set(ids.filter((id) => byId.has(id)));
    state.rows = STEP;
    const [first] = state.open;
    if (first !== undefined) state.rows = Math.max(STEP, matching().indexOf(byId.get(first)) + 1);
    render(state.rows, false);
    const opened = first === undefined ? null : document.getElementById("session-" + first);
    if (opened) opened.scrollIntoView();
  }

  let typing = 0;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => change({ q: search.value }), 150);
  });
  outcomes.addEventListener("change", () => change({ outcome: outcomes.value }));
  causes.addEventListener("change", () => change({ cause: causes.value }));
  sorts.addEventListener("change", () => change({ sort: sorts.value }));
  reset.addEventListener("click", () => change({ q: "", outcome: "", cause: "", ticket: "", relay: "", finding: "", from: "", until: "" }));
  from.addEventListener("change", () => change({ from: from.value.padEnd(from.value ? 19 : 0, ":00") }));
  until.addEventListener("change", () => change({ until: until.value.padEnd(until.value ? 19 : 0, ":00") }));
  more.addEventListener("click", () => {
    const at = body.querySelectorAll(".session").length;
    state.rows += STEP * 5;
    render(state.rows, false);
    const next = body.querySelectorAll(".session")[at];
    if (next) next.querySelector(".opener").focus();
  });
  /* Links within the page, as to its notes, are no state of the list. */
  addEventListener("hashchange", () => {
    if (!location.hash.includes("=")) return;
    fromFragment();
    if (state.open.size === 0) place.scrollIntoView();
  });
  const folded = () => document.querySelectorAll(".findings details, .relays details");
  const wereOpen = new Set();
  addEventListener("beforeprint", () => {
    folded().forEach((details) => {
      if (details.open) wereOpen.add(details);
      details.open = true;
    });
    render(PRINTED_ROWS, true);
  });
  addEventListener("afterprint", () => {
    folded().forEach((details) => {
      details.open = wereOpen.has(details);
    });
    render(state.rows, false);
  });

  place.append(element("div", { class: "controls", role: "search", "aria-label": "Sessions" }, labelled("Search", search),
    labelled("Outcome", outcomes), labelled("Cause", causes), labelled("From (" + about.zone + ")", from),
    labelled("Until (" + about.zone + ")", until), labelled("Sort by", sorts), reset), status,
  element("div", { class: "scroll" }, table), more);
  fromFragment();
})();
