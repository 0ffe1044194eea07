"use strict";

// The printed URL has a token in its fragment, which browsers do not send. It is exchanged for a cookie.
async function join(token) {
  const start = document.getElementById("start");
  history.replaceState(null, "", "/");
  const answer = await fetch("/session", { method: "POST", body: token });
  if (answer.ok) {
    show();
  } else {
    start.textContent = "The address that peering ui printed was opened already. Start peering ui again.";
  }
}

function show() {
  document.getElementById("start").textContent = "Reading the clusters …";
  location.replace("/peerings");
}

// Shows a step of an address: what is between two spaces does not wrap.
function draw(line, { text, running }) {
  const parts = text.split("  ").concat(running ? `${running} …` : []);
  line.replaceChildren(...parts.filter(Boolean).flatMap((part) => {
    const shown = document.createElement("span");
    shown.textContent = part;
    return [shown, " "];
  }));
}

function diagnose(button) {
  const steps = document.getElementById("steps");
  const result = document.getElementById("result");
  const lines = new Map();
  steps.replaceChildren();
  result.replaceChildren();
  button.disabled = true;
  const events = new EventSource(button.dataset.events);
  const finish = (...content) => {
    events.close();
    button.disabled = false;
    result.replaceChildren(...content);
  };
  events.addEventListener("step", (event) => {
    const step = JSON.parse(event.data);
    if (!lines.has(step.index)) {
      lines.set(step.index, steps.appendChild(document.createElement("li")));
    }
    draw(lines.get(step.index), step);
  });
  // The server escapes all text. A parsed document runs no script, and neither does the policy allow one.
  events.addEventListener("result", (event) => {
    const parsed = new DOMParser().parseFromString(JSON.parse(event.data).html, "text/html");
    finish(...parsed.body.childNodes);
  });
  events.addEventListener("error", () => finish("The diagnosis did not start, or ended early."));
}

if (location.pathname === "/") {
  if (location.hash.length > 1) {
    join(location.hash.slice(1));
  } else {
    show();
  }
}
document.getElementById("diagnose")?.addEventListener("click", (event) => diagnose(event.currentTarget));
document.getElementById("again")?.addEventListener("click", (event) => {
  event.currentTarget.textContent = "Reading the clusters …";
});
