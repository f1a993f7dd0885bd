// Loads this page anew when the application has changed, or one of its stylesheets. Put into pages in debug mode only.
(() => {
  "use strict";

  const script = document.currentScript;
  if (!script || window.__demijohnRefresh) return;
  window.__demijohnRefresh = true;

  const STORED = "demijohn-refresh";
  const LONGEST_WAIT = 10000;
  const page = `${script.dataset.since} ${location.href}`;
  const isRepeatable = !script.dataset.method;
  const events = new URL("refresh", script.src);

  let since = startingPoint();
  let source = null;
  let wait = 500;
  let isLeaving = false;

  // What the page was made of is what it says of itself. If it was loaded anew for that already and still says the same, it comes
  // from a cache, and doing so again would never end. Then it is only told what happens from now on.
  function startingPoint() {
    try {
      return sessionStorage.getItem(STORED) === page ? "" : script.dataset.since;
    } catch {
      return "";
    }
  }

  // A browser has six connections for a site: pages that nobody looks at need none. Whoever comes back hears what was missed.
  function connect() {
    if (source || isLeaving || document.visibilityState === "hidden") return;
    events.search = since ? `?since=${encodeURIComponent(since)}` : "";
    source = new EventSource(events);
    source.addEventListener("hello", (event) => {
      since = event.lastEventId;
      wait = 500;
    });
    source.addEventListener("reload", reload);
    source.addEventListener("change", (event) => {
      since = event.lastEventId;
      const { kind, paths } = JSON.parse(event.data);
      const isStyle = kind === "static" && paths.length > 0 && paths.every((path) => path.endsWith(".css"));
      if (!isStyle || !paths.map(swap).every(Boolean)) reload();
    });
    source.addEventListener("error", () => {
      // Most browsers come back by themselves after a cut, but not after an answer that is none of events.
      if (!source || source.readyState !== EventSource.CLOSED) return;
      disconnect();
      setTimeout(connect, wait);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    });
  }

  function disconnect() {
    if (source) source.close();
    source = null;
  }

  function reload() {
    if (isLeaving) return;
    isLeaving = true;
    disconnect();
    if (!isRepeatable) {
      offer();
      return;
    }
    try {
      sessionStorage.setItem(STORED, page);
    } catch {
      // Then it starts from what the server says.
    }
    location.reload();
  }

  // Load those stylesheets anew whose URL ends most like the path; false if there is none, or it may not change.
  function swap(path) {
    const links = [...document.querySelectorAll('link[rel~="stylesheet"][href]')].filter(
      (link) => link.dataset.demijohnOld === undefined && link.href.startsWith(`${location.origin}/`)
    );
    const likeness = links.map((link) => common(path, new URL(link.href).pathname));
    const best = Math.max(0, ...likeness);
    const chosen = links.filter((_, index) => best > 0 && likeness[index] === best);
    if (chosen.length === 0 || chosen.some((link) => link.integrity)) return false;
    for (const link of chosen) {
      const fresh = link.cloneNode();
      const url = new URL(link.href);
      url.searchParams.set("demijohn-refresh", Date.now());
      fresh.href = url;
      link.dataset.demijohnOld = "";
      // The old one stays until then: the page is never without.
      fresh.addEventListener("load", () => link.remove());
      fresh.addEventListener("error", () => link.remove());
      link.after(fresh);
    }
    return true;
  }

  // How many segments two paths have in common at their ends.
  function common(path, pathname) {
    const ours = path.split("/").reverse();
    const theirs = pathname.split("/").map(decode).reverse();
    let count = 0;
    while (count < ours.length && count < theirs.length && ours[count] === theirs[count]) count += 1;
    return count;
  }

  function decode(segment) {
    try {
      return decodeURIComponent(segment);
    } catch {
      return segment;
    }
  }

  // A form was sent for this page: not again, unless somebody wants it.
  function offer() {
    const note = document.createElement("div");
    const button = document.createElement("button");
    note.setAttribute("role", "status");
    note.id = "demijohn-refresh";
    Object.assign(note.style, {
      position: "fixed", right: "1rem", bottom: "1rem", zIndex: "2147483647", padding: "0.75rem 1rem", borderRadius: "0.5rem",
      background: "#1f2430", color: "#ffffff", font: "14px/1.4 system-ui, sans-serif", boxShadow: "0 2px 12px rgb(0 0 0 / 40%)",
    });
    button.type = "button";
    button.textContent = "Reload";
    Object.assign(button.style, {
      marginLeft: "0.75rem", padding: "0.25rem 0.75rem", border: "1px solid #ffffff", borderRadius: "0.25rem",
      background: "transparent", color: "#ffffff", font: "inherit", cursor: "pointer",
    });
    button.addEventListener("click", () => location.reload());
    note.append("The application has changed. Reloading sends the form again.", button);
    document.body.append(note);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") disconnect();
    else connect();
  });
  window.addEventListener("pagehide", disconnect);
  window.addEventListener("pageshow", connect);
  connect();
})();
