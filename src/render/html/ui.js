"use strict";

// The printed URL has a token in its fragment, which browsers do not send. It is exchanged for a cookie.
async function join(token) {
  history.replaceState(null, "", "/");
  const answer = await fetch("/session", { method: "POST", body: token });
  if (answer.ok) {
    location.replace("/peerings");
  } else {
    document.open();
    document.close();
    document.body.textContent = "The address that peering ui printed was opened already. Start peering ui again.";
  }
}

function diagnose(button) {
  const steps = document.getElementById("steps");
  const result = document.getElementById("result");
  const lines = new Map();
  steps.replaceChildren();
  result.textContent = "";
  button.disabled = true;
  const events = new EventSource(button.dataset.events);
  const finish = (text) => {
    events.close();
    button.disabled = false;
    result.textContent = text;
  };
  events.addEventListener("step", (event) => {
    const step = JSON.parse(event.data);
    if (!lines.has(step.index)) {
      lines.set(step.index, steps.appendChild(document.createElement("li")));
    }
    lines.get(step.index).textContent = step.running ? step.text + "  " + step.running + " …" : step.text;
  });
  events.addEventListener("result", (event) => finish(JSON.parse(event.data).text));
  events.addEventListener("error", () => finish("The diagnosis did not start, or ended early."));
}

if (location.pathname === "/") {
  if (location.hash.length > 1) {
    join(location.hash.slice(1));
  } else {
    location.replace("/peerings");
  }
}
const button = document.getElementById("diagnose");
if (button) {
  button.addEventListener("click", () => diagnose(button));
}
