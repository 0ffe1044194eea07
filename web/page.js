// Draws what the module returns. All words about a token come from the module; `textContent` is the only way into the page.
"use strict";

const MODULE_SHA256 = "{{module-sha256}}";
const LARGE = 256 * 1024; // bytes; larger texts are read in a worker, so that the page keeps answering
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// An instance of the module. A failed one is not used again: its memory can be in any state.
class Core {
  constructor(module) {
    this.module = module;
    this.start();
  }

  start() {
    this.failure = "";
    const failed = (address, length) => {
      this.failure = decoder.decode(new Uint8Array(this.exports.memory.buffer, address, length));
    };
    this.exports = new WebAssembly.Instance(this.module, { page: { failed } }).exports;
  }

  // Calls a function of the module with a text. Returns its result.
  call(name, text, ...numbers) {
    try {
      const address = this.exports.input(text.length);
      new Uint8Array(this.exports.memory.buffer, address, text.length).set(text);
      const length = this.exports[name](...numbers);
      const result = decoder.decode(new Uint8Array(this.exports.memory.buffer, this.exports.output(), length));
      this.exports.wipe();
      return result;
    } catch (error) {
      const reason = this.failure || String(error);
      this.start();
      throw new Error(reason);
    }
  }
}

// In a worker: one module, then one answer per request.
function work() {
  let core;
  self.onmessage = ({ data }) => {
    if (data.module) {
      core = new Core(new WebAssembly.Module(data.module));
      return;
    }
    try {
      self.postMessage({ result: core.call(data.name, data.text, ...data.numbers) });
    } catch (error) {
      self.postMessage({ failure: error.message });
    }
  };
}

if (typeof document === "undefined") {
  work();
} else {
  show();
}

