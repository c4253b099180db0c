"""Debian's Chromium in front of the pages, and what it is asked about them."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PATIENCE = 30_000.0
"""Milliseconds for what a machine with other work may take."""


@contextmanager
def browser() -> Generator[Browser]:
    """A browser without a window."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        ) as chromium,
    ):
        yield chromium


@contextmanager
def person(chromium: Browser, url: str, **likes: Any) -> Generator[BrowserContext]:
    """Somebody's browser, with a language, colours and a size of their own."""
    wishes: Any = {"locale": "en-US", "viewport": {"width": 1200, "height": 900}, **likes}
    with chromium.new_context(base_url=url, **wishes) as context:
        context.set_default_timeout(PATIENCE)
        yield context


def sign_in(page: Page, tenant: str, key: str) -> None:
    """Through the door."""
    page.goto(f"/t/{tenant}")
    page.locator("#key").fill(key)
    page.locator("main button").click()
    page.wait_for_url(f"**/t/{tenant}")


def tab_to(page: Page, selector: str) -> None:
    """Go there by the keyboard; on the way, where one is can be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(_SEEN), page.evaluate("document.activeElement.outerHTML")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached by the keyboard")


def wider_than_its_window(page: Page) -> bool:
    """Does the page scroll sideways?"""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def faint(page: Page) -> list[str]:
    """Texts whose contrast with their ground is below 4.5 (WCAG AA)."""
    return page.evaluate(_FAINT)


def unlabelled(page: Page) -> list[str]:
    """What assistive programs could not tell people about the page."""
    return page.evaluate(_UNLABELLED)


_SEEN = """() => {
  const here = document.activeElement;
  const around = [here, here.closest('label')].filter(Boolean).map((one) => getComputedStyle(one));
  const box = here.getBoundingClientRect();
  const wide = (one) => one.outlineStyle !== 'none' && parseFloat(one.outlineWidth) >= 2;
  return around.some(wide) && box.width > 0 && box.height > 0;
}"""

_FAINT = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const read = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([red, green, blue]) => {
    const [r, g, b] = [red, green, blue].map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = read(getComputedStyle(one).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest('.unseen, .skip, progress, noscript, option')) continue;
    const [one, other] = [light(read(getComputedStyle(element).color)), light(ground(element))];
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${texts.currentNode.data.trim()}`);
  }
  return found;
}"""

_UNLABELLED = """() => {
  const found = [];
  const all = (selector) => [...document.querySelectorAll(selector)];
  const missing = (element, why) => found.push(`${why}: ${element.outerHTML.slice(0, 120)}`);
  for (const one of all('input:not([type=hidden], [hidden]), select'))
    if (![...one.labels].some((label) => label.innerText.trim())) missing(one, 'no label');
  for (const one of all('button, a[href]'))
    if (!(one.innerText.trim() || one.ariaLabel)) missing(one, 'no name');
  for (const one of all('img')) if (!one.hasAttribute('alt')) missing(one, 'no alt');
  for (const one of all('svg:not([aria-hidden=true])')) missing(one, 'heard');
  for (const one of all('progress, section, nav, table, [role=log], fieldset')) {
    const ids = (one.getAttribute('aria-labelledby') ?? '').split(' ').filter(Boolean);
    const named = ids.length > 0 && ids.every((id) => document.getElementById(id));
    if (!named && !one.ariaLabel && !one.querySelector('legend')) missing(one, 'no name');
  }
  for (const one of all('[aria-describedby]'))
    for (const id of one.getAttribute('aria-describedby').split(' '))
      if (!document.getElementById(id)) missing(one, 'describes itself by nothing');
  const ids = all('[id]').map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`twice: ${id}`);
  for (const one of all('[tabindex]')) if (one.tabIndex > 0) missing(one, 'jumps the queue');
  for (const one of all('th')) if (!one.scope) missing(one, 'no scope');
  const levels = all('h1, h2, h3, h4').map((one) => Number(one.tagName[1]));
  if (levels.filter((level) => level === 1).length !== 1) found.push('not one h1');
  levels.forEach((level, at) => {
    if (at && level > levels[at - 1] + 1) found.push(`h${level} too deep`);
  });
  if (all('main').length !== 1) found.push('not one main');
  if (!document.documentElement.lang) found.push('no language');
  return found;
}"""
