"use strict";
// The interview works without this script. With it, the browser's own Back goes from page to page and does not ask
// whether to send a form again. The pages are kept in the memory of this tab. Nothing of them goes into the state of
// the history, nor may the browser remember what is ticked: both would be written to its disk and outlive the tab.
(() => {
  const pages = new Map();
  let place = history.state?.place ?? 0;
  let waiting = false;

  function keep() {
    pages.set(place, { body: tame(document.body), title: document.title, lang: document.documentElement.lang });
  }

  function tame(body) {
    body.querySelectorAll("form").forEach((form) => (form.autocomplete = "off"));
    body.querySelectorAll("[autofocus]").forEach((begin) => {
      begin.autofocus = false; // this script does it, and a browser complains of both
      begin.dataset.begin = "";
    });
    return body;
  }

  function show({ body, title, lang }) {
    document.body.replaceWith(body);
    document.title = title;
    document.documentElement.lang = lang;
    scrollTo({ top: 0, behavior: "instant" });
    offerPrinting();
    (document.querySelector("[data-begin]") ?? document.getElementById("main")).focus({ preventScroll: true });
  }

  function offerPrinting() {
    document.querySelectorAll("[data-print]").forEach((button) => (button.hidden = false));
  }

  async function ask(address, answers) {
    const response = await fetch(address, {
      method: "POST",
      headers: { "Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded" },
      body: answers,
    });
    if (!response.headers.get("Content-Type")?.startsWith("text/html")) throw new TypeError("no page");
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return { body: document.adoptNode(tame(page.body)), title: page.title, lang: page.documentElement.lang };
  }

  async function meanwhile(work) {
    if (waiting) return;
    waiting = true;
    document.body.setAttribute("aria-busy", "true");
    const asking = document.body;
    try {
      await work();
    } catch {
      document.querySelector(".offline").hidden = false;
      scrollTo({ top: 0, behavior: "instant" });
    } finally {
      asking.removeAttribute("aria-busy");
      waiting = false;
    }
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[action$='/interview']")) return;
    event.preventDefault();
    const answers = new URLSearchParams(new FormData(form));
    if (event.submitter?.name) answers.append(event.submitter.name, event.submitter.value);
    meanwhile(async () => {
      const page = await ask(form.action, answers.toString());
      keep();
      place += 1;
      history.pushState({ place }, "", form.action);
      show(page);
    });
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    event.preventDefault(); // a jump within a page is no step back to come
    const target = document.getElementById(link.hash.slice(1));
    target.focus();
    target.scrollIntoView({ block: target.matches("input") ? "center" : "start" });
  });

  addEventListener("popstate", ({ state }) => {
    keep();
    place = state?.place ?? 0;
    if (pages.has(place)) show(pages.get(place));
    else location.reload();
  });

  const anew = document.querySelector(".anew");
  if (anew && place > 0) anew.hidden = false;
  history.replaceState({ place }, "");
  offerPrinting();
})();