function show() {
  const at = (id) => document.getElementById(id);
  const code = at("code").textContent;
  let core; // on this thread
  let bytes; // of the module, for a worker
  let worker;
  let text = null; // what was pasted; the box is not read again
  let second = null;
  let isFixed = false; // whether the date was chosen
  let round = 0; // a result of an earlier round is not shown

  // Creates an element with a class and children, which are elements or text.
  function element(name, className, ...children) {
    const created = document.createElement(name);
    if (className) created.className = className;
    created.append(...children.filter(Boolean));
    return created;
  }

  function replace(id, ...children) {
    at(id).replaceChildren(...children.filter(Boolean));
  }

  function now() {
    const chosen = Date.parse(at("date").value + "Z");
    return isFixed && !Number.isNaN(chosen) ? chosen : Date.now();
  }

  // Calls the module: here, or in a worker for a large text.
  function ask(name, input, ...numbers) {
    if (input.length <= LARGE) {
      return new Promise((resolve) => resolve(core.call(name, input, ...numbers)));
    }
    return new Promise((resolve, reject) => {
      stop();
      const address = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      worker = new Worker(address);
      URL.revokeObjectURL(address);
      worker.onerror = () => reject(new Error("the worker cannot start"));
      worker.onmessage = ({ data }) => {
        stop();
        data.failure === undefined ? resolve(data.result) : reject(new Error(data.failure));
      };
      worker.postMessage({ module: bytes });
      worker.postMessage({ name, text: input, numbers });
    });
  }

  function stop() {
    if (worker) worker.terminate();
    worker = undefined;
  }

  function fail(error) {
    replace("status", element("div", "verdict error",
      element("h2", "", "✗ This page failed"),
      element("p", "message mono", error.message),
      element("p", "", "This is a defect of the page, not of the token. It has restarted. The command is: peering inspect")));
    replace("result");
  }

  // Judges a text and shows the result.
  async function judge(input) {
    if (input.length === 0) return;
    if (text && text !== input) text.fill(0);
    text = input;
    const mine = ++round;
    if (input.length > LARGE) replace("status", "Reading a large text…");
    try {
      const view = JSON.parse(await ask("look", input, now()));
      if (mine === round) draw(view);
    } catch (error) {
      if (mine === round) fail(error);
    }
  }

  function draw(view) {
    at("open-box").hidden = true;
    at("folded").hidden = false;
    at("box").value = "";
    replace("folded-title", view.input.title);
    replace("folded-size", view.input.size);
    replace("folded-sha256", view.input.sha256 || "");
    const first = view.tokens[0];
    replace("status",
      view.problem && problem(view.problem),
      !first && view.messages[0] && explained(view.messages[0]),
      first && view.tokens.length === 1 && verdict(first));
    replace("result",
      ...view.tokens.map((token) => section(token, view.tokens.length > 1)),
      view.more_tokens && element("p", "dim", view.more_tokens),
      ...view.messages.map((found, index) => message(found, index > 0 || first)),
      view.more_messages && element("p", "dim", view.more_messages));
    replace("anatomy", ...(view.tokens.length === 1 && first.contents ? anatomy(first.contents.anatomy) : []));
    at("tools").hidden = !view.has_token;
    for (const name of ["compare", "report", "inspect", "validate"]) at(`${name}-details`).open = false;
    for (const name of ["comparison", "report", "inspect", "validate", "copied"]) replace(name);
    if (!isFixed) at("date").value = new Date(now()).toISOString().slice(0, 19);
    performance.mark("drawn");
  }

  function verdict(token) {
    return element("div", `verdict ${token.level}`,
      token.title && element("p", "dim", token.title),
      element("h2", "", `${token.mark} ${token.verdict}`),
      token.message && element("p", "message mono", token.message),
      token.message_note && element("p", "dim", token.message_note),
      token.worst && element("p", "message", token.worst),
      token.cause && element("p", "message", token.cause),
      element("p", "dim", token.counts),
      ...token.repairs.map((repair) => element("p", "", repair)));
  }

  function problem({ level, mark, title, details, remedy }) {
    return element("div", `verdict ${level}`,
      element("h2", "", `${mark} ${title}`),
      ...details.map((detail) => element("p", "message", detail)),
      element("p", "message", `Fix: ${remedy}`));
  }

  function finding(found) {
    return element("div", "finding",
      element("span", `tag ${found.severity}`, found.severity),
      element("span", "value", found.message),
      " ", element("span", "dim mono", found.check),
      found.remedy && element("p", "remedy", found.severity !== "info" && "Fix: ", ...withCode(found.remedy)));
  }

  // Draws what is between backticks as code.
  function withCode(words) {
    return words.split("`").map((part, index) => (index % 2 ? element("code", "value", part) : part));
  }

  function section(token, withVerdict) {
    const { contents } = token;
    return element("article", "token",
      withVerdict && verdict(token),
      ...token.findings.map(finding),
      token.more_findings && element("p", "dim", token.more_findings),
      ...(contents ? [
        ...addresses(contents.dialed, ""), ...addresses(contents.ignored, "unused"),
        ...authorities(contents.authorities), ...facts(contents.cluster),
      ] : []));
  }

  function addresses({ heading, list, more, none, findings }, className) {
    if (list.length === 0 && !none) return [];
    const items = list.map((it) => element("li", "",
      element("span", "mono value", it.address), " ", element("span", "dim", it.kind), ...it.findings.map(finding)));
    return [
      element("h2", className, heading),
      ...findings.map(finding),
      none ? element("p", "text-error", none) : element("ol", `list ${className}`, ...items),
      more && element("p", "dim", more),
    ];
  }

  function authorities({ heading, list, more, none, axis, findings }) {
    const items = list.map((it) => element("li", "",
      element("span", "mono value", it.name), " ", element("span", "dim", it.key),
      element("p", "", element("strong", `text-${it.level}`, it.expiry), " ", element("span", "dim dates", it.dates)),
      axis && it.bar && bar(it, axis), ...it.findings.map(finding)));
    return [
      element("h2", "", heading),
      ...findings.map(finding),
      none ? element("p", "text-warning", none) : element("ul", "list", ...items),
      axis && element("p", "dim ends", element("span", "", axis.start), element("span", "", axis.legend), element("span", "", axis.end)),
      more && element("p", "dim", more),
    ];
  }

  function bar({ bar: { start, end }, level }, axis) {
    const part = (className, from, to) => {
      const drawn = element("i", className);
      drawn.style.left = `min(${from / 10}%, 100% - 4px)`;
      drawn.style.width = `${(to - from) / 10}%`;
      return drawn;
    };
    const today = element("b", "");
    today.style.left = `min(${axis.today / 10}%, 100% - 2px)`;
    const past = Math.min(Math.max(start, axis.today), end);
    const drawn = element("div", "bar",
      past > start && part("past", start, past), past < end && part(level, past, end), today);
    drawn.setAttribute("aria-hidden", "true");
    return drawn;
  }

  function facts(rows) {
    const list = element("dl", "facts", ...rows.flatMap(([label, value]) =>
      [element("dt", "", label), element("dd", "mono", value)]));
    return rows.length ? [element("h2", "", "Accepting cluster"), list] : [];
  }

  function anatomy({ parts, digits }) {
    if (parts.length === 0) return [];
    const strip = element("div", "strip", ...parts.map((part) => {
      const span = element("span", `c${part.color}`);
      span.style.flexGrow = part.share;
      return span;
    }));
    strip.setAttribute("aria-hidden", "true");
    const list = element("ul", "parts", ...parts.map((part) => {
      const value = element("span", "mono value", part.value);
      return element("li", "", element("span", `key c${part.color}`, part.name),
        element("span", "", value, " ", element("span", "dim", part.size), part.is_secret && " ", part.is_secret && reveal(value)));
    }));
    const runs = element("p", "digits mono", ...digits.map((run) =>
      element("span", `c${run.color}${run.is_gap ? " gap" : ""}`, run.text)));
    return [element("h2", "", "What is in it"), strip, list,
      element("details", "", element("summary", "", "The base64, in the same colors"), runs)];
  }

  // A button that shows the secret while it is held.
  function reveal(value) {
    const button = element("button", "", "Hold to show");
    button.type = "button";
    const hidden = value.textContent;
    const hide = () => value.replaceChildren(hidden);
    const shown = () => value.replaceChildren(core.call("secret", text, 0));
    button.addEventListener("pointerdown", shown);
    button.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") shown();
    });
    for (const end of ["pointerup", "pointerleave", "pointercancel", "keyup", "blur"]) button.addEventListener(end, hide);
    return button;
  }

  function explained(found) {
    return element("div", "verdict info",
      element("h2", "", found.summary),
      element("p", "message mono", found.message),
      element("p", "dim", [found.name, found.times, found.addresses].filter(Boolean).join(" · ")));
  }

  function message(found, withSummary) {
    return element("article", "token",
      withSummary && explained(found),
      element("h2", "", found.causes.length === 1 ? "Cause" : "Causes"),
      element("ul", "list", ...found.causes.map((cause) => element("li", "", cause))),
      element("h2", "", "What to do"),
      element("p", "", ...withCode(found.remedy)),
      found.command && element("p", "", element("code", "value command", found.command)),
      element("p", "dim", found.source));
  }

  async function compare() {
    if (!text || !second) return;
    const both = new Uint8Array(text.length + second.length);
    both.set(text);
    both.set(second, text.length);
    try {
      const view = JSON.parse(await ask("compare", both, text.length));
      replace("comparison",
        element("div", `verdict ${view.level}`, element("p", "", `${view.mark} ${view.summary}`), view.newer && element("p", "dim", view.newer)),
        ...view.differences.map((it) => element("div", "difference",
          element("strong", "", it.field), element("p", "", it.meaning),
          ...[["first", it.first], ["second", it.second]].map(([label, values]) =>
            element("p", "mono value", `${label}: ${values.join(", ") || "(none)"}`)))));
    } catch (error) {
      fail(error);
    }
    both.fill(0);
  }

  // Fills a section when it is opened: these documents can be large.
  for (const name of ["report", "inspect", "validate"]) {
    at(`${name}-details`).addEventListener("toggle", async () => {
      if (!at(`${name}-details`).open || !text || at(name).textContent) return;
      try {
        replace(name, await ask(name, text, now()));
      } catch (error) {
        fail(error);
      }
    });
  }

  at("copy-report").addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(at("report").textContent);
      replace("copied", "Copied");
    } catch {
      getSelection().selectAllChildren(at("report"));
      replace("copied", "Selected: copy it with the keyboard");
    }
  });

  function clear() {
    stop();
    round += 1;
    if (text) text.fill(0);
    if (second) second.fill(0);
    text = second = null;
    for (const id of ["status", "result", "anatomy", "comparison", "report", "inspect", "validate", "folded-title"]) replace(id);
    at("box").value = at("second-box").value = "";
    at("open-box").hidden = false;
    at("folded").hidden = at("tools").hidden = true;
    at("box").focus();
  }

  async function read(file) {
    if (file) judge(new Uint8Array(await file.arrayBuffer()));
  }

  // The text of the event is judged: a box changes line ends. An empty paste, such as of an image, is ignored.
  function onPaste(id, take) {
    at(id).addEventListener("paste", (event) => {
      const file = event.clipboardData.files[0];
      const pasted = event.clipboardData.getData("text/plain");
      if (!pasted && !file) return;
      event.preventDefault();
      at(id).value = "";
      pasted ? take(encoder.encode(pasted)) : read(file);
    });
    at(id).addEventListener("change", () => at(id).value && take(encoder.encode(at(id).value)));
  }

  onPaste("box", judge);
  onPaste("second-box", (pasted) => {
    second = pasted;
    compare();
  });
  at("sample").addEventListener("click", () => judge(encoder.encode(core.call("sample", new Uint8Array(0)))));
  at("clear").addEventListener("click", clear);
  at("file").addEventListener("click", () => at("file-input").click());
  at("file-input").addEventListener("change", () => {
    read(at("file-input").files[0]);
    at("file-input").value = "";
  });
  at("date").addEventListener("change", () => {
    isFixed = at("date").value !== "";
    if (text) judge(text);
  });
  at("today").addEventListener("click", () => {
    isFixed = false;
    at("date").value = new Date().toISOString().slice(0, 19);
    if (text) judge(text);
  });
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    at("open-box").classList.add("over");
  });
  document.addEventListener("dragleave", () => at("open-box").classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    at("open-box").classList.remove("over");
    const dropped = event.dataTransfer.getData("text/plain");
    event.dataTransfer.files.length ? read(event.dataTransfer.files[0]) : judge(encoder.encode(dropped));
  });

  // Decodes base64. Uint8Array.from with a function takes a third of the time until the page is ready.
  function decoded(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index);
    return bytes;
  }

  // Unpacks the module and checks that it is the one of this script: the browser's policy covers scripts only.
  async function begin() {
    const unpacked = new Blob([decoded(at("module").textContent)]).stream().pipeThrough(new DecompressionStream("gzip"));
    bytes = await new Response(unpacked).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (sha256 !== MODULE_SHA256) throw new Error("the module in this file was changed: do not use this file");
    core = new Core(await WebAssembly.compile(bytes));
    at("date").value = new Date().toISOString().slice(0, 19);
    replace("status");
    document.documentElement.dataset.ready = "true";
    performance.mark("ready");
    at("box").focus();
    // Browsers compile on first use: this call makes the first paste quick.
    setTimeout(() => core.call("look", encoder.encode(core.call("sample", new Uint8Array(0))), Date.now()), 0);
  }

  begin().catch((error) => {
    replace("status", element("div", "verdict error", element("h2", "", "✗ This page cannot start"),
      element("p", "message", error.message),
      element("p", "", "WebAssembly may be off in this browser. The command is: peering inspect")));
  });
}
