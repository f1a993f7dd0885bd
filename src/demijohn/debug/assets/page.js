(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  const body = document.body;
  const secret = body.dataset.secret;
  let isLocked = body.dataset.locked !== "no";
  const byId = (id) => document.getElementById(id);

  const element = (name, properties = {}, ...children) => {
    const made = document.createElement(name);
    Object.assign(made, properties);
    made.append(...children);
    return made;
  };

  // What is left out of a long value is a click away.
  const shorten = (parent) => {
    for (const part of parent.querySelectorAll(".extended")) {
      if (part.dataset.isReady) continue;
      part.dataset.isReady = "yes";
      const more = element("button", { type: "button", className: "more", textContent: "…", title: "Show the rest" });
      more.setAttribute("aria-label", "Show the rest of this value");
      more.addEventListener("click", () => {
        part.classList.add("shown");
        more.remove();
      });
      part.before(more);
    }
  };
  shorten(document);

  // ---------------------------------------------------------------- copying
  const copy = byId("copy");
  if (copy) {
    const plain = byId("plain");
    const said = byId("copied");
    const copyOldWay = (text) => {
      const area = element("textarea", { value: text, className: "hidden" });
      body.append(area);
      area.select();
      const isDone = document.execCommand("copy");
      area.remove();
      return isDone;
    };
    copy.addEventListener("click", async () => {
      let isDone = false;
      try {
        await navigator.clipboard.writeText(plain.textContent);
        isDone = true;
      } catch {
        isDone = copyOldWay(plain.textContent);
      }
      copy.textContent = isDone ? "Copied" : "Not copied";
      said.textContent = isDone ? "The traceback was copied." : "The traceback could not be copied; it is at the end of the page.";
      setTimeout(() => { copy.textContent = "Copy as text"; }, 2500);
    });
  }
  if (!secret) return;

  // ---------------------------------------------------------------- requests
  const ask = async (fields) => {
    const answer = await fetch("?__debugger__=yes", {
      method: "POST",
      credentials: "same-origin",
      cache: "no-store",
      body: new URLSearchParams({ ...fields, s: secret }),
    });
    return { status: answer.status, text: await answer.text() };
  };

  // ---------------------------------------------------------------- PIN
  const dialog = byId("pin");
  const form = byId("pin-form");
  const input = byId("pin-input");
  const message = byId("pin-message");
  let waiting = [];

  const settle = (isUnlocked) => {
    const all = waiting;
    waiting = [];
    for (const tell of all) tell(isUnlocked);
  };
  const unlock = () => {
    if (!isLocked) return Promise.resolve(true);
    return new Promise((tell) => {
      waiting.push(tell);
      if (!dialog.open) {
        message.textContent = "";
        input.value = "";
        dialog.showModal();
        input.focus();
        ask({ cmd: "printpin" }).catch(() => {});
      }
    });
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.textContent = "";
    try {
      const answer = await ask({ cmd: "pinauth", pin: input.value });
      const said = answer.status === 200 ? JSON.parse(answer.text) : {};
      if (said.auth) {
        isLocked = false;
        dialog.close();
        showLocals();
        settle(true);
      } else if (said.exhausted) {
        message.textContent = "Too many wrong PINs: the console is locked until the server is started anew.";
        input.disabled = true;
        form.querySelector("[type=submit]").disabled = true;
      } else {
        message.textContent = answer.status === 200 ? "That is not the PIN." : answer.text || "The server does not take it.";
        input.select();
      }
    } catch {
      message.textContent = "The server does not answer.";
    }
  });
  byId("pin-cancel").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => settle(!isLocked));

  // ---------------------------------------------------------------- variables behind the PIN
  const fillLocals = async (details) => {
    const place = details.querySelector(".scroll");
    const answer = await ask({ cmd: "locals", frm: details.dataset.frame });
    if (answer.status === 200) {
      place.innerHTML = answer.text;
      shorten(place);
      delete details.dataset.frame;
    } else {
      place.replaceChildren(element("p", { className: "problem", textContent: answer.text || "They are not to be had." }));
    }
  };
  const showLocals = () => {
    for (const details of document.querySelectorAll(".locals[data-frame][open]")) fillLocals(details);
  };
  for (const details of document.querySelectorAll(".locals[data-frame]")) {
    details.addEventListener("toggle", async () => {
      if (details.open && details.dataset.frame && (await unlock())) fillLocals(details);
    });
  }
  if (!isLocked) showLocals();

  // ---------------------------------------------------------------- consoles
  const open = (place) => {
    const name = place.dataset.name || "console";
    const log = element("div", { className: "log", tabIndex: 0 });
    log.setAttribute("role", "log");
    log.setAttribute("aria-label", `Output of the console in ${name}`);
    const sign = element("span", { textContent: ">>>" });
    sign.setAttribute("aria-hidden", "true");
    const code = element("textarea", { rows: 1, spellcheck: false, autocapitalize: "off" });
    code.setAttribute("aria-label", `Python code to run in ${name}`);
    const line = element("div", { className: "prompt" }, sign, code);
    place.replaceChildren(log, line);
    const past = [];
    let at = 0;
    let isBusy = false;

    const fit = () => {
      code.style.height = "auto";
      code.style.height = `${code.scrollHeight}px`;
    };
    const say = (made) => {
      log.append(made);
      shorten(log);
      log.scrollTop = log.scrollHeight;
    };
    const run = async () => {
      const source = code.value;
      if (isBusy || !(await unlock())) return;
      isBusy = true;
      code.value = "";
      fit();
      try {
        const answer = await ask({ cmd: source, frm: place.dataset.frame });
        if (answer.status === 200) {
          const made = element("div");
          made.innerHTML = answer.text;
          say(made);
          sign.textContent = made.querySelector("[data-more]") ? "..." : ">>>";
        } else {
          say(element("div", { className: "problem", textContent: answer.text || `The server answered ${answer.status}.` }));
          code.value = source;
        }
      } catch {
        say(element("div", { className: "problem", textContent: "The server does not answer." }));
        code.value = source;
      }
      isBusy = false;
      if (source.trim()) past.push(source);
      at = past.length;
      fit();
      code.focus();
    };
    code.addEventListener("input", fit);
    code.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
        event.preventDefault();
        run();
      } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const isUp = event.key === "ArrowUp";
        const beside = isUp ? code.value.slice(0, code.selectionStart) : code.value.slice(code.selectionEnd);
        const next = at + (isUp ? -1 : 1);
        // Between the lines of code the arrows do what they always do.
        if (beside.includes("\n") || next < 0 || next > past.length) return;
        event.preventDefault();
        at = next;
        code.value = past[at] || "";
        const caret = isUp && code.value.includes("\n") ? 0 : code.value.length;
        code.setSelectionRange(caret, caret);
        fit();
      } else if (event.key === "l" && event.ctrlKey) {
        event.preventDefault();
        log.replaceChildren();
      }
    });
    code.focus();
  };
  for (const place of document.querySelectorAll(".console")) {
    if (place.dataset.open) {
      open(place);
      continue;
    }
    const button = element("button", { type: "button", textContent: "Run code here" });
    button.setAttribute("aria-label", `Run code here, in ${place.dataset.name}`);
    button.addEventListener("click", async () => {
      if (await unlock()) open(place);
    });
    place.append(button);
  }
})();
