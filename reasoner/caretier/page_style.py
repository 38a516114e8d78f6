"""How a page that needs nothing else looks: on wide and narrow screens, in light and dark, and on paper."""

import hashlib
from base64 import b64encode
from html import escape

STYLE = """
:root {
  --ground: #f3f4f7; --paper: #ffffff; --ink: #1b2330; --muted: #525d6e; --line: #dde1e8; --link: #1a5a96;
  --wash: #f3f5f9; --good-ink: #14573a; --good: #e2f2e9; --warn-ink: #7a3c00; --warn: #fdeed8;
  --c1: #b0122b; --c2: #a84600; --c3: #7c5a00; --c4: #1d5f96; --c0: #1e6b48; --on: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10141a; --paper: #1a202a; --ink: #e8ecf2; --muted: #a7b1c0; --line: #323b49; --link: #8cc0f5;
    --wash: #222a36; --good-ink: #a5e3c1; --good: #173427; --warn-ink: #ffcf94; --warn: #40290b;
    --c1: #ff9aa5; --c2: #ffb37c; --c3: #eccb66; --c4: #93c7f7; --c0: #8fdab2; --on: #10141a;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.25rem; -webkit-text-size-adjust: 100%; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1, h2, h3, h4, h5, p, ul, ol, dl, dd { margin: 0; padding: 0; }
ul, ol { list-style: none; }
a { color: var(--link); text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .25rem; }
code { font: .86em ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem 1rem; z-index: 1; }

.top, .layout, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
.top { padding-top: 3rem; padding-bottom: 2rem; }
h1 { font-size: clamp(2rem, 5vw, 2.75rem); line-height: 1.1; letter-spacing: -.025em; }
.lede { margin-top: .9rem; max-width: 46rem; font-size: 1.1rem; color: var(--muted); }
.counts { display: flex; flex-wrap: wrap; gap: .4rem 2rem; margin-top: 1.5rem; color: var(--muted); }
.counts b { font-size: 1.35rem; color: var(--ink); font-variant-numeric: tabular-nums; margin-right: .15rem; }
.standing { margin-top: 1.5rem; padding: .8rem 1.1rem; border-radius: .6rem; border-left: .35rem solid; }
.standing strong { margin-right: .4rem; }
.standing.proven { background: var(--good); color: var(--good-ink); }
.standing.proposed { background: var(--warn); color: var(--warn-ink); }
.facts { margin-top: 1rem; font-size: .84rem; color: var(--muted); }
.facts div { display: flex; gap: .75rem; }
.facts dt { flex: 0 0 5.2rem; }
.facts dd { overflow-wrap: anywhere; font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; }

.badge {
  display: inline-flex; align-items: center; gap: .5em; padding: .22em .7em; border-radius: .45em;
  background: var(--c); color: var(--on); font-size: .82rem; font-weight: 650; line-height: 1.3; text-align: left;
}
.level-1 { --c: var(--c1); } .level-2 { --c: var(--c2); } .level-3 { --c: var(--c3); } .level-4 { --c: var(--c4); }
.calm { --c: var(--c0); } .refused { --c: var(--muted); }
.meter { display: inline-flex; align-items: flex-end; gap: 2px; height: .85em; flex: none; }
.meter i { width: 3px; height: 40%; background: currentColor; opacity: .4; border-radius: 1px; }
.meter i:nth-child(2) { height: 60%; } .meter i:nth-child(3) { height: 80%; } .meter i:nth-child(n+4) { height: 100%; }
.meter .on { opacity: 1; }

nav h2, .overview h2 { font-size: 1rem; letter-spacing: .01em; margin-bottom: .75rem; }
nav ol > li { margin-bottom: .9rem; }
nav ol ul { margin: .35rem 0 0 .35rem; padding-left: .85rem; border-left: 2px solid var(--line); }
nav ol ul li { padding: .15rem 0; font-size: .9rem; line-height: 1.4; }
nav .count { color: var(--muted); font-size: .8rem; white-space: nowrap; }
.plain { text-decoration: none; }
nav { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }

.overview { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; color: var(--muted); font-size: .88rem; padding-bottom: .6rem; }
th, td { padding: .5rem .6rem; border-top: 1px solid var(--line); text-align: center; vertical-align: middle; }
thead th { border-top: 0; vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 0; font-weight: 550; line-height: 1.35; min-width: 8rem; }
td a { display: inline-block; min-width: 2.2rem; padding: .1rem .4rem; font-weight: 650; }
td .none { color: var(--muted); }

.tier { margin-top: 3rem; }
.tier-head { border-top: .3rem solid var(--c); padding-top: 1.1rem; }
.tier-head h2 { line-height: 1.2; }
.tier-head .badge { font-size: 1.35rem; letter-spacing: -.01em; }
.tier-head p { margin-top: .7rem; max-width: 46rem; }
.condition { margin-top: 2rem; }
h3 { font-size: 1.25rem; letter-spacing: -.01em; line-height: 1.3; }
.definition { color: var(--muted); margin-top: .15rem; max-width: 46rem; }
article {
  margin-top: 1rem; background: var(--paper); border: 1px solid var(--line); border-left: .35rem solid var(--c);
  border-radius: 0 .75rem .75rem 0; padding: 1.25rem 1.4rem;
}
article:has(:target) { outline: 3px solid var(--link); outline-offset: 2px; }
h4 { font-size: 1.1rem; line-height: 1.35; }
.reason { margin-top: .3rem; max-width: 46rem; }
h5, .label {
  font-size: .8rem; font-weight: 650; line-height: inherit; letter-spacing: .03em; color: var(--muted);
  margin-bottom: .5rem;
}
.shown { margin-top: 1rem; background: var(--wash); border-radius: .55rem; padding: .9rem 1.1rem; }
.needs > li + li { margin-top: .6rem; padding-top: .6rem; border-top: 1px dashed var(--line); }
.needs > li > span:not(.rule)::first-letter { text-transform: uppercase; }
.needs > li > span { font-weight: 550; display: inline-block; }
.and, .or { color: var(--muted); font-weight: 650; font-size: .8rem; letter-spacing: .06em; text-transform: uppercase; }
.needs .and { margin-right: .3rem; }
.or { margin: .8rem 0; display: flex; align-items: center; gap: .8rem; }
.or::after { content: ""; flex: 1; border-top: 2px solid var(--line); }
.choice { margin-top: .35rem; columns: 17rem 2; column-gap: 2rem; }
.choice li { break-inside: avoid; padding: .1rem 0 .1rem 1.1rem; text-indent: -1.1rem; }
.choice li::before { content: "○"; display: inline-block; width: 1.1rem; text-indent: 0; color: var(--c); }
.ground { margin-top: 1rem; font-size: .9rem; }
.ground div { display: grid; grid-template-columns: 5.5rem 1fr; padding: .15rem 0; }
.ground dt { color: var(--muted); }
.ground dd { grid-column: 2; }
details { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: .8rem; font-size: .92rem; }
summary { cursor: pointer; color: var(--link); font-weight: 550; }
details h5 { margin: 1.1rem 0 .4rem; }
details p { margin-top: .7rem; }
.alone { border-top: 0; padding-top: 0; }
.group { margin-top: .6rem; padding-left: .9rem; border-left: 2px solid var(--line); }
.group + .group { margin-top: 1rem; }
.group p { margin: .2rem 0; }
.also { color: var(--muted); }
.moves div { display: grid; grid-template-columns: 13rem 1fr; gap: .3rem 1rem; padding: .35rem 0; align-items: start; }
.moves .badge { font-size: .76rem; }
.moves li { display: inline; }
.moves li:not(:last-child)::after { content: "; "; }
footer { margin-top: 3rem; padding-top: 1.5rem; padding-bottom: 3rem; color: var(--muted); font-size: .9rem; }

@media (min-width: 64rem) {
  .layout { display: grid; grid-template-columns: 18rem minmax(0, 1fr); gap: 2rem; align-items: start; }
  nav { position: sticky; top: 1.25rem; max-height: calc(100vh - 2.5rem); overflow-y: auto; }
}
@media (max-width: 63.99rem) { .overview { margin-top: 1.25rem; } }
@media (max-width: 34rem) {
  .top, .layout, footer { padding-left: 1rem; padding-right: 1rem; }
  article { padding: 1.1rem; }
  .moves div { grid-template-columns: 1fr; }
  .overview { padding: 1rem .9rem; }
  .overview table { font-size: .86rem; }
  .overview th, .overview td { padding-left: .2rem; padding-right: .2rem; }
  .overview th:first-child { padding-left: 0; min-width: 0; }
  .overview thead .badge { writing-mode: vertical-rl; transform: rotate(180deg); max-height: 10rem; }
  .overview thead .meter { display: none; }
  .ground div { grid-template-columns: 1fr; }
  .ground dd { grid-column: 1; }
}
@media print {
  :root {
    --ground: #ffffff; --paper: #ffffff; --ink: #000000; --muted: #444444; --line: #bbbbbb; --link: #000000;
    --wash: #ffffff; --good-ink: #000000; --good: #ffffff; --warn-ink: #000000; --warn: #ffffff;
    --c1: #b0122b; --c2: #a84600; --c3: #7c5a00; --c4: #1d5f96; --c0: #1e6b48; --on: #ffffff;
  }
  body { font-size: 10pt; }
  .skip { display: none; }
  .layout { display: block; }
  nav { position: static; max-height: none; }
  .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .tier { margin-top: 2rem; }
  .tier-head, h3, h4, h5, .definition, .reason { break-after: avoid; }
  .tier-head, .reason, .shown, .ground, .group, tr { break-inside: avoid; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; color: inherit; }
}
"""


def head(title: str, style: str, allowed: str) -> str:
    """Begin a page, up to its body; `allowed` is its Content-Security-Policy."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{allowed}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{style}</style>
</head>"""


def policy(style: str) -> str:
    """Write the Content-Security-Policy of a page that is whole in itself: it may use this style, and nothing else."""
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'"
