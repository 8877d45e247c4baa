/** The style of the pages that the API serves itself, in the colours of the chat page. */
export const PAGE_CSS = `:root {
  color-scheme: light dark;
  --bg: light-dark(#ffffff, #17191a);
  --sunken: light-dark(#f7f7f5, #121414);
  --text: light-dark(#1a1d1f, #eceeee);
  --soft: light-dark(#565c61, #a9b0b3);
  --line: light-dark(#e5e5e0, #2b2f31);
  --accent: light-dark(#0b5c6d, #6cc5d6);
  --get: light-dark(#1c7d4d, #5cc48d);
  --post: light-dark(#0c6577, #6cc5d6);
  --change: light-dark(#8f5800, #e6b15c);
  --delete: light-dark(#b3261e, #f2867e);
  --mono: ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--bg); color: var(--text); font: 15px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
main { max-width: 34rem; margin: 18vh auto 0; padding: 0 1.25rem 3rem; }
main:not(.wide) h1 { font-size: 1.4rem; }
main.wide { margin: 0 auto; padding-bottom: 5rem; max-width: 76rem; display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 3rem; padding-top: 2.5rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
h1 { margin: 0 0 1rem; font-size: 1.75rem; line-height: 1.25; }
h2 { margin: 3.5rem 0 .75rem; padding-bottom: .4rem; border-bottom: 1px solid var(--line); font-size: 1.25rem; }
h3 { margin: 1.25rem 0 .4rem; color: var(--soft); font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; }
h1 small, .contents small { color: var(--soft); font-weight: 400; font-size: .8em; }
small { color: var(--soft); font-size: .85em; }
p { margin: .6rem 0; }
code { font: .88em/1.5 var(--mono); overflow-wrap: anywhere; }
p > code, td > code { padding: .1em .3em; border-radius: 4px; background: var(--sunken); }
.contents { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding: .4rem 0; font-size: .93rem; }
.contents strong { display: block; margin-bottom: .6rem; }
.contents a { display: flex; justify-content: space-between; padding: .22rem 0; color: var(--text); }
.contents .apart { margin-top: .75rem; padding-top: .75rem; border-top: 1px solid var(--line); }
.table { overflow-x: auto; margin: .6rem 0; border: 1px solid var(--line); border-radius: 8px; }
table { width: 100%; border-collapse: collapse; font-size: .92em; }
th, td { padding: .45rem .75rem; text-align: left; vertical-align: top; }
th { color: var(--soft); background: var(--sunken); font-weight: 500; }
tr + tr > *, tbody tr:first-child > * { border-top: 1px solid var(--line); }
td:first-child { width: 32%; }
details { margin: .5rem 0; border: 1px solid var(--line); border-radius: 10px; background: var(--bg); }
summary { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem .75rem; padding: .55rem .8rem; border-radius: 10px; cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary::after { content: ""; margin-left: auto; width: .45rem; height: .45rem; border: solid var(--soft); border-width: 0 1.5px 1.5px 0; transform: rotate(45deg); }
details[open] > summary::after { transform: rotate(-135deg); }
summary:hover { background: var(--sunken); }
summary span { color: var(--soft); }
details > div { padding: 0 .9rem .8rem; scroll-margin-top: 3.5rem; }
details.schema { margin: .35rem 0; }
.method { min-width: 4.3rem; padding: .1rem .45rem; border: 1px solid; border-radius: 6px; font: 600 .72rem/1.5 var(--mono); text-align: center; text-transform: uppercase; }
.get { color: var(--get); }
.post, .ws { color: var(--post); }
.patch, .put { color: var(--change); }
.delete { color: var(--delete); }
.access, .or { color: var(--soft); font-size: .92em; }
@media (max-width: 46rem) {
  main.wide { display: block; padding-top: 1.25rem; }
  .contents { position: static; display: flex; flex-wrap: wrap; gap: 0 1rem; margin-bottom: 1.5rem; padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
  .contents strong { width: 100%; }
  .contents a { gap: .35rem; }
  .contents .apart { margin: 0; padding-top: .22rem; border: 0; }
  th, td { padding: .4rem .55rem; }
  td:first-child { width: auto; }
  td:first-child code { overflow-wrap: normal; }
}
`;
