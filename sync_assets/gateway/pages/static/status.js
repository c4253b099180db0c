// Keeps the page up to date while a sync is watched. Without it, reloading does the same.

const LINES = 1000; // of the log that are kept; a browser does not like many more
const PATIENCE = 3000; // milliseconds; the server ends each stream now and then, to be asked anew

const log = document.getElementById("log");
const live = document.getElementById("sync-live");
const actions = document.getElementById("sync-actions");
const said = document.getElementById("said");
const lost = document.getElementById("lost");

/** The elements of a part of the page, which the server has made and escaped. */
function elements(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

/** Replaces only what has changed: a reader's place and what is selected stay elsewhere. */
function show(html) {
  const fresh = elements(html);
  const names = (root) => [...root.querySelectorAll("[data-part]")].map((one) => one.dataset.part);
  if (names(fresh).join() !== names(live).join()) {
    live.replaceChildren(fresh);
    return;
  }
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const old = live.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (old.outerHTML !== part.outerHTML) old.replaceWith(part);
  }
}

/** Offers what can be done now; who was on a button that goes is led to the one that comes. */
function offer(html) {
  const fresh = elements(html);
  if (actions.textContent.trim() === fresh.textContent.trim()) return;
  const had = actions.contains(document.activeElement);
  actions.replaceChildren(fresh);
  if (had) (actions.querySelector("a, button") ?? document.getElementById("sync")).focus();
}

function say(text) {
  if (said.textContent !== text) said.textContent = text;
}

/** Says that the page is behind; '' for no longer. */
function warn(text) {
  lost.textContent = text;
  lost.hidden = !text;
}

function follow(box) {
  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const toEnd = () => { if (box.checked) log.scrollTop = log.scrollHeight; };
  box.parentElement.hidden = false;
  box.addEventListener("change", toEnd);
  log.addEventListener("scroll", () => { box.checked = atEnd(); });
  toEnd();
  return toEnd;
}

/** What a sync's beginning and end change elsewhere on the page. */
async function refresh() {
  const address = new URL(location.href);
  for (const name of ["q", "closed", "cancelling"]) address.searchParams.delete(name);
  const answer = await fetch(address);
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["history", "queues", "budget"]) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (old && fresh && !old.contains(document.activeElement)) old.replaceWith(fresh);
  }
}

function watch(address, toEnd) {
  const events = new EventSource(address);
  let status = log.dataset.status;
  let patience = null;
  events.addEventListener("open", () => {
    clearTimeout(patience);
    patience = null;
    warn("");
  });
  events.addEventListener("progress", (event) => {
    const sync = JSON.parse(event.data);
    show(sync.live);
    offer(sync.actions);
    say(sync.said);
    if (status !== sync.status) refresh();
    status = sync.status;
  });
  events.addEventListener("log", (event) => {
    log.querySelector("li:not(.line)")?.remove();
    log.append(elements(JSON.parse(event.data)));
    while (log.children.length > LINES) log.firstElementChild.remove();
    toEnd();
  });
  events.addEventListener("end", () => events.close());
  events.addEventListener("error", () => {
    const over = events.readyState === EventSource.CLOSED; // signed out, or no such sync any more
    if (over) warn(lost.dataset.gone);
    else patience ??= setTimeout(() => warn(lost.dataset.lost), PATIENCE);
  });
}

if (log) {
  const toEnd = follow(document.querySelector("#log-follow input"));
  if (log.dataset.events) watch(log.dataset.events, toEnd);
}
